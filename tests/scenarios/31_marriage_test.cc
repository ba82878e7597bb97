// 31. A woman takes another name: one notice at a counter, and whoever must
// know hears of it, each under its own law.
#include <string>
#include <utility>
#include <vector>

#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "tests/scenarios/lives.h"

namespace psm::testing {
namespace {

using benefits::v1::BenefitsService;
using Decision = benefits::v1::ConfirmApplicationResponse;

constexpr char kAccountAffair[] = "account-registration";
constexpr char kNewKana[] = "アマミヤ　ハナコ";

class Marriage : public Lives {
 protected:
  static auto Marry(const std::string& counter, const std::string& town) {
    const auto household = Household(town, "hanako");
    residents::v1::RegisterNameChangeRequest request;
    request.set_subject(
        mesh().Person("hanako").CodeAt(counter.substr(0, counter.find('/'))));
    request.set_etag(household->etag());
    request.set_change_date(Today());
    request.set_name("雨宮　花子");
    request.set_kana(kNewKana);
    return mesh().Client(counter).Call(
        &residents::v1::NoticesService::Stub::RegisterNameChange,
        {.affair = "resident-register", .provider = town + "/residents"},
        request);
  }
  static auto Apply() {
    benefits::v1::StartApplicationRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    request.set_programme("tax-exempt-2026");
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::StartApplication, {.affair = "own-request"},
        request);
  }
  static auto ConfirmForm(const std::string& application_id) {
    benefits::v1::ConfirmApplicationRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    request.set_application_id(application_id);
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::ConfirmApplication, {.affair = "own-request"},
        request);
  }
  static auto ConfirmAccount(const std::string& holder,
                             const std::string& etag) {
    accounts::v1::ConfirmAccountRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    request.set_etag(etag);
    request.set_holder_kana(holder);
    return mesh().Client(kTerminal).Call(
        &accounts::v1::AccountsService::Stub::ConfirmAccount,
        {.affair = kAccountAffair}, request);
  }
  static auto Registrations() {
    accounts::v1::ListRegistrationsRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    return mesh().Client(kTerminal).Call(
        &accounts::v1::AccountsService::Stub::ListRegistrations,
        {.affair = kAccountAffair}, request);
  }
  static auto Registration() {
    accounts::v1::GetRegistrationRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    return mesh().Client(kTerminal).Call(
        &accounts::v1::AccountsService::Stub::GetRegistration,
        {.affair = kAccountAffair}, request);
  }
};

TEST_F(Marriage, ANewNameEndsWhatCarriedTheOldOne) {
  // A clerk of another town, a tax office: nobody else's word counts.
  EXPECT_EQ(ReasonOf(Marry("yunagi/counter", "akatsuki").status),
            "NO_AGREEMENT");
  EXPECT_EQ(InForce("hanako"), "AUTHENTICATION SIGNATURE");
  ASSERT_EQ(Unpaid("hanako"), "");
  const auto old_form = Apply();
  ASSERT_TRUE(old_form.status.ok()) << old_form.status;

  const auto married = Marry("akatsuki/counter", "akatsuki");
  ASSERT_TRUE(married.status.ok()) << married.status;

  // Told to both, once, each under an agreement of its own.
  for (const char* consumer : {"identity/identity", "accounts/accounts"}) {
    const auto told = mesh().AwaitRecords({.consumer = consumer,
                                           .provider = "akatsuki/residents",
                                           .method = "Subscribe",
                                           .person = "hanako",
                                           .kind = Record::EXCHANGE});
    ASSERT_TRUE(told.ok()) << told.status();
    ASSERT_EQ(told->size(), 1u) << consumer;
    EXPECT_EQ(Released(told->front()),
              std::vector<std::string>{"name_changed"});
  }

  // The signature certificate names her by the old name, the other nobody.
  EXPECT_TRUE(Await([] { return InForce("hanako") == "AUTHENTICATION"; }));
  // What identity gives of her is what the register has.
  EXPECT_TRUE(Await([] { return KanaOf("hanako") == kNewKana; }))
      << KanaOf("hanako");

  // The office cannot pay, and is told why; she cannot be robbed by delay.
  EXPECT_TRUE(Await([] { return Unpaid("hanako") == "ACCOUNT_UNCONFIRMED"; }));
  EXPECT_EQ(ReasonOf(Apply().status), "EVIDENCE_MISSING");
  // Nor on a form from before.
  EXPECT_EQ(ReasonOf(ConfirmForm(old_form->application_id()).status),
            "ACCOUNT_CHANGED");

  // The bank has the old name still: that is no confirmation.
  const auto held = Registration();
  ASSERT_TRUE(held.status.ok()) << held.status;
  EXPECT_EQ(held->registration().hold(),
            accounts::v1::Registration::NAME_CHANGED);
  EXPECT_EQ(ReasonOf(ConfirmAccount("", held->etag()).status),
            "HOLDER_MISMATCH");
  EXPECT_EQ(Unpaid("hanako"), "ACCOUNT_UNCONFIRMED");
  // It has changed the name.
  const auto confirmed = ConfirmAccount(kNewKana, held->etag());
  ASSERT_TRUE(confirmed.status.ok()) << confirmed.status;
  EXPECT_EQ(Unpaid("hanako"), "");
  // She reads what it was before, why it waited and that it was confirmed.
  const auto kept = Registrations();
  ASSERT_TRUE(kept.status.ok()) << kept.status;
  ASSERT_EQ(kept->registrations_size(), 2);
  const auto& [now, then] =
      std::pair(kept->registrations(0), kept->registrations(1));
  EXPECT_EQ(now.account().holder_kana(), "ｱﾏﾐﾔ ﾊﾅｺ");
  EXPECT_EQ(now.hold(), accounts::v1::Registration::HOLD_UNSPECIFIED);
  EXPECT_EQ(then.account().holder_kana(),
            held->registration().account().holder_kana());
  EXPECT_EQ(then.hold(), accounts::v1::Registration::NAME_CHANGED);
  EXPECT_EQ(then.end(), accounts::v1::Registration::CONFIRMED);

  EXPECT_EQ(ReasonOf(ConfirmForm(old_form->application_id()).status),
            "ACCOUNT_CHANGED");
  const auto form = Apply();
  ASSERT_TRUE(form.status.ok()) << form.status;
  const auto decision = ConfirmForm(form->application_id());
  ASSERT_TRUE(decision.status.ok()) << decision.status;
  EXPECT_EQ(decision->decision(), Decision::GRANTED);

  // Her history says who was told, and why nothing was paid.
  identity::v1::ListHistoryRequest request;
  request.set_subject(mesh().Person("hanako").CodeAt("portal"));
  request.set_page_size(100);
  const auto history = mesh().Client(kTerminal).Call(
      &identity::v1::HistoryService::Stub::ListHistory,
      {.affair = "own-request"}, request);
  ASSERT_TRUE(history.status.ok()) << history.status;
  bool identity_told = false, accounts_told = false, why = false;
  for (const Record& record : history->records()) {
    const bool event =
        Released(record) == std::vector<std::string>{"name_changed"};
    identity_told |= event && record.consumer() == "identity/identity";
    accounts_told |= event && record.consumer() == "accounts/accounts";
    why |= record.consumer() == kBenefits &&
           record.reason() == "ACCOUNT_UNCONFIRMED";
  }
  EXPECT_TRUE(identity_told);
  EXPECT_TRUE(accounts_told);
  EXPECT_TRUE(why);
}

}  // namespace
}  // namespace psm::testing
