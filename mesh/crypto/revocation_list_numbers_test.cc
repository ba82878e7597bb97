#include "mesh/crypto/revocation_list_numbers.h"

#include <memory>
#include <string>
#include <vector>

#include "certs/authority.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

using pki::Authority;

const absl::Time kThen = absl::FromUnixSeconds(1790000000);

class RevocationListNumbersTest : public testing::Test {
 protected:
  static std::string List(const Authority& authority, std::uint64_t number) {
    return *authority.IssueRevocationList({}, number, kThen, absl::Hours(24));
  }
  absl::Status Take(const std::string& lists) {
    return numbers_.Take(lists, issuers_);
  }

  const std::unique_ptr<Authority> root_ =
      *Authority::CreateRoot("root", kThen, absl::Hours(1000));
  const std::unique_ptr<Authority> other_ =
      *Authority::CreateRoot("other", kThen, absl::Hours(1000));
  // Of the same name and another key.
  const std::unique_ptr<Authority> stranger_ =
      *Authority::CreateRoot("root", kThen, absl::Hours(1000));
  const std::vector<Certificate> issuers_ = {root_->certificate(),
                                             other_->certificate()};
  RevocationListNumbers numbers_;
};

TEST_F(RevocationListNumbersTest, AnOlderListIsRefusedAndANewerOneTaken) {
  EXPECT_EQ(numbers_.highest(), 0u);
  EXPECT_TRUE(Take(List(*root_, 5)).ok());
  EXPECT_TRUE(Take(List(*root_, 5)).ok()) << "the same again";
  EXPECT_EQ(ReasonOf(Take(List(*root_, 4))), "CRL_OLDER");
  EXPECT_EQ(ReasonOf(Take(List(*root_, 4))), "CRL_OLDER") << "still";
  EXPECT_TRUE(Take(List(*root_, 6)).ok());
  EXPECT_EQ(numbers_.highest(), 6u);
}

TEST_F(RevocationListNumbersTest, EachIssuerCountsForItself) {
  ASSERT_TRUE(Take(List(*root_, 5) + List(*other_, 2)).ok());
  EXPECT_TRUE(Take(List(*other_, 3)).ok()) << "one may go";
  EXPECT_EQ(ReasonOf(Take(List(*other_, 9) + List(*root_, 4))), "CRL_OLDER");
  EXPECT_TRUE(Take(List(*other_, 3)).ok()) << "nothing of it was remembered";
}

TEST_F(RevocationListNumbersTest, WhoCannotSignBlocksNobody) {
  ASSERT_TRUE(Take(List(*stranger_, 1000)).ok());
  EXPECT_EQ(numbers_.highest(), 0u);
  EXPECT_TRUE(Take(List(*root_, 1)).ok());
}

TEST_F(RevocationListNumbersTest, WhatDoesNotParseIsAnError) {
  EXPECT_TRUE(absl::IsInvalidArgument(Take("")));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Take("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")));
}

}  // namespace
}  // namespace psm
