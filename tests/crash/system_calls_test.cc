// The gateway at each system call with which it writes: killed there, told that
// it failed, and its last bytes lost with the power.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "mesh/directory/directory.h"
#include "mesh/records/tlog/tile.h"
#include "tests/crash/mortal_gateway.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kUsualSteps = 5;
constexpr int kUsualErrors = 4;
constexpr int kUsualTears = 3;
// A fault falls on the first to the sixteenth call of a thread.
constexpr int kMostCalls = 16;
constexpr absl::Duration kLife = absl::Seconds(2);  // at most, under a fault
constexpr absl::Duration kSoon = absl::Seconds(30);
constexpr std::uint64_t kSectorBytes = 512;

// Only what is written to the log or its records, where others write, too.
constexpr bool kOfTheLog = true;
struct Call {
  const char* name;
  bool of_the_log = false;
};
constexpr std::array<Call, 13> kCalls = {{{"fdatasync"},
                                          {"pwrite64"},
                                          {"rename"},
                                          {"fsync"},
                                          {"write", kOfTheLog},
                                          {"ftruncate"},
                                          {"openat", kOfTheLog},
                                          {"fallocate"},
                                          {"unlink"},
                                          {"flock"},
                                          {"fchmod"},
                                          {"mkdir"},
                                          {"pread64", kOfTheLog}}};

// Step `i` of a walk that comes to each call and each of its first occurrences
// once, and begins with different ones.
Injection Step(int i, const std::vector<std::string>& of_the_log) {
  const int calls = static_cast<int>(kCalls.size());
  const Call& call = kCalls[static_cast<std::size_t>(i % calls)];
  Injection step;
  step.calls = call.name;
  step.when = absl::StrCat(1 + (i / calls + 2 * i) % kMostCalls);
  if (call.of_the_log) step.paths = of_the_log;
  return step;
}

// The error of life `i`: first a disk whose syncs fail for good while the
// gateway serves, then step after step, every third for good.
Injection ErrorOf(int i, const std::vector<std::string>& of_the_log) {
  if (i == 0) return {.calls = "fdatasync", .fault = "error=EIO", .when = "8+"};
  Injection step = Step(i - 1, of_the_log);
  step.fault = i % 2 == 1 ? "error=EIO" : "error=ENOSPC";
  if (i % 3 == 0) step.when += "+";
  return step;
}

class SystemCalls : public TracedGateway {
 protected:
  // The files of the log and its records, as far as they have names by now or
  // will have in the next life.
  std::vector<std::string> FilesOfTheLog() {
    constexpr std::uint64_t kTilesAhead = 2;
    std::vector<std::string> files;
    std::uint64_t newest = 0;
    for (const auto& file :
         fs::recursive_directory_iterator(mesh().folder().Records())) {
      const std::string name = file.path().filename().string();
      files.push_back(file.path().string());
      if (name.rfind("segment-", 0) == 0)
        newest = std::max<std::uint64_t>(newest, std::stoull(name.substr(8)));
    }
    files.push_back(mesh().folder().Records());
    for (std::uint64_t i = 1; i <= 4; ++i) {
      const std::string segment = absl::StrCat(
          mesh().folder().Records(), "/segment-",
          std::string(12 - std::to_string(newest + i).size(), '0'), newest + i);
      files.insert(files.end(), {segment, segment + ".new"});
    }
    const std::string log = mesh().folder().PublishedLog() + "/";
    for (const char* name : {"checkpoint", "checkpoint.partial"})
      files.push_back(log + name);
    const std::uint64_t tile = last_audit_.entries / tlog::kTileWidth;
    for (std::uint64_t i = tile; i < tile + kTilesAhead; ++i) {
      for (const int level : {0, tlog::kEntries}) {
        for (int width = 1; width <= tlog::kTileWidth; ++width) {
          const std::string name = log + tlog::TilePath({level, i, width});
          files.insert(files.end(), {name, name + ".partial"});
        }
      }
    }
    return files;
  }

  bool IsOfTheLog(const std::string& file) {
    return file.rfind(mesh().folder().Records() + "/", 0) == 0 ||
           file.rfind(mesh().folder().PublishedLog() + "/", 0) == 0;
  }

  // One life under a fault, which ends with SIGKILL: at the fault where it is
  // one, else in the end. Whether the fault was a kill and came.
  bool LiveAndDie(const Injection& injection) {
    programs().Inject(injection);
    if (!TryStartGateway()) return true;
    if (AwaitEnd(kLife) == SIGKILL) return true;
    KillGateway();
    return false;
  }

  // The next life, without a fault.
  void Recover() {
    if (!ExpectLogHolds()) return;
    programs().LeaveAlone();
    StartGateway();
    if (HasFailure() || !ExpectLogHolds()) return;
    ExpectNothingLost();
  }

  void End() {
    FinishClients();
    ExpectNothingEverLost();
  }
};

TEST_F(SystemCalls, AKillAtAnyOfThemLosesNothing) {
  const int steps = FromEnvironment("PSM_CRASH_STEPS", kUsualSteps);
  std::map<std::string, int> killed_in;
  int killed = 0;
  for (int i = 0; i < steps && !HasFailure(); ++i) {
    KillGateway();
    Injection step = Step(i, FilesOfTheLog());
    step.fault = "signal=SIGKILL";
    SCOPED_TRACE(absl::StrCat(step.calls, " ", step.when));
    if (LiveAndDie(step)) {
      ++killed;
      for (const EndedIn& ended : programs().Ended())
        ++killed_in[absl::StrCat(ended.call, " ", ended.file)];
    }
    Recover();
  }
  End();
  EXPECT_GE(killed, steps / 2) << "of those that could not be reached there "
                                  "are few";
  std::printf("%d kills at a system call, %d others; %d answers\n", killed,
              lives() - 1 - killed, clients().answers());
  for (const auto& [call, times] : killed_in)
    std::printf("  in %s: %d\n", call.c_str(), times);
}

TEST_F(SystemCalls, AnErrorOfAnyOfThemLosesNothing) {
  const int errors = FromEnvironment("PSM_CRASH_ERRORS", kUsualErrors);
  int failed = 0;
  int not_started = 0;
  for (int i = 0; i < errors && !HasFailure(); ++i) {
    KillGateway();
    const Injection step = ErrorOf(i, FilesOfTheLog());
    const bool for_good = step.when.back() == '+';
    SCOPED_TRACE(absl::StrCat(step.calls, " ", step.fault, " ", step.when));
    programs().Inject(step);
    if (TryStartGateway()) {
      // What fails once is got over, with the next retry at the latest.
      if (!for_good) {
        EXPECT_TRUE(clients().AwaitAnswers(20, kSoon));
      } else {
        EXPECT_EQ(AwaitEnd(absl::Seconds(1)), std::nullopt)
            << "a disk that fails ends no gateway that serves";
      }
      KillGateway();
    } else {
      ++not_started;
    }
    failed += programs().Failed();
    Recover();
  }
  End();
  EXPECT_GT(failed, 0);
  std::printf("%d lives with %d failed calls, %d not begun; %d answers\n",
              errors, failed, not_started, clients().answers());
}

// Changes the file as a power cut may: of what was not synced, some sectors
// have reached the disk and some have not.
void Tear(const Unsynced& part, std::mt19937& random) {
  if (!fs::exists(part.file)) return;
  const std::uint64_t end = std::min<std::uint64_t>(part.offset + part.bytes,
                                                    fs::file_size(part.file));
  FILE* file = std::fopen(part.file.c_str(), "r+b");
  ASSERT_NE(file, nullptr) << part.file;
  const std::uint64_t first = part.offset / kSectorBytes;
  const std::uint64_t last = (end - 1) / kSectorBytes;
  const std::uint64_t lost = first + random() % (last - first + 1);
  for (std::uint64_t sector = first; sector <= last; ++sector) {
    if (sector != lost && random() % 2 == 0) continue;
    const std::uint64_t from = std::max(part.offset, sector * kSectorBytes);
    const std::uint64_t to = std::min(end, (sector + 1) * kSectorBytes);
    const std::string zeros(to - from, '\0');
    std::fseek(file, static_cast<long>(from), SEEK_SET);
    EXPECT_EQ(std::fwrite(zeros.data(), 1, zeros.size(), file), zeros.size());
  }
  std::fclose(file);
}

TEST_F(SystemCalls, WhatAPowerCutTearsWasPromisedToNobody) {
  const int tears = FromEnvironment("PSM_CRASH_TEARS", kUsualTears);
  std::mt19937 random(20260402);
  int torn = 0;
  for (int i = 0; i < tears && !HasFailure(); ++i) {
    KillGateway();
    Injection step;
    step.calls = i % 4 == 3 ? "fsync" : "fdatasync";
    step.fault = "signal=SIGKILL";
    // At the start, two of them are for the segment and what is carried.
    step.when = absl::StrCat(1 + (i * 5 + 2) % kMostCalls);
    SCOPED_TRACE(absl::StrCat(step.calls, " ", step.when));
    LiveAndDie(step);
    for (const Unsynced& part : programs().LeftUnsynced()) {
      if (!IsOfTheLog(part.file)) continue;
      Tear(part, random);
      ++torn;
    }
    Recover();
  }
  End();
  EXPECT_GT(torn, 0);
  std::printf("%d writes torn in %d lives, %d bytes cut off at a start\n", torn,
              tears, static_cast<int>(torn_bytes()));
}

}  // namespace
}  // namespace psm::testing
