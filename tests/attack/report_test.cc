#include "tests/attack/report.h"

#include <functional>

#include "gtest/gtest.h"

namespace psm::attack {
namespace {

constexpr double kFloor = 20;

Figures Good() {
  Figures figures;
  figures.alone.calls = 1000;
  figures.alone.p50_ms = 3;
  figures.alone.p99_ms = 10;
  figures.attacked = figures.alone;
  figures.before_kib = 40 << 10;
  figures.peak_kib = 41 << 10;
  figures.cpu_alone = 0.3;
  figures.cpu_attacked = 0.45;
  figures.alive = true;
  figures.serves_anew = true;
  figures.outcomes = {{"hung up", 2}, {"left open", 7}};
  return figures;
}

Attack Ping() {
  Attack attack;
  attack.threat = 31;
  attack.name = "ping";
  attack.what = "PING without end";
  return attack;
}

TEST(ReportTest, ComplainsOfWhateverOthersNotice) {
  EXPECT_EQ(Complaint(Ping(), Good(), kFloor), "");
  const struct {
    const char* what;
    std::function<void(Figures&)> spoil;
    const char* complaint;
  } kCases[] = {
      {"a crash", [](Figures& f) { f.alive = false; },
       "the gateway has ended; "},
      {"a deaf listener", [](Figures& f) { f.serves_anew = false; },
       "newcomers are not served afterwards; "},
      {"one call",
       [](Figures& f) {
         f.attacked.failed = 1;
         f.attacked.first_failure = "why";
       },
       "1 calls of 1000 failed, the first with why; "},
      {"no calls", [](Figures& f) { f.attacked.calls = 0; }, "no call began; "},
      {"memory", [](Figures& f) { f.peak_kib = 73 << 10; },
       "memory grew by 33 MiB; "},
      {"time", [](Figures& f) { f.attacked.p99_ms = 30.5; },
       "p99 went from 10.0 to 30.5 ms; "},
  };
  for (const auto& test : kCases) {
    Figures figures = Good();
    test.spoil(figures);
    EXPECT_EQ(Complaint(Ping(), figures, kFloor), test.complaint) << test.what;
  }
}

TEST(ReportTest, TimesBelowTheFloorAreNoMatter) {
  Figures figures = Good();
  figures.alone.p99_ms = 2;
  figures.attacked.p99_ms = 19;
  EXPECT_EQ(Complaint(Ping(), figures, kFloor), "");
  EXPECT_NE(Complaint(Ping(), figures, 0), "");
}

TEST(ReportTest, ARowSaysTheMostFrequentFirst) {
  EXPECT_EQ(TableRow(Ping(), Good()),
            "| 31 | ping: PING without end | left open (7), hung up (2) | "
            "1000, 0 | 3.0, 3.0 | 10.0, 10.0 | 30%, 45% | 40, +1.0 |\n");
}

}  // namespace
}  // namespace psm::attack
