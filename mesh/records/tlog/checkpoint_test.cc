#include "mesh/records/tlog/checkpoint.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace psm::tlog {
namespace {

constexpr char kOrigin[] = "psm.test/gateway";
// The root of the specification's example.
constexpr char kRoot[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
constexpr absl::Time kNow = absl::FromUnixSeconds(1700000000);

NoteSigner LogKey(absl::string_view name = kOrigin, char number = 1) {
  return *NoteSigner::Make(
      name, *Ed25519Key::FromRaw(SecretBytes(std::string(32, number))));
}

Cosigner WitnessKey(absl::string_view name, char number) {
  return *Cosigner::Make(
      name, *Ed25519Key::FromRaw(SecretBytes(std::string(32, number))));
}

Checkpoint SomeCheckpoint(std::uint64_t size = 7) {
  Checkpoint checkpoint;
  checkpoint.origin = kOrigin;
  checkpoint.size = size;
  checkpoint.root = size == 0 ? EmptyRoot() : LeafHash("root");
  return checkpoint;
}

TEST(CheckpointTest, IsWrittenAsTheSpecificationShows) {
  const std::string text =
      absl::StrCat("example.com/behind-the-sofa\n20852163\n", kRoot, "\n");
  const auto checkpoint = ParseCheckpoint(text);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20852163u);
  EXPECT_EQ(checkpoint->root[0], 0x0a);
  EXPECT_TRUE(checkpoint->extensions.empty());
  EXPECT_EQ(*FormatCheckpoint(*checkpoint), text);

  const std::string extended = text + "one\n— two\n";
  const auto again = ParseCheckpoint(extended);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->extensions, std::vector<std::string>({"one", "— two"}));
  EXPECT_EQ(*FormatCheckpoint(*again), extended);
}

TEST(CheckpointTest, EveryOtherTextIsRefused) {
  const std::string root = kRoot;
  for (const std::string& bad : std::vector<std::string>{
           "",
           "\n",
           "o\n",
           "o\n1\n",
           "o\n1\n" + root,
           "\n1\n" + root + "\n",
           "o\n\n" + root + "\n",
           "o\n1\n\n",
           "o\n1\n" + root + "\n\n",
           "o\n1\n" + root + "\n\nx\n",
           "\no\n1\n" + root + "\n",
           "o\n01\n" + root + "\n",
           "o\n-1\n" + root + "\n",
           "o\n+1\n" + root + "\n",
           "o\n 1\n" + root + "\n",
           "o\n1 \n" + root + "\n",
           "o\n0x1\n" + root + "\n",
           "o\n00\n" + root + "\n",
           "o\n9223372036854775808\n" + root + "\n",
           "o\n1\n" + root.substr(0, 43) + "\n",
           "o\n1\n " + root + "\n",
           "o\n1\n" + root.substr(0, 42) + "J=\n",  // unused bits
           "o\n1\nQUJD\n",
           "o\n1\n" + root + root + "\n",
           "o\n1\r\n" + root + "\n",
           "o\r\n1\n" + root + "\n",
           "o\t\n1\n" + root + "\n",
           "\xff\n1\n" + root + "\n"}) {
    EXPECT_EQ(ParseCheckpoint(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(CheckpointTest, WhatWouldNotBeReadBackIsNotWritten) {
  for (const char* line : {"", "a\nb", "a\n", "a\tb", "\xff"}) {
    Checkpoint bad = SomeCheckpoint();
    bad.origin = line;
    EXPECT_FALSE(FormatCheckpoint(bad).ok()) << line;
    bad = SomeCheckpoint();
    bad.extensions = {"fine", line};
    EXPECT_FALSE(FormatCheckpoint(bad).ok()) << line;
  }
  EXPECT_FALSE(FormatCheckpoint(SomeCheckpoint(kMaxTreeSize + 1)).ok());
  EXPECT_TRUE(FormatCheckpoint(SomeCheckpoint(kMaxTreeSize)).ok());
}

TEST(SignedCheckpointTest, OpensWithTheKeyOfItsLogAndNoOther) {
  Checkpoint checkpoint = SomeCheckpoint();
  checkpoint.extensions = {"extension"};
  const auto made = SignedCheckpoint::Make(checkpoint, LogKey());
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string bytes = made->ToText();
  const auto opened = SignedCheckpoint::Open(bytes, LogKey().verifier());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->checkpoint() == checkpoint);
  EXPECT_EQ(opened->ToText(), bytes);

  const auto code = [](absl::string_view note, const VerifierKey& key) {
    return SignedCheckpoint::Open(note, key).status().code();
  };
  // The name is right and the key is not; and the other way round.
  EXPECT_EQ(code(bytes, LogKey(kOrigin, 2).verifier()),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(bytes, LogKey("psm.test/other", 1).verifier()),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(code(bytes, WitnessKey(kOrigin, 1).verifier()),
            absl::StatusCode::kInvalidArgument);
  // Signed by the log, in its own name, for another origin.
  Note foreign = made->note();
  Checkpoint other = checkpoint;
  other.origin = "psm.test/other";
  foreign.text = *FormatCheckpoint(other);
  foreign.signatures = {*LogKey().Sign(foreign.text)};
  EXPECT_EQ(code(FormatNote(foreign), LogKey().verifier()),
            absl::StatusCode::kNotFound);
  // No checkpoint, though signed.
  foreign.text = "words\n";
  foreign.signatures = {*LogKey().Sign(foreign.text)};
  EXPECT_EQ(code(FormatNote(foreign), LogKey().verifier()),
            absl::StatusCode::kInvalidArgument);
}

TEST(SignedCheckpointTest, EveryChangedByteIsNoticed) {
  const std::string bytes =
      SignedCheckpoint::Make(SomeCheckpoint(), LogKey())->ToText();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string bad = bytes;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(SignedCheckpoint::Open(bad, LogKey().verifier()).ok()) << i;
    EXPECT_FALSE(
        SignedCheckpoint::Open(bytes.substr(0, i), LogKey().verifier()).ok())
        << i;
  }
  EXPECT_FALSE(SignedCheckpoint::Open(bytes + "\n", LogKey().verifier()).ok());
}

TEST(SignedCheckpointTest, IsNotMadeInAnothersNameNorWithAFalseEmptyRoot) {
  EXPECT_FALSE(
      SignedCheckpoint::Make(SomeCheckpoint(), LogKey("psm.test/other")).ok());
  EXPECT_TRUE(SignedCheckpoint::Make(SomeCheckpoint(0), LogKey()).ok());
  Checkpoint bad = SomeCheckpoint(0);
  bad.root = LeafHash("root");
  EXPECT_FALSE(SignedCheckpoint::Make(bad, LogKey()).ok());
}

TEST(SignedCheckpointTest, GathersOneCosignatureOfEachWitness) {
  auto checkpoint = *SignedCheckpoint::Make(SomeCheckpoint(), LogKey());
  const std::string& text = checkpoint.note().text;
  const Cosigner one = WitnessKey("one.example", 5);
  const Cosigner two = WitnessKey("two.example", 6);
  EXPECT_TRUE(
      checkpoint.AddCosignature(*one.Sign(text, kNow), one.verifier()).ok());
  EXPECT_TRUE(
      checkpoint.AddCosignature(*two.Sign(text, kNow), two.verifier()).ok());
  const absl::Time later = kNow + absl::Hours(1);
  EXPECT_TRUE(
      checkpoint.AddCosignature(*one.Sign(text, later), one.verifier()).ok());
  EXPECT_EQ(checkpoint.note().signatures.size(), 3u);

  const auto opened =
      SignedCheckpoint::Open(checkpoint.ToText(), LogKey().verifier());
  ASSERT_TRUE(opened.ok()) << opened.status();
  const std::vector<VerifierKey> witnesses = {
      two.verifier(), WitnessKey("three.example", 7).verifier(),
      one.verifier()};
  const auto cosigned = opened->Cosignatures(witnesses);
  ASSERT_TRUE(cosigned.ok()) << cosigned.status();
  ASSERT_EQ(cosigned->size(), 2u);
  EXPECT_EQ((*cosigned)[0].key, 2u);
  EXPECT_EQ((*cosigned)[0].time, later);
  EXPECT_EQ((*cosigned)[1].key, 0u);
  EXPECT_EQ((*cosigned)[1].time, kNow);
  // Nobody who is known has cosigned.
  EXPECT_EQ(opened->Cosignatures({&witnesses[1], 1}).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(SignedCheckpointTest, TakesNoCosignatureThatDoesNotHold) {
  auto checkpoint = *SignedCheckpoint::Make(SomeCheckpoint(), LogKey());
  const std::string text = checkpoint.note().text;
  const Cosigner one = WitnessKey("one.example", 5);
  const auto denied = absl::StatusCode::kPermissionDenied;
  const NoteSignature good = *one.Sign(text, kNow);
  NoteSignature forged = good;
  forged.bytes[0] = static_cast<char>(forged.bytes[0] ^ 1);  // another time
  const NoteSignature of_another = *one.Sign(
      SignedCheckpoint::Make(SomeCheckpoint(8), LogKey())->note().text, kNow);
  const auto add = [&](const NoteSignature& signature, const VerifierKey& key) {
    return checkpoint.AddCosignature(signature, key).code();
  };
  EXPECT_EQ(add(forged, one.verifier()), denied);
  EXPECT_EQ(add(of_another, one.verifier()), denied);
  EXPECT_EQ(add(good, WitnessKey("two.example", 5).verifier()), denied);
  EXPECT_EQ(add(good, WitnessKey("one.example", 6).verifier()), denied);
  EXPECT_EQ(add(*LogKey().Sign(text), LogKey().verifier()),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(checkpoint.note().signatures.size(), 1u);
  for (int i = 1; i < 64; ++i) {
    const Cosigner witness = WitnessKey(absl::StrCat("w", i), 9);
    ASSERT_EQ(add(*witness.Sign(text, kNow), witness.verifier()),
              absl::StatusCode::kOk);
  }
  EXPECT_EQ(add(good, one.verifier()), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(
      SignedCheckpoint::Open(checkpoint.ToText(), LogKey().verifier()).ok());
}

}  // namespace
}  // namespace psm::tlog
