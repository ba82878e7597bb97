#include "mesh/records/log_head.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

tlog::Frontier FrontierOf(int leaves) {
  tlog::Frontier frontier;
  for (int i = 0; i < leaves; ++i) {
    frontier.Append(tlog::LeafHash(absl::StrCat("leaf ", i)));
  }
  return frontier;
}

TEST(LogHeadTest, ComesBackAsItWasSigned) {
  const std::shared_ptr<const tlog::NoteSigner> signer = TestSigner();
  for (int leaves : {1, 2, 3, 7, 8, 9, 1000}) {
    auto head = SignHead(FrontierOf(leaves), *signer);
    ASSERT_TRUE(head.ok()) << head.status();
    const std::string payload = EncodeHead(*head);
    EXPECT_LE(payload.size(), kMaxHeadBytes);
    auto read = DecodeHead(payload, signer->verifier());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->frontier.size(), static_cast<std::uint64_t>(leaves));
    EXPECT_EQ(read->frontier.Root(), head->checkpoint.root());
    EXPECT_EQ(read->checkpoint.ToText(), head->checkpoint.ToText());
  }
}

TEST(LogHeadTest, TheLargestFits) {
  auto key = Ed25519Key::Generate();
  ASSERT_TRUE(key.ok());
  auto signer = tlog::NoteSigner::Make(std::string(kMaxOriginBytes, 'o'),
                                       *std::move(key));
  ASSERT_TRUE(signer.ok()) << signer.status();
  // A size with as many bits set as there can be.
  auto frontier = tlog::Frontier::Restore(
      tlog::kMaxTreeSize, std::vector<tlog::Hash>(63, tlog::EmptyRoot()));
  ASSERT_TRUE(frontier.ok()) << frontier.status();
  auto head = SignHead(*frontier, *signer);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_LE(EncodeHead(*head).size(), kMaxHeadBytes);
}

TEST(LogHeadTest, AnyByteChangedIsNoticed) {
  const std::shared_ptr<const tlog::NoteSigner> signer = TestSigner();
  auto head = SignHead(FrontierOf(11), *signer);
  ASSERT_TRUE(head.ok());
  const std::string payload = EncodeHead(*head);
  for (std::size_t at = 0; at < payload.size(); ++at) {
    std::string changed = payload;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    auto read = DecodeHead(changed, signer->verifier());
    // The key id of the signature may be changed to one that nobody has.
    EXPECT_FALSE(read.ok()) << at;
  }
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(DecodeHead(payload.substr(0, size), signer->verifier()).ok())
        << size;
  }
  EXPECT_FALSE(DecodeHead(payload + "x", signer->verifier()).ok());
}

TEST(LogHeadTest, AnotherKeyIsToldApartFromDamage) {
  auto head = SignHead(FrontierOf(3), *TestSigner());
  ASSERT_TRUE(head.ok());
  auto key = Ed25519Key::Generate();
  ASSERT_TRUE(key.ok());
  auto other =
      tlog::NoteSigner::Make(TestSigner()->verifier().name(), *std::move(key));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(ReasonOf(DecodeHead(EncodeHead(*head), other->verifier()).status()),
            "LOG_KEY_UNKNOWN");
}

}  // namespace
}  // namespace psm
