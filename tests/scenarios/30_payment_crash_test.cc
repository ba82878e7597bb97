// 30. The benefits office is killed amid a payment run and started again: the
// run goes on, and nobody's history says that anything was used twice.
#include <csignal>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "mesh/base/japan_time.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "soci/soci.h"
#include "soci/sqlite3/soci-sqlite3.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using benefits::v1::PaymentRunService;

constexpr char kOffice[] = "akatsuki/office";
constexpr char kAccounts[] = "accounts/accounts";
constexpr char kResidents[] = "akatsuki/residents";

// Holds the office's database so that nothing is kept while it lives.
class HeldDatabase {
 public:
  explicit HeldDatabase(const std::string& file)
      : sql_(soci::sqlite3, absl::StrCat("db=\"", file, "\"")) {
    sql_ << "PRAGMA busy_timeout=20000";
    sql_ << "BEGIN IMMEDIATE";
  }
  ~HeldDatabase() { sql_ << "ROLLBACK"; }
  int HouseholdsLookedAt() {
    long long count = 0;
    sql_ << "SELECT COUNT(*) FROM run_entries WHERE state <> 0",
        soci::into(count);
    return static_cast<int>(count);
  }

 private:
  soci::session sql_;
};

class KilledRun : public Scenario {
 protected:
  // More than one batch of households.
  static void SetUpTestSuite() { StartMesh({.residents = 600}); }

  template <typename Method, typename Request>
  static auto AsOfficer(Method method, const Request& request) {
    return mesh().Client(kOffice).Call(
        method, {.affair = kBenefitAffair, .provider = kBenefits}, request);
  }
  static std::string StartRun() {
    benefits::v1::StartPaymentRunRequest start;
    start.set_programme("tax-exempt-2026");
    start.set_objection_days(1);
    const auto run =
        AsOfficer(&PaymentRunService::Stub::StartPaymentRun, start);
    EXPECT_TRUE(run.status.ok()) << run.status;
    EXPECT_GT(run->households(), 64);
    return run->run_id();
  }
  static benefits::v1::GetPaymentRunResponse AwaitRun(const std::string& id) {
    benefits::v1::GetPaymentRunRequest request;
    request.set_run_id(id);
    const absl::Duration deadline =
        mesh().clock().Monotonic() + absl::Seconds(60);
    for (;;) {
      // Unavailable for a moment, as the gateway dials it anew.
      const auto run =
          AsOfficer(&PaymentRunService::Stub::GetPaymentRun, request);
      if (run->has_pay_after_time()) return run.message;
      if (mesh().clock().Monotonic() > deadline) {
        ADD_FAILURE() << run.status << run->ShortDebugString();
        return run.message;
      }
    }
  }
  // Of the answer about a household the day is a part.
  static int DaysSince(absl::Time start) {
    return static_cast<int>(DayInJapan(mesh().clock().Now()) -
                            DayInJapan(start)) +
           1;
  }
};

TEST_F(KilledRun, GoesOnAndNobodysHistoryHasASecondRecordOfTheSameUse) {
  const absl::Time start = mesh().clock().Now();
  mesh().Slow(kResidents, absl::Milliseconds(200));  // there is time to hold
  const std::string run = StartRun();
  {
    HeldDatabase held(mesh().folder().Database(kBenefits));
    mesh().Mend(kResidents);
    ASSERT_TRUE(mesh()
                    .AwaitRecords({.consumer = kBenefits,
                                   .provider = kAccounts,
                                   .kind = Record::EXCHANGE},
                                  1, absl::Seconds(60))
                    .ok());
    ASSERT_TRUE(mesh().KillSystem(kBenefits, SIGKILL).ok());
    ASSERT_EQ(held.HouseholdsLookedAt(), 0)
        << "all that was asked has to be asked again";
  }
  // No answer may be the same by having been given in the same second.
  mesh().AdvanceClock(absl::Minutes(1));
  const std::size_t before =
      mesh().Records({.consumer = kBenefits, .kind = Record::EXCHANGE})->size();
  EXPECT_GT(before, 64u);
  ASSERT_TRUE(mesh().StartSystem(kBenefits).ok());
  const auto counts = AwaitRun(run);
  EXPECT_EQ(counts.pending(), 0);
  EXPECT_EQ(counts.failed(), 0);
  EXPECT_GT(counts.notified(), 0);

  const auto records =
      mesh().Records({.consumer = kBenefits, .kind = Record::EXCHANGE});
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_GT(records->size(), before);
  std::map<std::tuple<std::string, std::string, std::string>, int> uses;
  for (const Record& record : *records)
    ++uses[{record.subject(), record.provider(), record.method()}];
  for (const auto& [use, times] : uses) {
    EXPECT_LE(times, std::get<1>(use) == kResidents ? DaysSince(start) : 1)
        << std::get<1>(use) << " " << std::get<2>(use);
  }

  // As Hanako reads it.
  std::map<std::string, int> by_provider;
  for (const Record& record : OwnHistory(mesh(), "hanako"))
    if (record.consumer() == kBenefits) ++by_provider[record.provider()];
  EXPECT_EQ(by_provider.size(), 3u);
  EXPECT_EQ(by_provider[kAccounts], 1);
  EXPECT_EQ(by_provider[kYunagiTax], 1);
  EXPECT_GE(by_provider[kResidents], 1);
  EXPECT_LE(by_provider[kResidents], DaysSince(start));
}

}  // namespace
}  // namespace psm::testing
