#include "mesh/holdings/holding_register.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

constexpr char kResidents[] = "psm.residents.v1.ResidentsService";
using Systems = std::vector<std::string>;

// Runs what is posted at once, after it is posted.
class AtOnce : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> work) override { work(); }
};

class HoldingRegisterTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen(char key = 'k') {
    holdings_.reset();
    auto opened = HoldingRegister::Open(folder_.path() + "/holdings",
                                        MakeScopes(key), Committing::kAtOnce);
    status_ = opened.status();
    if (opened.ok()) holdings_ = *std::move(opened);
  }
  static std::unique_ptr<SubjectScopes> MakeScopes(char key) {
    return SubjectScopes::Create(SecretBytes(std::string(32, key))).value();
  }
  static PersonNumber Person(int number) {
    std::string bytes(PersonNumber::kSize, '\0');
    bytes[0] = static_cast<char>(number / 256);
    bytes[9] = static_cast<char>(number % 256);
    return *PersonNumber::FromBytes(bytes);
  }
  absl::Status Declare(const std::string& system, int person) {
    Completion<absl::Status> done;
    holdings_->Declare(system, kResidents, {Person(person)}, executor_, &done);
    return done.await_resume();
  }
  absl::Status End(const std::string& system, int person) {
    Completion<absl::Status> done;
    holdings_->End(system, kResidents, {Person(person)}, executor_, &done);
    return done.await_resume();
  }
  absl::Status Protect(const std::string& agency, int person, bool is) {
    Completion<absl::Status> done;
    holdings_->SetProtection(agency, Person(person), is, executor_, &done);
    return done.await_resume();
  }
  Systems Holders(int person) {
    return holdings_->HoldersOf(kResidents, Person(person));
  }
  std::string File() const {
    return folder_.path() + "/holdings/holdings.journal";
  }

  TempFolder folder_;
  AtOnce executor_;
  absl::Status status_;
  std::unique_ptr<HoldingRegister> holdings_;
};

TEST_F(HoldingRegisterTest, WhatWasDeclaredOutlivesTheProcessAndEnds) {
  EXPECT_EQ(Holders(1), Systems{});
  ASSERT_TRUE(Declare("akatsuki/residents", 1).ok());
  Reopen();
  EXPECT_EQ(Holders(1), Systems{"akatsuki/residents"});
  EXPECT_EQ(Holders(2), Systems{});
  ASSERT_TRUE(End("akatsuki/residents", 1).ok());
  EXPECT_EQ(Holders(1), Systems{});
  Reopen();
  EXPECT_EQ(Holders(1), Systems{});
}

TEST_F(HoldingRegisterTest, TheFirstToDeclareStaysFirstUntilItEnds) {
  ASSERT_TRUE(Declare("akatsuki/residents", 1).ok());
  ASSERT_TRUE(Declare("yunagi/residents", 1).ok());
  ASSERT_TRUE(Declare("akatsuki/residents", 1).ok());  // again: nothing new
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Holders(1), (Systems{"akatsuki/residents", "yunagi/residents"}));
    Reopen();
  }
  ASSERT_TRUE(End("akatsuki/residents", 1).ok());
  EXPECT_EQ(Holders(1), Systems{"yunagi/residents"});
}

TEST_F(HoldingRegisterTest, NobodyEndsWhatAnotherHolds) {
  ASSERT_TRUE(Declare("akatsuki/residents", 1).ok());
  ASSERT_TRUE(End("yunagi/residents", 1).ok());
  EXPECT_EQ(Holders(1), Systems{"akatsuki/residents"});
}

TEST_F(HoldingRegisterTest, EachAgencysProtectionStandsForItself) {
  ASSERT_TRUE(Protect("akatsuki", 1, true).ok());
  ASSERT_TRUE(Protect("yunagi", 1, true).ok());
  ASSERT_TRUE(Protect("akatsuki", 1, false).ok());
  Reopen();
  EXPECT_TRUE(holdings_->IsProtected(Person(1)));
  EXPECT_FALSE(holdings_->IsProtected(Person(2)));
  ASSERT_TRUE(Protect("yunagi", 1, false).ok());
  EXPECT_FALSE(holdings_->IsProtected(Person(1)));
}

TEST_F(HoldingRegisterTest, SayingTheSameAgainDoesNotMakeTheFileGrow) {
  ASSERT_TRUE(Declare("akatsuki/residents", 1).ok());
  const auto size = std::filesystem::file_size(File());
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(Declare("akatsuki/residents", 1).ok());
  EXPECT_EQ(std::filesystem::file_size(File()), size);
}

TEST_F(HoldingRegisterTest, AStartCompactsAndLosesNothing) {
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(Declare("akatsuki/residents", i).ok());
  ASSERT_TRUE(Declare("yunagi/residents", 3).ok());
  ASSERT_TRUE(Protect("akatsuki", 4, true).ok());
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(Declare("yunagi/residents", 5).ok());
    ASSERT_TRUE(End("yunagi/residents", 5).ok());
  }
  const auto size = std::filesystem::file_size(File());
  for (int i = 0; i < 2; ++i) {
    Reopen();
    ASSERT_TRUE(status_.ok()) << status_;
    EXPECT_LT(std::filesystem::file_size(File()), size / 10);
    EXPECT_EQ(Holders(0), Systems{"akatsuki/residents"});
    EXPECT_EQ(Holders(3), (Systems{"akatsuki/residents", "yunagi/residents"}));
    EXPECT_EQ(Holders(5), Systems{"akatsuki/residents"});
    EXPECT_TRUE(holdings_->IsProtected(Person(4)));
  }
  ASSERT_TRUE(Declare("yunagi/residents", 20).ok());
  Reopen();
  EXPECT_EQ(Holders(20), Systems{"yunagi/residents"});
}

TEST_F(HoldingRegisterTest, TheFileHoldsNoPersonsNumber) {
  const PersonNumber person = *PersonNumber::FromBytes("ABCDEFGHIJ");
  Completion<absl::Status> done;
  holdings_->Declare("a/b", kResidents, {person}, executor_, &done);
  ASSERT_TRUE(done.await_resume().ok());
  std::ifstream in(File(), std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  EXPECT_FALSE(absl::StrContains(bytes.str(), "ABCDEFGHIJ"));
}

TEST_F(HoldingRegisterTest, AnotherMasterKeyReadsNothing) {
  ASSERT_TRUE(Declare("akatsuki/residents", 1).ok());
  Reopen('x');
  EXPECT_EQ(ReasonOf(status_), "JOURNAL_DAMAGED") << status_;
}

}  // namespace
}  // namespace psm
