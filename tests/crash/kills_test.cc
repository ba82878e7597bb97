// SIGKILL at any moment, under load: whatever a client holds is in the log.
#include <poll.h>

#include <cstdio>
#include <random>

#include "tests/crash/mortal_gateway.h"

namespace psm::testing {
namespace {

constexpr int kUsualKills = 6;
constexpr int kMostAnswers = 12;  // of one life, about
constexpr int kMostDelayMs = 15;  // after them
constexpr absl::Duration kSoon = absl::Seconds(30);

class Kills : public MortalGateway {};

TEST_F(Kills, UnderLoadLoseNothingThatAClientHolds) {
  const int kills = FromEnvironment("PSM_CRASH_KILLS", kUsualKills);
  std::mt19937 random(20260401);
  StartClients(/*count=*/3, /*pause=*/6);
  std::uint64_t unpublished = 0;
  int published_less = 0;
  for (int kill = 0; kill < kills && !HasFailure(); ++kill) {
    SCOPED_TRACE(kill);
    EXPECT_TRUE(clients().AwaitAnswers(
        1 + static_cast<int>(random() % kMostAnswers), kSoon));
    poll(nullptr, 0, static_cast<int>(random() % kMostDelayMs));
    KillGateway();
    // The auditor comes before anything is repaired, and after.
    if (!ExpectLogHolds()) break;
    unpublished += last_audit_.unpublished;
    published_less += last_audit_.unpublished > 0;
    StartGateway();
    if (HasFailure() || !ExpectLogHolds()) break;
    ExpectNothingLost();
  }
  FinishClients();
  ExpectNothingEverLost();
  std::printf(
      "%d kills, %d answers, %d failed attempts, %d records; %d kills before "
      "all was published, of %d records in all\n",
      lives() - 1, clients().answers(), clients().refusals(),
      static_cast<int>(last_audit_.records), published_less,
      static_cast<int>(unpublished));
}

}  // namespace
}  // namespace psm::testing
