#include "services/accounts/holder_events.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/accounts/accounts_service.h"

namespace psm {
namespace {

using accounts::v1::Account;
using accounts::v1::AccountChange;
using accounts::v1::Registration;

// Knows everybody by the name that identity has now.
class NamesOfToday : public PersonNames {
 public:
  absl::StatusOr<std::string> KanaOf(const agency::CallContext&,
                                     absl::string_view) override {
    return kana;
  }
  std::string kana = "ヤマダ　ハナコ";
};

class HolderEventsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(Register("ﾔﾏﾀﾞﾊﾅｺ"), ""); }

  // Each call a second after the one before.
  agency::CallContext NewCall() {
    clock_.Advance(absl::Seconds(1));
    agency::CallContext call;
    call.consumer = "portal/terminal";
    call.exchange_id =
        absl::StrCat("00000000-0000-4000-8000-", 100000000000 + ++calls_);
    return call;
  }
  std::string Register(const std::string& holder) {
    agency::FakeCall call("portal/terminal", "account-registration",
                          {"account"}, NewCall().exchange_id);
    accounts::v1::RegisterAccountRequest request;
    request.set_subject("A");
    Account& account = *request.mutable_account();
    account.set_bank_code("9990");
    account.set_branch_code("001");
    account.set_type(Account::ORDINARY);
    account.set_number("7654321");
    account.set_holder_kana(holder);
    accounts::v1::RegisterAccountResponse response;
    return ReasonOf(agency::FromGrpc(
        service_.RegisterAccount(call.context(), &request, &response)));
  }
  std::string Confirm(const std::string& etag, const std::string& holder = "",
                      const std::string& exchange_id = "") {
    agency::FakeCall call(
        "portal/terminal", "account-registration", {"account"},
        exchange_id.empty() ? NewCall().exchange_id : exchange_id);
    accounts::v1::ConfirmAccountRequest request;
    request.set_subject("A");
    request.set_etag(etag);
    request.set_holder_kana(holder);
    accounts::v1::ConfirmAccountResponse response;
    const std::string reason = ReasonOf(agency::FromGrpc(
        service_.ConfirmAccount(call.context(), &request, &response)));
    if (reason.empty()) {
      EXPECT_EQ(response.etag(), Present().etag());
    }
    return reason;
  }
  void Hear(const std::string& type, const std::string& date = "",
            const std::string& subject = "A") {
    agency::LifeEvent event;
    event.type = type;
    event.subject = subject;
    event.effective_date = date;
    event.publish_time = clock_.Now();
    ASSERT_TRUE(database_
                    ->Write([&](soci::session& sql) {
                      return TakeHoldersEvent(sql, event, clock_.Now());
                    })
                    .ok());
  }
  accounts::v1::GetRegistrationResponse Present() {
    return *accounts_.FindRegistration("A");
  }
  // Why nothing is paid; "" where something is.
  std::string Unpaid() { return ReasonOf(accounts_.Find("A").status()); }

  ManualClock clock_{absl::FromUnixSeconds(1'780'000'000)};
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("accounts.sqlite"), AccountRegister::Migrations());
  AccountRegister accounts_{database_.get()};
  NamesOfToday names_;
  AccountHistory history_{database_.get()};
  BankList banks_;
  AccountsService service_{{&accounts_, &history_, &names_, &banks_, &clock_}};
  int calls_ = 0;
};

TEST_F(HolderEventsTest, AnotherNameStopsPaymentUntilThePersonConfirms) {
  const std::string before = Present().etag();
  Hear("name_changed");
  names_.kana = "アマミヤ　ハナコ";
  EXPECT_EQ(Unpaid(), "ACCOUNT_UNCONFIRMED");
  EXPECT_EQ(Present().registration().hold(), Registration::NAME_CHANGED);
  EXPECT_EQ(Confirm(before), "ETAG_STALE") << "the state is another one";
  const std::string held = Present().etag();
  EXPECT_EQ(Confirm(""), "ETAG_MISSING");
  EXPECT_EQ(Confirm(held), "HOLDER_MISMATCH") << "the bank has the old name";
  EXPECT_EQ(Confirm(held, "雨宮花子"), "HOLDER_KANA_MALFORMED");
  EXPECT_EQ(Unpaid(), "ACCOUNT_UNCONFIRMED");
  EXPECT_EQ(
      Confirm(held, "アマミヤ　ハナコ", "00000000-0000-4000-8000-000000000001"),
      "");
  EXPECT_EQ(Unpaid(), "");
  EXPECT_EQ(accounts_.Find("A")->account().holder_kana(), "ｱﾏﾐﾔ ﾊﾅｺ");
  EXPECT_EQ(
      Confirm(held, "アマミヤ　ハナコ", "00000000-0000-4000-8000-000000000001"),
      "")
      << "a retry has the first answer";
  EXPECT_EQ(Confirm(Present().etag(), "アマミヤ　ハナコ"),
            "NOTHING_TO_CONFIRM");
}

TEST_F(HolderEventsTest, AnotherRegistrationIsPaidIntoAtOnce) {
  Hear("name_changed");
  names_.kana = "アマミヤ　ハナコ";
  EXPECT_EQ(Register("ﾔﾏﾀﾞﾊﾅｺ"), "HOLDER_MISMATCH");
  EXPECT_EQ(Register("ｱﾏﾐﾔﾊﾅｺ"), "");
  EXPECT_EQ(Unpaid(), "");
}

TEST_F(HolderEventsTest, AnEventFromBeforeTheRegistrationHoldsNothing) {
  agency::LifeEvent event;
  event.type = "name_changed";
  event.subject = "A";
  event.publish_time = clock_.Now() - absl::Hours(1);
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    return TakeHoldersEvent(sql, event, clock_.Now());
                  })
                  .ok());
  EXPECT_EQ(Unpaid(), "");
  event.type = "died";
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    return TakeHoldersEvent(sql, event, clock_.Now());
                  })
                  .ok());
  EXPECT_EQ(Unpaid(), "HOLDER_DECEASED") << "that holds whenever it comes";
}

TEST_F(HolderEventsTest, TheAccountOfWhoHasDiedIsClosedToNewPaymentsForGood) {
  Hear("died");
  Hear("name_changed");
  EXPECT_EQ(Unpaid(), "HOLDER_DECEASED");
  EXPECT_EQ(Confirm(Present().etag()), "HOLDER_DECEASED");
  EXPECT_EQ(Register("ﾔﾏﾀﾞﾊﾅｺ"), "HOLDER_DECEASED");
  EXPECT_EQ(Present().registration().hold(), Registration::HOLDER_DIED);
}

TEST_F(HolderEventsTest, APayerHearsThatTheAccountWaitsAndThatItWasConfirmed) {
  const auto present = accounts_.Find("A");
  ASSERT_TRUE(
      history_.NoteGiven("akatsuki/benefits", "A", present->as_of_time()).ok());
  Hear("name_changed");
  Hear("name_changed");
  ASSERT_EQ(Confirm(Present().etag()), "");
  accounts::v1::ListChangesRequest request;
  request.mutable_since_time()->set_seconds(1);
  const auto page = history_.Changes("akatsuki/benefits", request);
  ASSERT_TRUE(page.ok()) << page.status();
  std::string kinds;
  for (const AccountChange& change : page->changes())
    absl::StrAppend(&kinds, AccountChange::Kind_Name(change.kind()), " ");
  EXPECT_EQ(kinds, "HELD CONFIRMED ");
}

TEST_F(HolderEventsTest, AMoveIsNotedForThePersonAndStopsNoPayment) {
  const std::string before = Present().etag();
  EXPECT_EQ(Present().moved_date(), "");
  clock_.Advance(absl::Seconds(1));
  Hear("moved_in", "2026-06-01");
  EXPECT_EQ(Present().moved_date(), "2026-06-01");
  Hear("moved_in", "2026-06-20");
  EXPECT_EQ(Present().moved_date(), "2026-06-20") << "the last one";
  EXPECT_EQ(Unpaid(), "");
  EXPECT_EQ(Present().etag(), before) << "the account is what it was";
  // Who registers an account again has moved before it.
  EXPECT_EQ(Register("ﾔﾏﾀﾞﾊﾅｺ"), "");
  EXPECT_EQ(Present().moved_date(), "");
  // Who has no account leaves no trace.
  Hear("moved_in", "2026-06-21", "B");
  long long kept = 0;
  ASSERT_TRUE(database_
                  ->Read([&](soci::session& sql) {
                    sql << "SELECT COUNT(*) FROM holder_moves WHERE subject = "
                           "'B'",
                        soci::into(kept);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(kept, 0);
}

TEST_F(HolderEventsTest, WhereEventsWereMissedAllWait) {
  ASSERT_TRUE(database_->Write(HoldAllForMissedEvents).ok());
  EXPECT_EQ(Unpaid(), "ACCOUNT_UNCONFIRMED");
  EXPECT_EQ(Confirm(Present().etag()), "");
  EXPECT_EQ(Unpaid(), "");
}

}  // namespace
}  // namespace psm
