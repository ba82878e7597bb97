// For the register's tests: a register with one household, and notices to it.
#ifndef PSM_SERVICES_RESIDENTS_TEST_REGISTER_H_
#define PSM_SERVICES_RESIDENTS_TEST_REGISTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/base/temp_folder.h"
#include "services/residents/family_entries.h"
#include "services/residents/household_entries.h"
#include "services/residents/life_news.h"
#include "services/residents/move_entries.h"
#include "services/residents/protection_store.h"
#include "services/residents/resident_register.h"
#include "services/residents/withdrawals.h"

namespace psm {

// Keeps what it is told, of transactions that fail as well.
class FakeNews final : public LifeNews {
 public:
  absl::Status Holds(soci::session&, const std::string& subject) override {
    told.push_back("holds " + subject);
    return absl::OkStatus();
  }
  absl::Status HoldsNoMore(soci::session&,
                           const std::string& subject) override {
    told.push_back("no more " + subject);
    return absl::OkStatus();
  }
  absl::Status Happened(soci::session&, const char* event,
                        const std::string& subject,
                        absl::CivilDay day) override {
    told.push_back(
        absl::StrCat(event, " ", subject, " ", absl::FormatCivilTime(day)));
    return absl::OkStatus();
  }
  std::vector<std::string> told;
};

// Akatsuki's register on 22 November 2026: hanako (head), her mother fumie and
// her child minato, who came from Yunagi on 20 March.
class RegisterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        residents_
            .ImportOnce(clock_.Now(), news_,
                        [](ResidentRegister::Take take) { return Seed(take); })
            .ok());
    news_.told.clear();
  }

  static absl::Status Seed(ResidentRegister::Take take) {
    using residents::v1::Member;
    struct Row {
      const char *subject, *name, *kana, *birth_date;
      Member::Relation relation;
      int sex;
    };
    for (const Row& row : {Row{"hanako", "青空　花子", "アオゾラ　ハナコ",
                               "1988-07-07", Member::HEAD, 2},
                           Row{"fumie", "青空　文枝", "アオゾラ　フミエ",
                               "1957-11-03", Member::PARENT, 2},
                           Row{"minato", "青空　湊", "アオゾラ　ミナト",
                               "2017-04-21", Member::CHILD, 1}}) {
      seed::v1::Resident resident;
      resident.set_subject(row.subject);
      resident.set_household_id("h1");
      resident.set_relation(row.relation);
      resident.set_name(row.name);
      resident.set_kana(row.kana);
      resident.set_birth_date(row.birth_date);
      resident.set_sex(row.sex);
      resident.set_address("架空県あかつき市東雲台2丁目3番4号");
      resident.set_move_in_date("2026-03-20");
      resident.set_tax_municipality("yunagi");
      if (absl::Status taken = take(resident); !taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  // Another exchange each time.
  Notice NewNotice(const std::string& consumer = "akatsuki/counter") {
    call_.consumer = consumer;
    call_.exchange_id =
        absl::StrCat("00000000-0000-4000-8000-", 100000000000 + ++exchanges_);
    return SameNotice();
  }
  Notice SameNotice() { return {call_, clock_.Now()}; }

  residents::v1::GetHouseholdResponse Household(const std::string& subject,
                                                absl::CivilDay day) {
    auto household = residents_.FindHousehold(subject, day);
    return household.ok() ? *household : residents::v1::GetHouseholdResponse();
  }
  std::string Etag(const std::string& subject) {
    return Household(subject, today_).etag();
  }

  const absl::CivilDay today_{2026, 11, 22};
  ManualClock clock_{absl::FromCivil(absl::CivilSecond(2026, 11, 22, 3, 0, 0),
                                     absl::UTCTimeZone())};
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("register.sqlite"),
                             ResidentRegister::Migrations())
          .value();
  ResidentRegister residents_{database_.get(), "akatsuki"};
  FakeNews news_;
  MoveEntries moves_{database_.get(), "akatsuki", &news_};
  FamilyEntries families_{database_.get(), "akatsuki", &news_};
  ProtectionStore decisions_{database_.get(), "akatsuki"};
  Withdrawals withdrawals_{database_.get(), &decisions_, &news_};
  HouseholdEntries households_{database_.get(), &news_};
  agency::CallContext call_;
  int exchanges_ = 0;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_TEST_REGISTER_H_
