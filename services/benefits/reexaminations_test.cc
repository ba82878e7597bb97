#include "services/benefits/reexaminations.h"

#include <string>

#include "gtest/gtest.h"
#include "services/benefits/test_office.h"

namespace psm {
namespace {

using Answer = benefits::v1::ConfirmApplicationResponse;

class ReexaminationsTest : public OfficeTest {
 protected:
  // That a record of the person was corrected by the system.
  void Hear(const std::string& subject, const std::string& publisher,
            const std::string& id = "event-1") {
    agency::LifeEvent event;
    event.id = id;
    event.type = "record_corrected";
    event.subject = subject;
    event.publisher = publisher;
    ASSERT_TRUE(database_
                    ->Write([&](soci::session& sql) {
                      Reexaminations::Hear(sql, event, clock_.Now());
                      return absl::OkStatus();
                    })
                    .ok());
  }
  std::string Reexamine(const std::string& id, int exchange = 0,
                        const char* subject = "hanako") {
    benefits::v1::ReexamineApplicationRequest request;
    request.set_subject(subject);
    request.set_application_id(id);
    const auto done = office_.Reexamine(Call(exchange), request);
    return done.ok() ? std::to_string(done->changed_values())
                     : ReasonOf(done.status());
  }
  // Her mother is taxed after all.
  void TaxHerMother() {
    MutexLock lock(evidence_.mu);
    for (linkage::v1::Evidence& leg : evidence_.evidence[1]) {
      if (leg.dataset() == "tax")
        leg = TaxEvidence("yunagi/tax", tax::v1::GetTaxStatusResponse::TAXED);
    }
  }

  ReexaminationDesk office_{
      {&TestProgrammes(), &desk_, database_.get(), &clock_}};
};

TEST_F(ReexaminationsTest, NothingIsDecidedOnWhatWasCorrectedUntilAskedAgain) {
  const auto started = Start(Call());
  ASSERT_TRUE(started.ok()) << started.status();
  const std::string& id = started->application_id();
  Hear("fumie", "yunagi/tax");
  Hear("fumie", "yunagi/tax");
  EXPECT_EQ(ReasonOf(Confirm(Call(), id).status()), "REEXAMINATION_PENDING");
  const auto listed = office_.List();
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->reexaminations_size(), 1) << "once for one event";
  EXPECT_EQ(listed->reexaminations(0).subject(), "hanako");
  EXPECT_EQ(listed->reexaminations(0).application_id(), id);
  EXPECT_EQ(listed->reexaminations(0).corrected_by(), "yunagi/tax");
  EXPECT_FALSE(listed->reexaminations(0).confirmed());

  TaxHerMother();
  EXPECT_EQ(Reexamine(id, 77), "1");
  EXPECT_EQ(Reexamine(id, 77), "1") << "a retry has the first answer";
  EXPECT_EQ(Reexamine(id), "NOTHING_TO_REEXAMINE");
  EXPECT_EQ(office_.List()->reexaminations_size(), 0);
  const auto decision = Confirm(Call(), id);
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->decision(), Answer::DENIED) << "by the new word";
}

TEST_F(ReexaminationsTest, WhoWasAskedAgainIsPaidIntoTheAccountOfThen) {
  const auto started = Start(Call());
  clock_.Advance(absl::Seconds(1));
  registry_.changed = {{"hanako", clock_.Now()}};
  Hear("hanako", "yunagi/tax");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(ReasonOf(Confirm(Call(), started->application_id()).status()),
            "REEXAMINATION_PENDING");
  EXPECT_EQ(Reexamine(started->application_id()), "0");
  const auto decision = Confirm(Call(), started->application_id());
  ASSERT_TRUE(decision.ok()) << decision.status();
  EXPECT_EQ(decision->decision(), Answer::GRANTED);
}

TEST_F(ReexaminationsTest, OnlyOpenApplicationsOfThatPersonAndAgencyAreMarked) {
  const auto started = Start(Call());
  Hear("somebody", "yunagi/tax", "e1");
  Hear("hanako", "minato/tax", "e2");
  EXPECT_EQ(office_.List()->reexaminations_size(), 0);
  ASSERT_TRUE(Confirm(Call(), started->application_id()).ok());
  Hear("hanako", "yunagi/tax", "e3");
  EXPECT_EQ(office_.List()->reexaminations_size(), 0) << "it is decided";
  EXPECT_EQ(Reexamine(started->application_id()), "NOTHING_TO_REEXAMINE");
  EXPECT_EQ(Reexamine(started->application_id(), 0, "fumie"),
            "APPLICATION_UNKNOWN");
}

TEST_F(ReexaminationsTest, WhereNobodySaysWhoCorrectedAllThatCouldBeAreMarked) {
  ASSERT_TRUE(Start(Call()).ok());
  Hear("hanako", "");
  EXPECT_EQ(office_.List()->reexaminations_size(), 1);
}

TEST_F(ReexaminationsTest, WhatCannotBeAskedAgainStaysMarked) {
  const auto started = Start(Call());
  Hear("hanako", "yunagi/tax");
  evidence_.linkage_status = absl::UnavailableError("away");
  EXPECT_EQ(Reexamine(started->application_id()), "EVIDENCE_MISSING");
  evidence_.linkage_status = absl::OkStatus();
  // Her mother has moved out.
  evidence_.household.mutable_members()->DeleteSubrange(1, 1);
  evidence_.evidence.erase(evidence_.evidence.begin() + 1);
  EXPECT_EQ(Reexamine(started->application_id()), "HOUSEHOLD_CHANGED");
  EXPECT_EQ(office_.List()->reexaminations_size(), 1);
  EXPECT_EQ(ReasonOf(Confirm(Call(), started->application_id()).status()),
            "REEXAMINATION_PENDING");
}

TEST_F(ReexaminationsTest, WhereEventsWereMissedAllOpenApplicationsAreMarked) {
  const auto missed = [this] {
    ASSERT_TRUE(database_
                    ->Write([&](soci::session& sql) {
                      Reexaminations::HearOfAll(sql, clock_.Now());
                      return absl::OkStatus();
                    })
                    .ok());
  };
  ASSERT_TRUE(Confirm(Call(), Start(Call())->application_id()).ok());
  const std::string open =
      Start(Call(), "hanako", "price-relief-2026")->application_id();
  clock_.Advance(absl::Seconds(1));
  // Asked for before, kept after.
  const agency::CallContext call = Call();
  const auto under_way = desk_.CollectForHousehold(
      {.call = &call}, *TestProgrammes().Find("tax-exempt-2026"), "hanako", {});
  ASSERT_TRUE(under_way.ok()) << under_way.status();
  missed();
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    ApplicationStore::Insert(sql, "under-way", *under_way,
                                             clock_.Now());
                    return absl::OkStatus();
                  })
                  .ok());
  const auto listed = office_.List();
  ASSERT_EQ(listed->reexaminations_size(), 2) << "what is decided stays so";
  EXPECT_EQ(listed->reexaminations(0).application_id(), open);
  EXPECT_EQ(listed->reexaminations(0).corrected_by(), "");
  EXPECT_EQ(listed->reexaminations(1).application_id(), "under-way");
  EXPECT_EQ(ReasonOf(Confirm(Call(), open).status()), "REEXAMINATION_PENDING");

  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Reexamine(open), "0");
  EXPECT_TRUE(Confirm(Call(), open).ok());
  // Who was asked since is not asked again; missed again, all are.
  ASSERT_TRUE(Start(Call()).ok());
  EXPECT_EQ(office_.List()->reexaminations_size(), 1);
  missed();
  EXPECT_EQ(office_.List()->reexaminations_size(), 3)
      << "one twice, of two events, and the new one";
}

// Between the answer that was corrected and the application that rests on it.
TEST_F(ReexaminationsTest, ACorrectionHeardBeforeTheApplicationIsKeptMarksIt) {
  Hear("hanako", "yunagi/tax", "before it was asked");
  clock_.Advance(absl::Seconds(1));
  const agency::CallContext call = Call();
  const auto application = desk_.CollectForHousehold(
      {.call = &call}, *TestProgrammes().Find("tax-exempt-2026"), "hanako", {});
  ASSERT_TRUE(application.ok()) << application.status();
  const auto keep = [&](const std::string& id) {
    ASSERT_TRUE(database_
                    ->Write([&](soci::session& sql) {
                      ApplicationStore::Insert(sql, id, *application,
                                               clock_.Now());
                      return absl::OkStatus();
                    })
                    .ok());
  };
  keep("first");
  EXPECT_EQ(office_.List()->reexaminations_size(), 0);
  clock_.Advance(absl::Seconds(1));
  Hear("somebody", "yunagi/tax", "of somebody else");
  Hear("hanako", "minato/tax", "of what was not asked");
  keep("second");
  EXPECT_EQ(office_.List()->reexaminations_size(), 0);
  Hear("hanako", "yunagi/tax", "meanwhile");
  keep("third");
  const auto listed = office_.List();
  ASSERT_EQ(listed->reexaminations_size(), 3);
  EXPECT_EQ(listed->reexaminations(2).application_id(), "third");
  EXPECT_EQ(listed->reexaminations(2).corrected_by(), "yunagi/tax");
}

TEST_F(ReexaminationsTest, ACorrectionHeardWhileAskingLeavesItsMark) {
  const auto started = Start(Call());
  Hear("hanako", "yunagi/tax", "e1");
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    Reexaminations::Close(sql, 1, clock_.Now(), clock_.Now());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(office_.List()->reexaminations_size(), 0);
  const absl::Time asked = clock_.Now();
  clock_.Advance(absl::Seconds(1));
  Hear("hanako", "yunagi/tax", "e2");
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    Reexaminations::Close(sql, 1, asked, clock_.Now());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(office_.List()->reexaminations_size(), 1);
  EXPECT_EQ(started->household_size(), 3);
}

}  // namespace
}  // namespace psm
