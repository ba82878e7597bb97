// Who names the next key of a log, and who would like to.
#include "mesh/records/log_keys.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mesh/records/key_rotation.h"
#include "mesh/records/record_testing.h"
#include "mesh/records/tlog/note.h"

namespace psm {
namespace {

using records::v1::Record;
using Signer = std::shared_ptr<const tlog::NoteSigner>;

const std::string& TestSeed() {
  static const auto* const seed = new std::string(kSeedBytes, 's');
  return *seed;
}

Record RotationAt(std::uint64_t index, const Signer& from, const Signer& to) {
  const auto note = SignRotation(index, *from, *to);
  EXPECT_TRUE(note.ok()) << note.status();
  return RotationRecord(*note, absl::FromUnixSeconds(kSampleSeconds));
}

std::string CheckpointOf(std::uint64_t size, const Signer& signer) {
  tlog::Checkpoint checkpoint;
  checkpoint.origin = signer->verifier().name();
  checkpoint.size = size;
  const auto made = tlog::SignedCheckpoint::Make(checkpoint, *signer);
  EXPECT_TRUE(made.ok()) << made.status();
  return made->ToText();
}

class LogKeysTest : public ::testing::Test {
 protected:
  LogKeys Chain() {
    LogKeys keys(first_->verifier());
    EXPECT_TRUE(keys.Follow(RotationAt(9, first_, second_), TestSeed()).ok());
    EXPECT_TRUE(keys.Follow(RotationAt(19, second_, third_), TestSeed()).ok());
    return keys;
  }
  const Signer first_ = NewTestSigner();
  const Signer second_ = NewTestSigner();
  const Signer third_ = NewTestSigner();
};

TEST_F(LogKeysTest, EachKeySignsTheTreesOfItsTime) {
  const LogKeys keys = Chain();
  for (std::uint64_t size = 1; size <= 30; ++size) {
    const Signer& right = size <= 10 ? first_ : size <= 20 ? second_ : third_;
    for (const Signer& signer : {first_, second_, third_}) {
      const auto opened = keys.Open(CheckpointOf(size, signer));
      EXPECT_EQ(opened.ok(), signer == right) << size;
      EXPECT_EQ(absl::IsPermissionDenied(opened.status()), signer != right);
    }
  }
}

TEST_F(LogKeysTest, AreTheSameReadBack) {
  const LogKeys keys = Chain();
  const auto read = LogKeys::FromText(keys.ToText());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->ToText(), keys.ToText());
  EXPECT_EQ(read->current().ToText(), third_->verifier().ToText());
  ASSERT_EQ(read->rotations().size(), 2u);
  EXPECT_EQ(read->rotations()[1].index, 19u);
  EXPECT_EQ(read->rotations()[1].leaf, keys.rotations()[1].leaf);
}

TEST_F(LogKeysTest, AreFollowedFromAnyKeyThatIsTrusted) {
  const std::string published = Chain().ToText();
  for (const Signer& signer : {first_, second_, third_}) {
    LogKeys keys(signer->verifier());
    ASSERT_TRUE(keys.Follow(published).ok());
    EXPECT_EQ(keys.current().id(), third_->verifier().id());
    EXPECT_TRUE(keys.Open(CheckpointOf(21, third_)).ok());
    // As often as one likes; an older copy leads nowhere else.
    EXPECT_TRUE(keys.Follow(published).ok());
  }
  LogKeys old(first_->verifier());
  ASSERT_TRUE(old.Follow(RotationAt(9, first_, second_), TestSeed()).ok());
  LogKeys keys = Chain();
  EXPECT_TRUE(keys.Follow(old.ToText()).ok());
  EXPECT_EQ(keys.all().size(), 3u);
}

TEST_F(LogKeysTest, NobodyElseNamesAKey) {
  const Signer stranger = NewTestSigner();
  const std::vector<std::pair<const char*, Record>> forged = {
      {"by a stranger", RotationAt(30, stranger, third_)},
      {"by a key that was the log's", RotationAt(30, first_, stranger)},
      {"by the key that is named", RotationAt(30, stranger, second_)},
      {"at an index before the last", RotationAt(9, third_, stranger)},
      {"of a key that comes back", RotationAt(30, third_, first_)},
      {"of another kind", [&] {
         Record record = RotationAt(30, third_, stranger);
         record.set_kind(Record::EXCHANGE);
         return record;
       }()}};
  for (const auto& [what, record] : forged) {
    LogKeys keys = Chain();
    EXPECT_FALSE(keys.Follow(record, TestSeed()).ok()) << what;
    EXPECT_EQ(keys.all().size(), 3u) << what;
  }
  LogKeys keys = Chain();
  EXPECT_TRUE(keys.Follow(RotationAt(30, third_, stranger), TestSeed()).ok());
}

TEST_F(LogKeysTest, APublishedFileMayNotLeadElsewhere) {
  LogKeys elsewhere(first_->verifier());
  ASSERT_TRUE(elsewhere.Follow(RotationAt(9, first_, third_), TestSeed()).ok());
  LogKeys keys = Chain();
  EXPECT_TRUE(
      absl::IsPermissionDenied(keys.Follow(elsewhere.ToText()).status()));
  LogKeys none(NewTestSigner()->verifier());
  EXPECT_TRUE(absl::IsPermissionDenied(none.Follow(Chain().ToText()).status()));
  // The stranger's vkey in front of true rotations.
  const std::vector<std::string> lines = absl::StrSplit(Chain().ToText(), '\n');
  const std::string stranger =
      NewTestSigner()->verifier().ToText() + "\n" + lines[1] + "\n";
  EXPECT_FALSE(LogKeys::FromText(stranger).ok());
  // A rotation left out.
  EXPECT_FALSE(LogKeys::FromText(lines[0] + "\n" + lines[2] + "\n").ok());
}

// Each byte counts: of the statement, and of both signatures.
TEST_F(LogKeysTest, AChangedStatementIsNone) {
  const auto note = SignRotation(9, *first_, *second_);
  ASSERT_TRUE(note.ok());
  ASSERT_TRUE(OpenRotation(*note, first_->verifier()).ok());
  for (std::size_t i = 0; i < note->size(); ++i) {
    std::string changed = *note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(OpenRotation(changed, first_->verifier()).ok()) << i;
  }
  // Without the new key's own signature, anybody's could be named.
  auto parsed = tlog::ParseNote(*note);
  ASSERT_TRUE(parsed.ok());
  for (const std::size_t left_out : {0, 1}) {
    tlog::Note one = *parsed;
    one.signatures.erase(one.signatures.begin() +
                         static_cast<std::ptrdiff_t>(left_out));
    EXPECT_TRUE(absl::IsPermissionDenied(
        OpenRotation(tlog::FormatNote(one), first_->verifier()).status()));
  }
  // And no checkpoint is one, nor the other way round.
  EXPECT_FALSE(OpenRotation(CheckpointOf(9, first_), first_->verifier()).ok());
  EXPECT_FALSE(tlog::SignedCheckpoint::Open(*note, first_->verifier()).ok());
}

TEST_F(LogKeysTest, AKeyOfAnotherLogIsNotNamed) {
  auto key = Ed25519Key::Generate();
  ASSERT_TRUE(key.ok());
  const auto other =
      tlog::NoteSigner::Make("psm.test/log/other", *std::move(key));
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(SignRotation(9, *first_, *other).ok());
  EXPECT_FALSE(SignRotation(9, *first_, *first_).ok());
}

}  // namespace
}  // namespace psm
