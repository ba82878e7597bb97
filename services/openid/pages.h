// The provider's pages: plain HTML, no script, in the person's language, each
// with the notice that this is an unofficial prototype in both.
#ifndef PSM_SERVICES_OPENID_PAGES_H_
#define PSM_SERVICES_OPENID_PAGES_H_

#include <string>

#include "services/openid/http.h"
#include "services/openid/interactions.h"
#include "services/openid/profile.h"

namespace psm::openid {

// The one style sheet.
inline constexpr char kStylePath[] = "/style.css";
HttpAnswer StyleSheet();

// A page around `body`. Its headers: a Content-Security-Policy that allows the
// style sheet and forms to this provider (and to `form_target`, an origin, to
// which an answer to a form may lead on), nothing else and no frame; no cache;
// no referrer to anybody else. `head` goes into the head.
HttpAnswer Page(int status, const Profile& profile, Language language,
                const BothTexts& title, const Html& body,
                const std::string& form_target = "", const Html& head = Html());

// The sign-in method's form for one interaction.
HttpAnswer SignInPage(const Profile& profile, const Interaction& interaction,
                      const Ticket& ticket, const SignInForm& form);

// Who wants to learn what: each scope but `openid` can be left out (a box named
// `scope.<id>`, ticked at first), and all of it refused.
HttpAnswer ConsentPage(const Profile& profile, const Interaction& interaction,
                       const Ticket& ticket);

inline constexpr char kOpenIdScope[] = "openid";
// The name of a scope's box on the consent page.
std::string BoxOf(const std::string& scope);

// What went wrong, for the person; `detail`, which may be empty, for whoever
// develops the relying party.
HttpAnswer ErrorPage(int status, const Profile& profile, Language language,
                     const BothTexts& what, const std::string& detail);

// That the sign-in has ended.
HttpAnswer SignedOutPage(const Profile& profile, Language language);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_PAGES_H_
