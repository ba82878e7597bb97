#include "services/openid/signing_keys.h"

#include <set>

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"

namespace psm::openid {
namespace {

class SigningKeysTest : public testing::Test {
 protected:
  std::unique_ptr<SigningKeys> Open() {
    auto keys = SigningKeys::Open(folder_.File("keys.json"),
                                  JwsAlgorithm::kEs256, &clock_);
    EXPECT_TRUE(keys.ok()) << keys.status();
    return *std::move(keys);
  }
  static std::set<std::string> Published(SigningKeys& keys) {
    std::set<std::string> kids;
    const auto set = *keys.PublicSet();
    for (const auto& jwk : set["keys"]) {
      EXPECT_FALSE(jwk.contains("d"));
      kids.insert(jwk["kid"].get<std::string>());
    }
    return kids;
  }

  TempFolder folder_;
  ManualClock clock_{absl::FromUnixSeconds(1760000000)};
};

TEST_F(SigningKeysTest, TheNextIsPublishedBeforeItSignsAndTheFormerAfter) {
  const auto keys = Open();
  const std::string first = (*keys->Current())->kid();
  EXPECT_EQ(Published(*keys), std::set<std::string>{first});
  clock_.Advance(kKeyPeriod / 2);
  EXPECT_EQ((*keys->Current())->kid(), first);
  const std::set<std::string> two = Published(*keys);
  EXPECT_EQ(two.size(), 2u);

  clock_.Advance(kKeyPeriod / 2);
  const std::string second = (*keys->Current())->kid();
  EXPECT_NE(second, first);
  EXPECT_EQ(two.count(second), 1u);
  EXPECT_EQ(Published(*keys).count(first), 1u);

  clock_.Advance(kKeyPeriod);
  const std::string third = (*keys->Current())->kid();
  EXPECT_EQ(Published(*keys).count(second), 1u);
  EXPECT_NE(third, second);

  clock_.Advance(kKeyPeriod / 2);
  EXPECT_EQ(Published(*keys).size(), 3u);
  EXPECT_EQ(Published(*keys).count(second), 1u);
  EXPECT_EQ(Published(*keys).count(first), 0u);
}

TEST_F(SigningKeysTest, ARestartKeepsThemAndAFormerKeysTokenStillVerifies) {
  const auto token =
      SplitJws((*Open()->Current())->Sign("JWT", {{"a", 1}}), 8192);
  const std::string first = (*Open()->Current())->kid();
  EXPECT_EQ(token->kid, first);
  clock_.Advance(kKeyPeriod / 2);
  const auto published = Published(*Open());
  EXPECT_EQ(published.size(), 2u);
  clock_.Advance(kKeyPeriod / 2);
  const auto keys = Open();
  EXPECT_EQ(published.count((*keys->Current())->kid()), 1u);
  EXPECT_TRUE(keys->Made(*token));
  auto forged = *token;
  forged.signed_part += "x";
  EXPECT_FALSE(keys->Made(forged));
  auto other = *token;
  other.alg = "HS256";
  EXPECT_FALSE(keys->Made(other));
  EXPECT_EQ(folder_.Mode("keys.json"), 0600u);
}

TEST_F(SigningKeysTest, ADamagedFileIsNotReplaced) {
  for (const char* bad :
       {"", "{}", "[]", "[{\"pem\":1}]", "[{\"pem\":\"x\",\"from\":1}]"}) {
    TempFolder folder;
    folder.Write("keys.json", bad);
    std::filesystem::permissions(folder.File("keys.json"),
                                 std::filesystem::perms(0600));
    EXPECT_TRUE(
        absl::IsInvalidArgument(SigningKeys::Open(folder.File("keys.json"),
                                                  JwsAlgorithm::kEs256, &clock_)
                                    .status()))
        << bad;
    EXPECT_EQ(folder.Read("keys.json"), bad);
  }
}

}  // namespace
}  // namespace psm::openid
