#include "services/accounts/holder_events.h"

#include <memory>
#include <string>
#include <vector>

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
  static constexpr char kPayer[] = "akatsuki/benefits";

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
  std::string Register(const std::string& holder,
                       const std::string& subject = "A") {
    agency::FakeCall call("portal/terminal", "account-registration",
                          {"account"}, NewCall().exchange_id);
    accounts::v1::RegisterAccountRequest request;
    request.set_subject(subject);
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
  std::string Delete(const std::string& etag) {
    return ReasonOf(
        accounts_.Delete(NewCall(), "A", etag, clock_.Now()).status());
  }
  // That a payer is given the account.
  void Give(const std::string& subject) {
    const auto present = accounts_.Find(subject);
    ASSERT_TRUE(present.ok()) << present.status();
    ASSERT_TRUE(
        history_.NoteGiven(kPayer, subject, present->as_of_time()).ok());
  }
  // What the payer hears, one change a page and each page by itself: "A HELD ".
  std::string Changes() {
    std::string changes;
    accounts::v1::ListChangesRequest request;
    request.mutable_since_time()->set_seconds(1);
    request.set_page_size(1);
    for (;;) {
      const auto page = history_.Changes(kPayer, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok() || page->changes().empty()) return changes;
      const AccountChange& change = page->changes(0);
      absl::StrAppend(&changes, change.subject(), " ",
                      AccountChange::Kind_Name(change.kind()), " ");
      *request.mutable_since_time() = page->as_of_time();
    }
  }
  // All registrations of A, as the person reads them, the newest first.
  std::vector<Registration> Registrations() {
    accounts::v1::ListRegistrationsRequest request;
    request.set_subject("A");
    const auto page = history_.Registrations(request);
    EXPECT_TRUE(page.ok()) << page.status();
    return {page->registrations().begin(), page->registrations().end()};
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

TEST_F(HolderEventsTest, ThePersonReadsWhatWaitedAndThatItWasConfirmed) {
  Hear("name_changed");
  names_.kana = "アマミヤ　ハナコ";
  ASSERT_EQ(Confirm(Present().etag(), "アマミヤ　ハナコ"), "");
  const absl::Time confirmed = clock_.Now();
  std::vector<Registration> all = Registrations();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].account().holder_kana(), "ｱﾏﾐﾔ ﾊﾅｺ");
  EXPECT_EQ(all[0].hold(), Registration::HOLD_UNSPECIFIED);
  EXPECT_EQ(all[0].end(), Registration::END_UNSPECIFIED);
  EXPECT_EQ(all[1].account().holder_kana(), "ﾔﾏﾀﾞﾊﾅｺ");
  EXPECT_EQ(all[1].hold(), Registration::NAME_CHANGED);
  EXPECT_EQ(all[1].end(), Registration::CONFIRMED);
  EXPECT_EQ(all[1].end_time().seconds(), absl::ToUnixSeconds(confirmed));

  // What another takes the place of had waited, too.
  Hear("name_changed");
  ASSERT_EQ(Register("ｱﾏﾐﾔﾊﾅｺ"), "");
  all = Registrations();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].end(), Registration::REPLACED);
  EXPECT_EQ(all[1].hold(), Registration::NAME_CHANGED);
  EXPECT_EQ(all[2].end(), Registration::CONFIRMED);
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
  EXPECT_EQ(Delete(Present().etag()), "HOLDER_DECEASED");
  EXPECT_EQ(Present().registration().hold(), Registration::HOLDER_DIED);
  // The last transfer comes back: no payer is told to have another registered.
  ASSERT_TRUE(
      accounts_.Close(NewCall(), "A", Present().etag(), clock_.Now()).ok());
  EXPECT_EQ(Unpaid(), "HOLDER_DECEASED");
}

TEST_F(HolderEventsTest, APayerHearsThatTheAccountWaitsAndThatItWasConfirmed) {
  Give("A");
  Hear("name_changed");
  Hear("name_changed");
  ASSERT_EQ(Confirm(Present().etag()), "");
  EXPECT_EQ(Changes(), "A HELD A CONFIRMED ");
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

TEST_F(HolderEventsTest, WhereEventsWereMissedAllWaitAndPayersHearOfEach) {
  for (const char* subject : {"B", "C", "D"})
    ASSERT_EQ(Register("ﾔﾏﾀﾞﾊﾅｺ", subject), "");
  for (const char* subject : {"A", "B", "C"}) Give(subject);
  Hear("died", "", "C");
  ASSERT_EQ(Changes(), "C HELD ");
  const std::string before = Present().etag();
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    return HoldAllForMissedEvents(sql, clock_.Now());
                  })
                  .ok());
  EXPECT_EQ(Unpaid(), "ACCOUNT_UNCONFIRMED");
  EXPECT_EQ(ReasonOf(accounts_.Find("D").status()), "ACCOUNT_UNCONFIRMED");
  EXPECT_EQ(ReasonOf(accounts_.Find("C").status()), "HOLDER_DECEASED");
  EXPECT_EQ(Changes(), "C HELD A HELD B HELD ")
      << "of each that it was given, once";
  EXPECT_EQ(Confirm(before), "ETAG_STALE") << "the state is another one";
  EXPECT_EQ(Confirm(Present().etag()), "");
  EXPECT_EQ(Unpaid(), "");
  EXPECT_EQ(Changes(), "C HELD A HELD B HELD A CONFIRMED ");
}

}  // namespace
}  // namespace psm
