#include "mesh/records/log_key.h"

#include <sys/stat.h>

#include <string>

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

TEST(LogKeyTest, WhatItSignsTheVkeyBesideItVerifies) {
  TempFolder folder;
  const std::string file = folder.path() + "/log.pem";
  ASSERT_TRUE(CreateLogKey(file, LogOrigin(kMainLog)).ok());
  struct stat status;
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  auto signer = ReadLogKey(file, LogOrigin(kMainLog));
  ASSERT_TRUE(signer.ok()) << signer.status();
  auto verifier = ReadLogVerifier(file + ".vkey");
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  EXPECT_EQ(verifier->name(), "psm.test/log/main");
  auto signature = (*signer)->Sign("text\n");
  ASSERT_TRUE(signature.ok());
  EXPECT_TRUE(verifier->Verify("text\n", *signature));
}

TEST(LogKeyTest, AKeyIsNeverReplacedNorReadWhereOthersCan) {
  TempFolder folder;
  const std::string file = folder.path() + "/log.pem";
  ASSERT_TRUE(CreateLogKey(file, "psm.test/a").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(CreateLogKey(file, "psm.test/a")));
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  EXPECT_TRUE(
      absl::IsFailedPrecondition(ReadLogKey(file, "psm.test/a").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadLogVerifier(file).status()));
  EXPECT_TRUE(absl::IsNotFound(
      ReadLogKey(folder.path() + "/none", "psm.test/a").status()));
}

}  // namespace
}  // namespace psm
