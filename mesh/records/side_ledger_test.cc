#include "mesh/records/side_ledger.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

using records::v1::SideEntry;

SideEntry Asked(int number) {
  SideEntry entry;
  entry.set_kind(SideEntry::ASKED);
  entry.set_exchange_id(absl::StrCat("exchange-", number));
  entry.set_method("psm.tax.v1.TaxService/GetTaxStatus");
  entry.set_request_digest(std::string(32, '\n'));
  return entry;
}

class SideLedgerTest : public ::testing::Test {
 protected:
  std::unique_ptr<SideLedger> Open() {
    auto ledger = SideLedger::Open(options_, clock_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return ledger.ok() ? *std::move(ledger) : nullptr;
  }
  // Exchange ids of what was asked, in order.
  std::vector<std::string> Ids(SidePosition from = {},
                               std::uint64_t* not_whole = nullptr) {
    std::vector<std::string> ids;
    auto end = ReadSide(
        options_.folder, from,
        [&](const SideEntry& entry, const SidePosition&) {
          if (entry.kind() == SideEntry::ASKED)
            ids.push_back(entry.exchange_id());
          return true;
        },
        not_whole);
    EXPECT_TRUE(end.ok()) << end.status();
    return ids;
  }
  std::string Newest() const {
    std::string newest;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path()))
      newest = std::max(newest, file.path().string());
    return newest;
  }

  TempFolder folder_;
  SystemClock clock_;
  SideLedgerOptions options_{folder_.path()};
};

TEST_F(SideLedgerTest, GivesBackWhatWasKeptInOrderAndSaysSinceWhen) {
  auto ledger = Open();
  ASSERT_TRUE(ledger->Keep({Asked(1), Asked(2)}).ok());
  ASSERT_TRUE(ledger->Keep({Asked(3)}).ok());
  ASSERT_TRUE(ledger->Sync().ok());
  std::vector<SideEntry> entries;
  ASSERT_TRUE(ReadSide(options_.folder, {},
                       [&](const SideEntry& entry, const SidePosition&) {
                         entries.push_back(entry);
                         return true;
                       })
                  .ok());
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].kind(), SideEntry::BEGUN);
  EXPECT_EQ(entries[3].exchange_id(), "exchange-3");
  EXPECT_EQ(entries[3].request_digest(), Asked(3).request_digest());
  for (const SideEntry& entry : entries) EXPECT_GT(entry.time().seconds(), 0);
}

TEST_F(SideLedgerTest, AReaderGoesOnWhereItWas) {
  auto ledger = Open();
  ASSERT_TRUE(ledger->Keep({Asked(1), Asked(2), Asked(3)}).ok());
  auto behind_two = ReadSide(options_.folder, {},
                             [](const SideEntry& entry, const SidePosition&) {
                               return entry.exchange_id() != "exchange-2";
                             });
  ASSERT_TRUE(behind_two.ok());
  EXPECT_EQ(Ids(*behind_two), std::vector<std::string>{"exchange-3"});
}

TEST_F(SideLedgerTest, ALineThatACrashHasTornCostsItselfAndNothingElse) {
  {
    auto ledger = Open();
    ASSERT_TRUE(ledger->Keep({Asked(1), Asked(2)}).ok());
  }
  const std::string file = Newest();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 20);
  std::uint64_t not_whole = 0;
  EXPECT_EQ(Ids({}, &not_whole), std::vector<std::string>{"exchange-1"});
  EXPECT_EQ(not_whole, 0u) << "somebody may be writing it";

  auto ledger = Open();
  ASSERT_TRUE(ledger->Keep({Asked(3)}).ok());
  EXPECT_EQ(Ids({}, &not_whole),
            (std::vector<std::string>{"exchange-1", "exchange-3"}));
  EXPECT_EQ(not_whole, 1u);
}

TEST_F(SideLedgerTest, ADamagedLineIsLeftOutAndCounted) {
  auto ledger = Open();
  ASSERT_TRUE(ledger->Keep({Asked(1), Asked(2), Asked(3)}).ok());
  const std::string file = Newest();
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  std::string line;
  std::getline(stream, line);
  std::getline(stream, line);
  const auto at = stream.tellg();
  stream.seekp(at + std::streamoff{30});
  stream.put('!');
  stream.close();
  std::uint64_t not_whole = 0;
  EXPECT_EQ(Ids({}, &not_whole),
            (std::vector<std::string>{"exchange-1", "exchange-3"}));
  EXPECT_EQ(not_whole, 1u);
}

TEST_F(SideLedgerTest, IsBoundedAndSaysSinceWhenItHasEverything) {
  options_.file_bytes = 4096;
  options_.max_files = 3;
  auto ledger = Open();
  SidePosition early;
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(ledger->Keep({Asked(i)}).ok());
    if (i == 0) {
      auto end =
          ReadSide(options_.folder, {},
                   [](const SideEntry&, const SidePosition&) { return true; });
      ASSERT_TRUE(end.ok());
      early = *end;
    }
  }
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_.path()))
    bytes += file.file_size();
  EXPECT_LE(bytes, 3 * 4096u);
  const std::vector<std::string> ids = Ids();
  ASSERT_GT(ids.size(), 20u);
  EXPECT_EQ(ids.back(), "exchange-299");
  // The newest are there without a gap, also for who has fallen behind.
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(ids[i], absl::StrCat("exchange-", 300 - ids.size() + i));
  EXPECT_EQ(Ids(early), ids);
}

TEST_F(SideLedgerTest, SeveralWritersLoseNothing) {
  options_.file_bytes = 8192;
  auto first = Open();
  auto second = Open();  // as another process would
  const auto keep = [](SideLedger& ledger, int from) {
    for (int i = 0; i < 200; ++i)
      EXPECT_TRUE(ledger.Keep({Asked(from + i)}).ok());
  };
  std::thread one([&] { keep(*first, 1000); });
  std::thread two([&] { keep(*second, 2000); });
  std::thread three([&] { keep(*second, 3000); });
  one.join();
  two.join();
  three.join();
  std::uint64_t not_whole = 0;
  EXPECT_EQ(Ids({}, &not_whole).size(), 600u);
  EXPECT_EQ(not_whole, 0u);
}

TEST_F(SideLedgerTest, WhatWasKeptOutlivesItsProcess) {
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto ledger = SideLedger::Open(options_, clock_);
    for (int i = 0;; ++i) {
      if (!ledger.ok() || !(*ledger)->Keep({Asked(i)}).ok()) _exit(1);
      if (write(pipes[1], "x", 1) != 1) _exit(1);
    }
  }
  close(pipes[1]);
  char said[64];
  std::size_t kept = 0;
  while (kept < 50) {
    const ssize_t got = read(pipes[0], said, sizeof(said));
    ASSERT_GT(got, 0);
    kept += static_cast<std::size_t>(got);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (const ssize_t got = read(pipes[0], said, sizeof(said))) {
    ASSERT_GT(got, 0);
    kept += static_cast<std::size_t>(got);
  }
  close(pipes[0]);
  EXPECT_GE(Ids().size(), kept);
}

TEST_F(SideLedgerTest, AFolderThatIsRemovedIsMadeAgain) {
  auto ledger = Open();
  ASSERT_TRUE(ledger->Keep({Asked(1)}).ok());
  std::filesystem::remove_all(folder_.path());
  ASSERT_TRUE(ledger->Keep({Asked(2)}).ok());
  EXPECT_EQ(Ids(), std::vector<std::string>{"exchange-2"});
}

TEST_F(SideLedgerTest, WithoutAFolderThereIsNothing) {
  options_.folder = folder_.File("none");
  EXPECT_TRUE(Ids().empty());
  auto oldest = OldestSideFile(options_.folder);
  ASSERT_TRUE(oldest.ok());
  EXPECT_EQ(*oldest, 0u);
  options_.folder = "/proc/none/ledger";
  EXPECT_FALSE(SideLedger::Open(options_, clock_).ok());
}

}  // namespace
}  // namespace psm
