#include "mesh/journal/journal.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Journal>> Open() {
    entries_.clear();
    return Journal::Open(file_, [this](absl::string_view entry) {
      entries_.emplace_back(entry);
      return absl::OkStatus();
    });
  }
  std::string Bytes() {
    std::ifstream in(file_, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
  }
  void Write(const std::string& bytes) {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
  }

  TempFolder folder_;
  const std::string file_ = folder_.path() + "/x.journal";
  std::vector<std::string> entries_;
};

TEST_F(JournalTest, WhatWasAppendedIsThereInItsOrder) {
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status();
    ASSERT_TRUE((*journal)->Append({"a", "", "b"}).ok());
    ASSERT_TRUE((*journal)->Append({std::string(100'000, 'c')}).ok());
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(entries_, (std::vector<std::string>{"a", "", "b",
                                                std::string(100'000, 'c')}));
}

TEST_F(JournalTest, AFrameTornAtAnyByteIsCutAndTheRestStaysAndGoesOn) {
  std::string before;
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Append({"first"}).ok());
    before = Bytes();
    ASSERT_TRUE((*journal)->Append({"second", "third"}).ok());
  }
  const std::string whole = Bytes();
  for (std::size_t size = before.size(); size < whole.size(); ++size) {
    Write(whole.substr(0, size));
    {
      auto journal = Open();
      ASSERT_TRUE(journal.ok()) << size << ": " << journal.status();
      EXPECT_EQ(entries_, std::vector<std::string>{"first"}) << size;
      ASSERT_TRUE((*journal)->Append({"again"}).ok());
    }
    ASSERT_TRUE(Open().ok());
    EXPECT_EQ(entries_, (std::vector<std::string>{"first", "again"})) << size;
  }
}

// A disk may have the frame's length and none of its bytes.
TEST_F(JournalTest, ATornFrameOfZerosIsCut) {
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Append({"first"}).ok());
  }
  Write(Bytes() + std::string(5000, '\0'));
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(entries_, std::vector<std::string>{"first"});
}

TEST_F(JournalTest, AFlippedBitBeforeAWholeFrameIsDamage) {
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Append({"first"}).ok());
    ASSERT_TRUE((*journal)->Append({"second"}).ok());
  }
  const std::string whole = Bytes();
  const std::size_t second = whole.find("second") - 12;
  for (std::size_t at = 0; at < second; ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    Write(flipped);
    const absl::Status status = Open().status();
    EXPECT_EQ(ReasonOf(status), "JOURNAL_DAMAGED") << at << ": " << status;
  }
}

TEST_F(JournalTest, ReplacingKeepsWhatIsPutAndNothingElse) {
  {
    ASSERT_TRUE((*Open())->Append({"old", "older"}).ok());
  }
  ASSERT_TRUE(Journal::Replace(file_, [](Journal::Put put) {
                for (int i = 0; i < 100'000; ++i) put(absl::StrCat("e", i));
              }).ok());
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(entries_.size(), 100'000u);
  EXPECT_EQ(entries_.back(), "e99999");
}

TEST_F(JournalTest, AnErrorOfTheReaderEndsTheOpening) {
  {
    ASSERT_TRUE((*Open())->Append({"a"}).ok());
  }
  EXPECT_TRUE(absl::IsDataLoss(Journal::Open(file_, [](absl::string_view) {
                                 return absl::DataLossError("cannot read this");
                               }).status()));
}

}  // namespace
}  // namespace psm
