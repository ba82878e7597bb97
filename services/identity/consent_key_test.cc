#include "services/identity/consent_key.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/digest.h"

namespace psm::identity {
namespace {

TEST(ConsentKeyTest, TheKeyOutlivesARestart) {
  TempFolder folder;
  const auto first = *ConsentKey::OpenOrCreate(folder.File("key.pem"));
  const auto again = *ConsentKey::OpenOrCreate(folder.File("key.pem"));
  EXPECT_EQ(first->public_der(), again->public_der());
  EXPECT_EQ(first->kid(), again->kid());
  EXPECT_TRUE(first->key().Public()->VerifyRaw("x", again->key().SignRaw("x")));
}

TEST(ConsentKeyTest, TheKidIsTheHeadOfTheKeysDigest) {
  TempFolder folder;
  const auto key = *ConsentKey::OpenOrCreate(folder.File("key.pem"));
  EXPECT_EQ(key->kid().size(), 16u);
  EXPECT_EQ(absl::BytesToHexString(Sha256(key->public_der())).find(key->kid()),
            0u);
}

TEST(ConsentKeyTest, OnlyItsOwnerMayReadIt) {
  TempFolder folder;
  ASSERT_TRUE(ConsentKey::OpenOrCreate(folder.File("key.pem")).ok());
  namespace fs = std::filesystem;
  EXPECT_EQ(fs::status(folder.File("key.pem")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  fs::permissions(folder.File("key.pem"),
                  fs::perms::owner_read | fs::perms::group_read);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ConsentKey::OpenOrCreate(folder.File("key.pem")).status()));
}

TEST(ConsentKeyTest, ADamagedKeyIsNotReplaced) {
  TempFolder folder;
  const std::string file = folder.File("key.pem");
  ASSERT_TRUE(WriteWholeFile(file, "damaged", kPrivate).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(ConsentKey::OpenOrCreate(file).status()));
  EXPECT_EQ(*ReadPrivateFile(file), "damaged");
}

}  // namespace
}  // namespace psm::identity
