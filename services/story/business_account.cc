#include "services/story/business_account.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/crypto/base32.h"
#include "mesh/crypto/digest.h"
#include "psm/gbizid/v1/accounts_service.grpc.pb.h"
#include "psm/gbizid/v1/delegation.grpc.pb.h"
#include "psm/gbizid/v1/prime_service.grpc.pb.h"
#include "psm/grants/v1/grants.grpc.pb.h"
#include "services/gbizid/one_time_password.h"
#include "services/story/await.h"

namespace psm::story {
namespace {

using gbizid::v1::Account;
using gbizid::v1::AccountsService;
using gbizid::v1::ActingService;
using gbizid::v1::PrimeApplication;
using gbizid::v1::PrimeService;

// Of every account in the stories.
constexpr char kDemoPassword[] = "an unofficial prototype";

std::string Secret(absl::string_view mail) {
  return absl::StrCat("app-secret:", mail);
}
std::string LastStep(absl::string_view mail) {
  return absl::StrCat("app-step:", mail);
}

std::string Code(const Notebook& notebook, const std::string& mail,
                 std::int64_t step) {
  const std::optional<std::string> secret =
      Base32Decode(absl::AsciiStrToLower(notebook.Get(Secret(mail))));
  return secret ? gbizid::OneTimePassword(*secret, step) : "";
}

// Each password of the app is good once: the next one that was not used. It is
// taken one step (30 s) early at most, and waited for where it is later.
std::int64_t NextStep(const Stage& stage, const Notebook& notebook,
                      const std::string& mail) {
  std::int64_t last = 0;
  if (!absl::SimpleAtoi(notebook.Get(LastStep(mail)), &last)) last = 0;
  const auto now = [&stage] {
    return gbizid::OneTimeStepOf(stage.clock.Now());
  };
  const std::int64_t next = std::max(last + 1, now());
  Await([&] { return next <= now() + 1; }, 2 * gbizid::kOneTimeStep);
  return next;
}

gbizid::v1::SignInRequest SignInWith(const Notebook& notebook,
                                     const std::string& mail,
                                     std::int64_t step) {
  gbizid::v1::SignInRequest request;
  request.set_mail(mail);
  request.set_password(kDemoPassword);
  request.set_one_time_password(Code(notebook, mail, step));
  request.set_blind(SystemRandom().Bytes(16));
  return request;
}

bool Open(Stage& stage, Notebook& notebook, const std::string& name,
          const std::string& number, const std::string& mail) {
  if (!notebook.Get(Secret(mail)).empty()) return true;
  gbizid::v1::OpenEntryRequest request;
  request.set_corporate_number(number);
  request.set_mail(mail);
  request.set_password(kDemoPassword);
  request.set_blind(SystemRandom().Bytes(16));
  const auto opened =
      AtGbizid(stage, &AccountsService::Stub::OpenEntry, request);
  return stage.narrator.Succeeded(
             opened.status,
             absl::StrCat(name,
                          " opens an account at gbizid for the corporate "
                          "number ",
                          number,
                          ": a password, and an app for one-time passwords")) &&
         stage.narrator.Succeeded(
             notebook.Set(Secret(mail), opened->one_time_secret()),
             "The app keeps its secret on the holder's own machine");
}

// Its application to be a Prime, `way`.
Reply<gbizid::v1::ApplyForPrimeResponse> Apply(Stage& stage,
                                               const BusinessAccount& business,
                                               PrimeApplication::Way way) {
  gbizid::v1::ApplyForPrimeRequest request;
  request.set_session(business.session);
  request.set_corporate_number(business.number);
  request.set_way(way);
  if (way == PrimeApplication::DOCUMENTS) {
    gbizid::v1::Document& paper = *request.add_documents();
    paper.set_name("印鑑証明書");
    paper.set_sha256(std::string(64, 'a'));
  }
  return AtGbizid(stage, &PrimeService::Stub::ApplyForPrime, request);
}

}  // namespace

BusinessAccount SignInBusiness(Stage& stage, Notebook& notebook,
                               const std::string& name,
                               const std::string& number,
                               const std::string& mail) {
  BusinessAccount business{number, mail, "", {}};
  if (!Open(stage, notebook, name, number, mail)) return business;
  const std::int64_t step = NextStep(stage, notebook, mail);
  const auto old = AtGbizid(stage, &AccountsService::Stub::SignIn,
                            SignInWith(notebook, mail, step - 10));
  stage.narrator.Refused(old.status, "SIGN_IN_REFUSED",
                         "The right password with a one-time password of five "
                         "minutes ago: refused");
  const auto entered = AtGbizid(stage, &AccountsService::Stub::SignIn,
                                SignInWith(notebook, mail, step));
  if (stage.narrator.Succeeded(
          entered.status, absl::StrCat("With the one that the app shows now: ",
                                       name, " is signed in")) &&
      stage.narrator.Succeeded(notebook.Set(LastStep(mail), absl::StrCat(step)),
                               "That one-time password is used up")) {
    business.session = entered->session();
    business.account = entered->account();
  }
  return business;
}

bool BecomePrimeByCard(Stage& stage, BusinessAccount& business,
                       const std::string& representative) {
  Narrator& narrator = stage.narrator;
  if (business.account.type() == Account::PRIME) {
    return narrator.Step(
        true, absl::StrCat(business.account.name(), " was identified before"));
  }
  const auto applied = Apply(stage, business, PrimeApplication::CARD);
  if (!narrator.Succeeded(applied.status,
                          "Who acts for a business must be identified: its "
                          "representative shows a card"))
    return false;
  gbizid::v1::ApproveByCardRequest show;
  show.set_subject(SignIn(stage, representative));
  show.set_session(business.session);
  show.set_corporate_number(business.number);
  show.set_application_id(applied->application().application_id());
  const auto shown = AtGbizid(stage, &PrimeService::Stub::ApproveByCard, show);
  if (!narrator.Succeeded(
          shown.status,
          absl::StrCat("The name that identity gives is the registered "
                       "representative's: a Prime account of ",
                       shown->account().name())))
    return false;
  business.account = shown->account();
  stage.expected.push_back(
      {.persona = "kakuu", .exchange_id = shown.exchange_id});
  return true;
}

bool BecomePrimeByDocuments(Stage& stage, BusinessAccount& business) {
  Narrator& narrator = stage.narrator;
  if (business.account.type() == Account::PRIME) {
    return narrator.Step(
        true, absl::StrCat(business.account.name(), " was identified before"));
  }
  const auto applied = Apply(stage, business, PrimeApplication::DOCUMENTS);
  if (!narrator.Succeeded(applied.status, "The delegate applies by documents"))
    return false;
  gbizid::v1::DecideApplicationRequest decide;
  decide.set_corporate_number(business.number);
  decide.set_application_id(applied->application().application_id());
  decide.set_etag(applied->application().etag());
  decide.set_approve(true);
  const auto decided = stage.CallerOf("gbizid/desk")
                           .Call(&PrimeService::Stub::DecideApplication,
                                 {.affair = "business-account"}, decide);
  gbizid::v1::GetAccountRequest read;
  read.set_session(business.session);
  const auto account =
      AtGbizid(stage, &AccountsService::Stub::GetAccount, read);
  business.account = account->account();
  return narrator.Step(
      decided.status.ok() && business.account.type() == Account::PRIME,
      absl::StrCat("An officer has seen them: a Prime account "
                   "of ",
                   business.account.name()));
}

std::string EnterGrants(Stage& stage, const BusinessAccount& business,
                        const std::string& name) {
  gbizid::v1::IssueTicketRequest issue;
  issue.set_session(business.session);
  issue.set_relying_service(kGrants);
  const auto ticket = AtGbizid(stage, &ActingService::Stub::IssueTicket, issue);
  grants::v1::SignInRequest enter;
  enter.set_ticket(ticket->ticket());
  const auto entered =
      stage.terminal.Call(&grants::v1::GrantsService::Stub::SignIn,
                          {.affair = "business-subsidy"}, enter);
  stage.narrator.Succeeded(
      entered.status,
      absl::StrCat(name,
                   " goes over to the subsidies office with a ticket of "
                   "gbizid, which sees neither password nor card"));
  return entered->session();
}

}  // namespace psm::story
