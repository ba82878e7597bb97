// A woman takes another name: one notice at a counter, and what carried the
// old name ends or waits, until she says which account is hers.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/error.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/identity/v1/cards.grpc.pb.h"
#include "psm/residents/v1/notices.grpc.pb.h"
#include "services/story/await.h"
#include "services/story/followers.h"
#include "services/story/scenes.h"
#include "services/story/town.h"

namespace psm::story {
namespace {

using accounts::v1::AccountsService;
using accounts::v1::Registration;
using benefits::v1::BenefitsService;
using identity::v1::CardCertificate;
using identity::v1::CardsService;
using residents::v1::NoticesService;

constexpr char kWife[] = "hanako";
constexpr char kNewName[] = "雨宮　花子";
constexpr char kNewKana[] = "アマミヤ　ハナコ";

constexpr char kSigning[] = "署名用 (signature)";
constexpr char kSigningIn[] = "利用者証明用 (sign-in)";

// The kinds of her certificates that are in force, sorted.
std::string CertificatesInForce(Stage& stage, const std::string& wife) {
  identity::v1::ListCertificatesRequest request;
  request.set_subject(wife);
  const auto listed = stage.terminal.Call(&CardsService::Stub::ListCertificates,
                                          {"own-request"}, request);
  std::vector<std::string> kinds;
  for (const CardCertificate& certificate : listed->certificates()) {
    if (!certificate.has_revoke_time())
      kinds.push_back(certificate.kind() == CardCertificate::SIGNATURE
                          ? kSigning
                          : kSigningIn);
  }
  std::sort(kinds.begin(), kinds.end());
  return listed.status.ok() ? absl::StrJoin(kinds, ", ")
                            : ReasonOf(listed.status);
}

Reply<accounts::v1::GetRegistrationResponse> RegistrationOf(
    Stage& stage, const std::string& wife) {
  accounts::v1::GetRegistrationRequest request;
  request.set_subject(wife);
  return stage.terminal.Call(&AccountsService::Stub::GetRegistration,
                             {"account-registration"}, request);
}

Reply<benefits::v1::StartApplicationResponse> Apply(Stage& stage,
                                                    const std::string& wife) {
  benefits::v1::StartApplicationRequest request;
  request.set_subject(wife);
  request.set_programme("tax-exempt-2026");
  return stage.terminal.Call(&BenefitsService::Stub::StartApplication,
                             {"own-request"}, request);
}

// She confirms: it is paid into the account under the new name, unless it was
// paid in another story.
void TellPaid(Stage& stage, const std::string& wife,
              const std::string& application) {
  Narrator& narrator = stage.narrator;
  benefits::v1::ConfirmApplicationRequest confirm;
  confirm.set_subject(wife);
  confirm.set_application_id(application);
  const auto decided = stage.terminal.Call(
      &BenefitsService::Stub::ConfirmApplication, {"own-request"}, confirm);
  if (!narrator.Succeeded(decided.status, "She reads it and confirms")) return;
  stage.expected.push_back(
      {.persona = kWife, .exchange_id = decided.exchange_id});
  const std::string rule =
      absl::StrCat(decided->rule_ja(), " (", decided->rule_en(), ")");
  if (absl::StrContains(decided->rule_en(), "paid once")) {
    narrator.Step(true,
                  absl::StrCat("She was granted it in another story, and it is "
                               "paid once: ",
                               rule));
    return;
  }
  narrator.Step(decided->decision() ==
                        benefits::v1::ConfirmApplicationResponse::GRANTED &&
                    !decided->payment_file().empty(),
                absl::StrCat("Granted: ", decided->amount_yen(),
                             "円, in the payment file to the account of ",
                             kNewKana, ". ", rule));
}

void TellWaitingBenefit(Stage& stage, const std::string& wife) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("止まった給付", "What waits, and what would make it pass");
  narrator.Step(
      Await([&] {
        return RegistrationOf(stage, wife)->registration().hold() ==
               Registration::NAME_CHANGED;
      }),
      "Her account carries the old name. The registry asks nobody whether it "
      "still fits: it waits");
  const auto application = Apply(stage, wife);
  narrator.Refused(application.status, "EVIDENCE_MISSING",
                   "She applies for the benefit: it cannot be granted without "
                   "an account");
  stage.expected.push_back({.persona = kWife,
                            .consumer = "akatsuki/benefits",
                            .provider = "accounts/accounts",
                            .reason = "ACCOUNT_UNCONFIRMED"});
  accounts::v1::ConfirmAccountRequest confirm;
  confirm.set_subject(wife);
  confirm.set_etag(RegistrationOf(stage, wife)->etag());
  const auto confirms = [&] {
    return stage.terminal.Call(&AccountsService::Stub::ConfirmAccount,
                               {"account-registration"}, confirm);
  };
  narrator.Refused(confirms().status, "HOLDER_MISMATCH",
                   "She says that the account is still hers. The bank writes "
                   "its holder with the old name: refused");
  confirm.set_holder_kana(kNewKana);
  const auto confirmed = confirms();
  if (!narrator.Succeeded(
          confirmed.status,
          absl::StrCat("The bank has changed the holder to ", kNewKana,
                       ". Identity gives accounts her kana, and nothing else: "
                       "confirmed")))
    return;
  stage.expected.push_back(
      {.persona = kWife, .exchange_id = confirmed.exchange_id});
  const auto again = Apply(stage, wife);
  narrator.Succeeded(again.status,
                     "She applies again: the form comes filled in");
  for (const auto& field : again->fields()) {
    if (field.value().empty() && field.value_ja().empty()) continue;
    if (field.provider() != "accounts/accounts" && field.member() != 0)
      continue;
    narrator.Fact(absl::StrCat(
        field.field().label_ja(), ": ",
        field.value_ja().empty() ? field.value() : field.value_ja(), "  (",
        field.provider(), ")"));
  }
  TellPaid(stage, wife, again->application_id());
}

}  // namespace

void ANewName(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("氏名の変更", "A new name");
  if (!AwaitFollowers(stage)) return;
  const std::string wife = SignIn(stage, kWife);
  if (wife.empty()) return;
  const std::string town = TownOf(stage, kWife);
  const auto household = HouseholdAt(stage, town, kWife);
  const residents::v1::Member* before =
      FindMember(household.message, stage.CodeOf(kWife, town));
  if (before != nullptr && before->kana() == kNewKana) {
    narrator.Step(true,
                  "She has married already, when the story was told before");
    const auto registration = RegistrationOf(stage, wife);
    narrator.Step(
        registration.status.ok() && registration->registration().hold() ==
                                        Registration::HOLD_UNSPECIFIED,
        "Her account is confirmed under the new name");
    stage.expected.push_back(
        {.persona = kWife, .exchange_id = registration.exchange_id});
    return;
  }
  narrator.Fact(absl::StrCat("certificates of her card in force: ",
                             CertificatesInForce(stage, wife)));
  residents::v1::RegisterNameChangeRequest change;
  change.set_etag(household->etag());
  change.set_change_date(Day(stage));
  change.set_name(kNewName);
  change.set_kana(kNewKana);
  const auto enters = [&](const std::string& by) {
    change.set_subject(stage.CodeOf(kWife, by));
    return stage.CallerOf(by + "/counter")
        .Call(&NoticesService::Stub::RegisterNameChange,
              {.affair = "resident-register", .provider = town + "/residents"},
              change);
  };
  narrator.Refused(
      enters(OtherTown(town)).status, "NO_AGREEMENT",
      absl::StrCat("A clerk of ", NameOfAgency(stage, OtherTown(town)),
                   " says that she has another name: refused"));
  const auto entered = enters(town);
  if (!narrator.Succeeded(
          entered.status,
          absl::StrCat("Hanako marries and is ", kNewName, " from today on: ",
                       NameOfAgency(stage, town), " enters it, once")))
    return;
  stage.expected.push_back(
      {.persona = kWife, .exchange_id = entered.exchange_id});
  TellWhoHears(stage, kWife, "name_changed");
  narrator.Step(
      Await([&] { return CertificatesInForce(stage, wife) == kSigningIn; }),
      "Her signature certificate named her by the old name: revoked. The one "
      "she signs in with names nobody, and stays");
  TellWaitingBenefit(stage, wife);
}

}  // namespace psm::story
