// The log changes its key under load, while the gateway runs or as it starts,
// and the gateway dies at every step of it.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/directory/directory.h"
#include "mesh/records/log_key.h"
#include "tests/crash/mortal_gateway.h"

namespace psm::testing {
namespace {

constexpr int kUsualRotations = 4;
constexpr absl::Duration kLife = absl::Milliseconds(1500);
constexpr absl::Duration kSoon = absl::Seconds(30);

// Where the gateway is killed.
struct Step {
  bool running;  // when the rotation begins; else it starts with it
  const char* calls;
  int when;
};

// What one rotation does to the files of the keys and what is shown of them: a
// file prepared, put in place, the next key put in place, the keys shown; each
// renamed and synced with its folder. Where it starts, the log's own syncs,
// too.
std::vector<Step> Steps() {
  std::vector<Step> steps;
  for (const bool running : {true, false}) {
    for (int when = 1; when <= 4; ++when)
      steps.push_back({running, "rename", when});
    for (int when = 1; when <= 6; ++when)
      steps.push_back({running, "fsync", when});
  }
  for (int when = 1; when <= 4; ++when)
    steps.push_back({false, "fdatasync", when});
  return steps;
}

class Rotation : public TracedGateway {
 protected:
  std::string Key() { return mesh().folder().LogKey(); }
  std::string PrivateKey() {
    std::ifstream in(Key());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // A gateway that is killed at the step from its next start on.
  void InjectAt(const Step& step) {
    Injection injection;
    injection.calls = step.calls;
    injection.when = absl::StrCat(step.when);
    injection.fault = "signal=SIGKILL";
    const std::string shown = mesh().folder().PublishedLog() + "/keys";
    if (injection.calls != "fdatasync") {
      injection.paths = {std::filesystem::path(Key()).parent_path(),
                         Key(),
                         Key() + ".next",
                         Key() + ".vkey",
                         Key() + ".vkey.next",
                         Key() + ".vkey.next.partial",
                         shown,
                         shown + ".partial"};
    }
    programs().Inject(injection);
  }
  void BeginRotation() {
    const absl::Status begun = CreateNextLogKey(Key(), LogOrigin(kMainLog));
    EXPECT_TRUE(begun.ok()) << begun;
  }
};

TEST_F(Rotation, ADeathAtAnyStepLosesNeitherKeyNorLog) {
  const int rotations = FromEnvironment("PSM_CRASH_ROTATIONS", kUsualRotations);
  const std::vector<Step> steps = Steps();
  int killed = 0;
  for (int i = 0; i < rotations && !HasFailure(); ++i) {
    // In an order that has a bit of everything early.
    const Step& step = steps[static_cast<std::size_t>(i) * 13 % steps.size()];
    SCOPED_TRACE(absl::StrCat(step.calls, " ", step.when,
                              step.running ? ", running" : ", starting"));
    EXPECT_TRUE(clients().AwaitAnswers(2, kSoon));
    KillGateway();
    const std::string old_key = PrivateKey();
    if (!step.running) BeginRotation();
    InjectAt(step);
    const bool serves = TryStartGateway();
    if (serves && step.running) {
      EXPECT_TRUE(clients().AwaitAnswers(2, kSoon));
    }
    if (step.running) BeginRotation();
    if (!serves || AwaitEnd(kLife) == SIGKILL) {
      ++killed;
    } else {
      KillGateway();
    }
    if (!ExpectLogHolds()) break;
    programs().LeaveAlone();
    StartGateway();
    if (HasFailure()) break;
    // It is ended by now, and the old key gone.
    EXPECT_FALSE(std::filesystem::exists(Key() + ".next"));
    EXPECT_NE(PrivateKey(), old_key);
    EXPECT_EQ(log_keys().rotations().size(), static_cast<std::size_t>(i + 1));
    EXPECT_TRUE(clients().AwaitAnswers(2, kSoon));
    if (!ExpectLogHolds()) break;
    ExpectNothingLost();
  }
  FinishClients();
  ExpectNothingEverLost();
  EXPECT_EQ(last_audit_.rotations, static_cast<std::uint64_t>(rotations));
  EXPECT_GT(killed, 0);
  std::printf("%d rotations, %d cut off by a kill; %d answers\n", rotations,
              killed, clients().answers());
}

}  // namespace
}  // namespace psm::testing
