// A business at its account's counter: gbizid as its holder uses it, with a
// password and an authenticator app.
#ifndef PSM_SERVICES_STORY_BUSINESS_ACCOUNT_H_
#define PSM_SERVICES_STORY_BUSINESS_ACCOUNT_H_

#include <string>

#include "psm/gbizid/v1/account.pb.h"
#include "services/story/notebook.h"
#include "services/story/stage.h"

namespace psm::story {

inline constexpr char kGrants[] = "grants/grants";

// Who is signed in at gbizid.
struct BusinessAccount {
  std::string number;  // corporate number
  std::string mail;
  std::string session;  // empty where it failed, which is narrated
  gbizid::v1::Account account;
};

// A call at the business's own terminal, about accounts.
template <typename Method, typename Request>
auto AtGbizid(Stage& stage, Method method, const Request& request) {
  return stage.terminal.Call(method, {.affair = "business-account"}, request);
}

// Opens the account where the notebook has none of this mail address, and signs
// in with the password and what the app shows. `name` is what the story calls
// the business.
BusinessAccount SignInBusiness(Stage& stage, Notebook& notebook,
                               const std::string& name,
                               const std::string& number,
                               const std::string& mail);

// A Prime already, or made one: by the card of `representative`, a persona.
bool BecomePrimeByCard(Stage& stage, BusinessAccount& business,
                       const std::string& representative);
// The same by documents, which an officer at gbizid/desk looks at.
bool BecomePrimeByDocuments(Stage& stage, BusinessAccount& business);

// Goes over to grants, with a ticket of gbizid. The session there; empty where
// it failed, which is narrated.
std::string EnterGrants(Stage& stage, const BusinessAccount& business,
                        const std::string& name);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_BUSINESS_ACCOUNT_H_
