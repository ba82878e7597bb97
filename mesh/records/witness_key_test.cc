#include "mesh/records/witness_key.h"

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/log_key.h"

namespace psm {
namespace {

TEST(WitnessKeyTest, IsMadeOnceAndReadAgain) {
  const TempFolder temp;
  const std::string file = temp.File("new/key.pem");
  const auto made = OpenWitnessKey(file, "psm.test/w");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(temp.Mode("new/key.pem"), 0600u);
  EXPECT_EQ(temp.Mode("new"), 0700u);
  const auto again = OpenWitnessKey(file, "psm.test/w");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->verifier().ToText(), made->verifier().ToText());
  const auto vkey = ReadLogVerifier(file + ".vkey");
  ASSERT_TRUE(vkey.ok()) << vkey.status();
  const auto signature =
      again->Sign("psm.test/log\n", absl::FromUnixSeconds(1700000000));
  EXPECT_TRUE(vkey->Verify("psm.test/log\n", *signature));
  EXPECT_EQ(vkey->type(), tlog::SignatureType::kCosignature);
}

TEST(WitnessKeyTest, IsNotReadWhereOthersCanNorUnderAnotherName) {
  const TempFolder temp;
  const std::string file = temp.File("key.pem");
  EXPECT_FALSE(OpenWitnessKey(file, "no name").ok());
  EXPECT_EQ(temp.Read("key.pem"), "") << "nothing is left behind";
  ASSERT_TRUE(OpenWitnessKey(file, "psm.test/w").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      OpenWitnessKey(file, "psm.test/other").status()));
  std::filesystem::permissions(file, std::filesystem::perms(0640));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(OpenWitnessKey(file, "psm.test/w").status()));
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  temp.Write("key.pem", "no key");
  EXPECT_TRUE(
      absl::IsInvalidArgument(OpenWitnessKey(file, "psm.test/w").status()));
}

}  // namespace
}  // namespace psm
