#include "mesh/records/tlog/tlog_proof.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mesh/records/tlog/reference_tree.h"

namespace psm::tlog {
namespace {

constexpr char kProvenLog[] = "psm.test/proven";

std::shared_ptr<const Ed25519Key> ProofKey(char number) {
  return *Ed25519Key::FromRaw(SecretBytes(std::string(32, number)));
}

NoteSigner ProofLog(char number = 1) {
  return *NoteSigner::Make(kProvenLog, ProofKey(number));
}

Cosigner ProofWitness(char number) {
  return *Cosigner::Make(absl::StrCat("witness", number - '0'),
                         ProofKey(number));
}

// Of entry `index` in a tree of 11, cosigned by witnesses 1 and 2.
TlogProof SomeProof(std::uint64_t index = 6) {
  const std::vector<Hash> leaves = SomeLeaves(11);
  Checkpoint head;
  head.origin = kProvenLog;
  head.size = leaves.size();
  head.root = ReferenceRoot(leaves);
  auto checkpoint = *SignedCheckpoint::Make(head, ProofLog());
  for (char number : {'1', '2'}) {
    const Cosigner witness = ProofWitness(number);
    EXPECT_TRUE(
        checkpoint
            .AddCosignature(*witness.Sign(checkpoint.note().text,
                                          absl::FromUnixSeconds(1700000000)),
                            witness.verifier())
            .ok());
  }
  TlogProof proof;
  proof.index = index;
  proof.path = ReferenceInclusion(index, leaves);
  proof.checkpoint = checkpoint.ToText();
  return proof;
}

absl::StatusCode Verified(const TlogProof& proof, const Hash& leaf,
                          std::size_t quorum,
                          const std::vector<char>& witnesses = {'1', '2',
                                                                '3'}) {
  std::vector<VerifierKey> keys;
  for (char number : witnesses) keys.push_back(ProofWitness(number).verifier());
  return VerifyTlogProof(proof, leaf, ProofLog().verifier(), keys, quorum)
      .status()
      .code();
}

TEST(TlogProofTest, IsReadAsWrittenAndVerifies) {
  for (std::uint64_t index = 0; index < 11; ++index) {
    for (const char* extra : {"", "x", "\xff\n"}) {
      TlogProof proof = SomeProof(index);
      proof.extra = extra;
      const std::string text = FormatTlogProof(proof);
      const auto again = ParseTlogProof(text);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(FormatTlogProof(*again), text);
      EXPECT_EQ(again->extra, extra);
      EXPECT_EQ(Verified(*again, LeafHash(SomeEntry(index)), 2),
                absl::StatusCode::kOk);
    }
  }
}

TEST(TlogProofTest, ShowsOneEntryAtOnePlaceInOneLog) {
  const Hash leaf = LeafHash(SomeEntry(6));
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(Verified(SomeProof(), LeafHash(SomeEntry(7)), 0), invalid);
  TlogProof elsewhere = SomeProof();
  elsewhere.index = 7;
  EXPECT_EQ(Verified(elsewhere, leaf, 0), invalid);
  elsewhere.index = 11;
  EXPECT_EQ(Verified(elsewhere, leaf, 0), invalid);
  TlogProof shorter = SomeProof();
  shorter.path.pop_back();
  EXPECT_EQ(Verified(shorter, leaf, 0), invalid);
  const auto of_others = [&](const NoteSigner& log) {
    return VerifyTlogProof(SomeProof(), leaf, log.verifier(), {}, 0)
        .status()
        .code();
  };
  EXPECT_EQ(of_others(ProofLog()), absl::StatusCode::kOk);
  EXPECT_EQ(of_others(ProofLog(2)), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(of_others(*NoteSigner::Make("other", ProofKey(1))),
            absl::StatusCode::kNotFound);
}

TEST(TlogProofTest, CountsWitnessesThatAreKnownAndEachOnce) {
  const Hash leaf = LeafHash(SomeEntry(6));
  const auto ok = absl::StatusCode::kOk;
  const auto denied = absl::StatusCode::kPermissionDenied;
  EXPECT_EQ(Verified(SomeProof(), leaf, 3), denied);
  EXPECT_EQ(Verified(SomeProof(), leaf, 1, {'2'}), ok);
  EXPECT_EQ(Verified(SomeProof(), leaf, 2, {'2'}), denied);
  EXPECT_EQ(Verified(SomeProof(), leaf, 1, {'3'}), denied);
  EXPECT_EQ(Verified(SomeProof(), leaf, 0, {}), ok);
  EXPECT_EQ(Verified(SomeProof(), leaf, 1, {}), denied);
  // The log itself is no witness.
  const VerifierKey log = ProofLog().verifier();
  EXPECT_EQ(
      VerifyTlogProof(SomeProof(), leaf, log, {&log, 1}, 1).status().code(),
      denied);
  // The same witness twice.
  TlogProof twice = SomeProof();
  Note note = *ParseNote(twice.checkpoint);
  note.signatures[2] =
      *ProofWitness('1').Sign(note.text, absl::FromUnixSeconds(1700000001));
  twice.checkpoint = FormatNote(note);
  EXPECT_EQ(Verified(twice, leaf, 1), ok);
  EXPECT_EQ(Verified(twice, leaf, 2), denied);
  // A known witness's that does not hold spoils all.
  note.signatures[2].bytes[9] =
      static_cast<char>(note.signatures[2].bytes[9] ^ 1);
  twice.checkpoint = FormatNote(note);
  EXPECT_EQ(Verified(twice, leaf, 0), denied);
  EXPECT_EQ(Verified(twice, leaf, 0, {'2', '3'}), ok);
}

TEST(TlogProofTest, EveryOtherFormIsRefused) {
  TlogProof with_extra = SomeProof();
  with_extra.extra = "extra";
  const std::string good = FormatTlogProof(with_extra);
  TlogProof too_long = SomeProof();
  too_long.path.assign(65, EmptyRoot());
  std::vector<std::string> all = {"", "\n", "c2sp.org/tlog-proof@v1",
                                  "c2sp.org/tlog-proof@v1\n",
                                  FormatTlogProof(too_long)};
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{
           {"@v1\n", "@v2\n"},
           {"@v1\n", "@v1 \n"},
           {"@v1\n", "@v1\r\n"},
           {"index 6", "index 06"},
           {"index 6", "index -6"},
           {"index 6", "index  6"},
           {"index 6", "Index 6"},
           {"index 6\n", ""},
           {"index 6\n", "index 6\nindex 6\n"},
           {"extra ZXh0cmE=", "extra "},
           {"extra ZXh0cmE=", "extra"},
           {"extra ZXh0cmE=", "extra ZXh0cmE"},
           {"extra ZXh0cmE=\n", "extra ZXh0cmE=\nextra ZXh0cmE=\n"},
           {"\nindex", "\n\nindex"}}) {
    all.push_back(absl::StrReplaceAll(good, {{from, to}}));
    ASSERT_NE(all.back(), good) << from;
  }
  for (const std::string& bad : all) {
    EXPECT_EQ(ParseTlogProof(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

}  // namespace
}  // namespace psm::tlog
