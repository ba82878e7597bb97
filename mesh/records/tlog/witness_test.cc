#include "mesh/records/tlog/witness.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/reference_tree.h"

namespace psm::tlog {
namespace {

constexpr char kLogName[] = "psm.test/watched";

std::shared_ptr<const Ed25519Key> SeededKey(char number) {
  return *Ed25519Key::FromRaw(SecretBytes(std::string(32, number)));
}

// A log that signs what it is told to.
class Log {
 public:
  explicit Log(std::vector<Hash> leaves, absl::string_view name = kLogName,
               char key = 1)
      : leaves_(std::move(leaves)),
        signer_(*NoteSigner::Make(name, SeededKey(key))) {}

  const NoteSigner& signer() const { return signer_; }
  std::string At(std::uint64_t size) const {
    Checkpoint checkpoint;
    checkpoint.origin = signer_.verifier().name();
    checkpoint.size = size;
    checkpoint.root = ReferenceRoot(absl::MakeConstSpan(leaves_).first(size));
    return SignedCheckpoint::Make(checkpoint, signer_)->ToText();
  }
  WitnessRequest Grow(std::uint64_t from, std::uint64_t to) const {
    WitnessRequest request;
    request.old_size = from;
    if (from != 0) {
      request.proof =
          ReferenceConsistency(from, absl::MakeConstSpan(leaves_).first(to));
    }
    request.checkpoint = At(to);
    return request;
  }

 private:
  const std::vector<Hash> leaves_;
  const NoteSigner signer_;
};

std::vector<Hash> RewrittenLeaves(std::size_t size) {
  std::vector<Hash> leaves = SomeLeaves(size);
  leaves[0][0] ^= 1;
  return leaves;
}

class WitnessTest : public testing::Test {
 protected:
  void SetUp() override { Restart(); }
  void Restart() {
    auto opened =
        Witness::Open(temp_.File("witness"), log_.signer().verifier(),
                      *Cosigner::Make("psm.test/w", SeededKey(9)), clock_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    witness_ = *std::move(opened);
  }
  WitnessAnswer Ask(const WitnessRequest& request) {
    auto answer = witness_->AddCheckpoint(request);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return *answer;
  }
  std::uint64_t KeptSize() {
    const auto latest = witness_->Latest();
    EXPECT_TRUE(latest.ok()) << latest.status();
    return latest->has_value() ? (*latest)->size() : 0;
  }
  std::size_t EvidenceFiles() const {
    std::size_t count = 0;
    std::error_code none;
    for (auto file = std::filesystem::directory_iterator(
             temp_.File("witness/evidence"), none);
         file != std::filesystem::directory_iterator(); ++file) {
      ++count;
    }
    return count;
  }

  const TempFolder temp_;
  const Log log_{SomeLeaves(40)};
  const Log rewritten_{RewrittenLeaves(40)};  // same key, another history
  ManualClock clock_{absl::FromUnixSeconds(1700000000)};
  std::unique_ptr<Witness> witness_;
};

TEST_F(WitnessTest, CosignsALogThatOnlyGrows) {
  std::uint64_t size = 0;
  const VerifierKey key =
      Cosigner::Make("psm.test/w", SeededKey(9))->verifier();
  for (std::uint64_t next : {0u, 0u, 1u, 1u, 2u, 7u, 8u, 8u, 9u, 33u, 40u}) {
    const WitnessAnswer answer = Ask(log_.Grow(size, next));
    ASSERT_EQ(answer.outcome, WitnessOutcome::kCosigned) << answer.reason;
    auto checkpoint =
        SignedCheckpoint::Open(log_.At(next), log_.signer().verifier());
    ASSERT_TRUE(checkpoint->AddCosignature(answer.cosignature, key).ok());
    EXPECT_EQ(CosignatureTime(answer.cosignature), clock_.Now());
    EXPECT_EQ(WitnessAnswerBody(answer), FormatSignature(answer.cosignature));
    EXPECT_EQ((*witness_->Latest())->ToText(), checkpoint->ToText());
    size = next;
    clock_.Advance(absl::Seconds(1));
    Restart();  // nothing is in memory only
  }
  EXPECT_EQ(EvidenceFiles(), 0u);
}

TEST_F(WitnessTest, SaysItsOwnSizeWhereTheOldOneDiffers) {
  EXPECT_EQ(Ask(log_.Grow(0, 8)).outcome, WitnessOutcome::kCosigned);
  for (const auto& [from, to] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 8}, {0, 9}, {7, 9}, {9, 9}, {9, 20}, {0, 5}, {5, 5}, {5, 7}}) {
    const WitnessAnswer answer = Ask(log_.Grow(from, to));
    EXPECT_EQ(answer.outcome, WitnessOutcome::kConflict) << from << " " << to;
    EXPECT_EQ(answer.size, 8u);
    EXPECT_EQ(WitnessAnswerBody(answer), "8\n");
    EXPECT_FALSE(answer.split_view);
  }
  EXPECT_EQ(KeptSize(), 8u);
  // With what it said the log goes on.
  EXPECT_EQ(Ask(log_.Grow(8, 20)).outcome, WitnessOutcome::kCosigned);
}

TEST_F(WitnessTest, RefusesAProofThatDoesNotHold) {
  EXPECT_EQ(Ask(log_.Grow(0, 7)).outcome, WitnessOutcome::kCosigned);
  WitnessRequest longer = log_.Grow(7, 20);
  longer.proof.push_back(EmptyRoot());
  WitnessRequest shorter = log_.Grow(7, 20);
  shorter.proof.pop_back();
  WitnessRequest changed = log_.Grow(7, 20);
  changed.proof[1][31] ^= 1;
  WitnessRequest none = log_.Grow(7, 20);
  none.proof.clear();
  WitnessRequest of_another = log_.Grow(7, 20);
  of_another.proof = log_.Grow(7, 21).proof;
  WitnessRequest same = log_.Grow(7, 7);
  same.proof.push_back(EmptyRoot());
  // A history rewritten below the kept size, with its own true proof.
  const WitnessRequest rewritten = rewritten_.Grow(7, 20);
  for (const WitnessRequest& bad :
       {longer, shorter, changed, none, of_another, same, rewritten}) {
    const WitnessAnswer answer = Ask(bad);
    EXPECT_EQ(answer.outcome, WitnessOutcome::kInconsistent);
    EXPECT_NE(answer.reason, "");
    EXPECT_FALSE(answer.split_view);
  }
  EXPECT_EQ(KeptSize(), 7u);
  EXPECT_EQ(Ask(log_.Grow(7, 20)).outcome, WitnessOutcome::kCosigned);
}

TEST_F(WitnessTest, StartsWithNoProofAndATrueEmptyTree) {
  WitnessRequest with_proof = log_.Grow(0, 5);
  with_proof.proof.push_back(EmptyRoot());
  EXPECT_EQ(Ask(with_proof).outcome, WitnessOutcome::kInconsistent);
  // A signed checkpoint of an empty tree with a root, which Make refuses.
  Note note;
  note.text = absl::StrCat(kLogName, "\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA",
                           "3j2jxq2I=\n");
  note.signatures = {*log_.signer().Sign(note.text)};
  EXPECT_EQ(Ask({0, {}, FormatNote(note)}).outcome,
            WitnessOutcome::kInconsistent);
  EXPECT_EQ(KeptSize(), 0u);
}

TEST_F(WitnessTest, KeepsBothSidesOfASplitView) {
  EXPECT_EQ(Ask(log_.Grow(0, 9)).outcome, WitnessOutcome::kCosigned);
  const std::string kept = (*witness_->Latest())->ToText();
  const WitnessAnswer answer = Ask(rewritten_.Grow(9, 9));
  EXPECT_EQ(answer.outcome, WitnessOutcome::kInconsistent);
  EXPECT_TRUE(answer.split_view);
  EXPECT_NE(answer.reason.find("split view"), std::string::npos);
  ASSERT_EQ(EvidenceFiles(), 2u);
  int of_each[2] = {0, 0};
  for (const auto& file :
       std::filesystem::directory_iterator(temp_.File("witness/evidence"))) {
    const std::string text =
        temp_.Read("witness/evidence/" + file.path().filename().string());
    of_each[0] += text == kept;
    of_each[1] += text == rewritten_.At(9);
    // Either convinces anybody who has the log's key.
    EXPECT_TRUE(SignedCheckpoint::Open(text, log_.signer().verifier()).ok());
  }
  EXPECT_EQ(of_each[0], 1);
  EXPECT_EQ(of_each[1], 1);
  // Noticed also where the old size is wrong; once is enough for each.
  const WitnessAnswer unaware = Ask(rewritten_.Grow(0, 9));
  EXPECT_EQ(unaware.outcome, WitnessOutcome::kConflict);
  EXPECT_TRUE(unaware.split_view);
  EXPECT_EQ(EvidenceFiles(), 2u);
  EXPECT_EQ((*witness_->Latest())->ToText(), kept);
}

TEST_F(WitnessTest, EvidenceDoesNotFillTheDisk) {
  EXPECT_EQ(Ask(log_.Grow(0, 3)).outcome, WitnessOutcome::kCosigned);
  for (int i = 0; i < 20; ++i) {
    std::vector<Hash> leaves = SomeLeaves(3);
    leaves[0] = LeafHash(absl::StrCat(i));
    EXPECT_TRUE(Ask(Log(leaves).Grow(3, 3)).split_view);
  }
  EXPECT_EQ(EvidenceFiles(), 16u);
}

TEST_F(WitnessTest, HearsOnlyItsLog) {
  const auto outcome = [&](const std::string& checkpoint,
                           std::uint64_t old_size = 0) {
    return Ask({old_size, {}, checkpoint}).outcome;
  };
  EXPECT_EQ(outcome(""), WitnessOutcome::kMalformed);
  EXPECT_EQ(outcome("words\n"), WitnessOutcome::kMalformed);
  EXPECT_EQ(outcome(log_.At(5), 6), WitnessOutcome::kMalformed);
  EXPECT_EQ(outcome(Log(SomeLeaves(5), "psm.test/other").At(5)),
            WitnessOutcome::kUnknownLog);
  EXPECT_EQ(outcome(Log(SomeLeaves(5), kLogName, 2).At(5)),
            WitnessOutcome::kNotSigned);
  std::string forged = log_.At(5);
  forged.replace(forged.find("\n5\n"), 3, "\n6\n");
  EXPECT_EQ(outcome(forged), WitnessOutcome::kNotSigned);
  EXPECT_EQ(KeptSize(), 0u);
  EXPECT_FALSE(std::filesystem::exists(temp_.File("witness/checkpoint")));
}

TEST_F(WitnessTest, KeepsNobodyElsesSignatures) {
  auto checkpoint =
      *SignedCheckpoint::Open(log_.At(4), log_.signer().verifier());
  for (int i = 1; i < 64; ++i) {
    const auto other = *Cosigner::Make(absl::StrCat("w", i), SeededKey(3));
    ASSERT_TRUE(checkpoint
                    .AddCosignature(*other.Sign(checkpoint.note().text,
                                                absl::FromUnixSeconds(1)),
                                    other.verifier())
                    .ok());
  }
  EXPECT_EQ(Ask({0, {}, checkpoint.ToText()}).outcome,
            WitnessOutcome::kCosigned);
  EXPECT_EQ((*witness_->Latest())->note().signatures.size(), 2u);
}

TEST_F(WitnessTest, DecidesNothingWithoutItsState) {
  EXPECT_EQ(Ask(log_.Grow(0, 9)).outcome, WitnessOutcome::kCosigned);
  const std::string good = temp_.Read("witness/checkpoint");
  std::string changed = good;
  changed.replace(changed.find("\n9\n"), 3, "\n8\n");
  // Signed by the log, but never cosigned: put there by somebody else.
  for (const std::string& bad :
       {std::string(), good.substr(0, 50), changed, log_.At(5)}) {
    temp_.Write("witness/checkpoint", bad);
    EXPECT_EQ(witness_->AddCheckpoint(log_.Grow(9, 10)).status().code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(Witness::Open(temp_.File("witness"), log_.signer().verifier(),
                            *Cosigner::Make("psm.test/w", SeededKey(9)), clock_)
                  .status()
                  .code(),
              absl::StatusCode::kFailedPrecondition);
  }
  temp_.Write("witness/checkpoint", good);
  EXPECT_EQ(Ask(log_.Grow(9, 10)).outcome, WitnessOutcome::kCosigned);
}

TEST_F(WitnessTest, DoesNotAnswerWhatItCannotKeep) {
  EXPECT_EQ(Ask(log_.Grow(0, 9)).outcome, WitnessOutcome::kCosigned);
  // The draft's name is taken by a folder: no checkpoint can be written.
  std::filesystem::create_directory(temp_.File("witness/checkpoint.partial"));
  EXPECT_FALSE(witness_->AddCheckpoint(log_.Grow(9, 10)).ok());
  EXPECT_EQ(KeptSize(), 9u);
  std::filesystem::remove(temp_.File("witness/checkpoint.partial"));
  EXPECT_EQ(Ask(log_.Grow(9, 10)).outcome, WitnessOutcome::kCosigned);
}

// The race that the specification warns of: nobody is answered for a size below
// one that was already answered for.
TEST_F(WitnessTest, NeverGoesBackUnderConcurrentRequests) {
  EXPECT_EQ(Ask(log_.Grow(0, 1)).outcome, WitnessOutcome::kCosigned);
  std::vector<std::thread> threads;
  std::atomic<int> cosigned = 0;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      // Each as another process would have it.
      auto own =
          *Witness::Open(temp_.File("witness"), log_.signer().verifier(),
                         *Cosigner::Make("psm.test/w", SeededKey(9)), clock_);
      for (std::uint64_t next = 2 + static_cast<std::uint64_t>(t); next <= 40;
           next += 2) {
        while (true) {
          const auto latest = own->Latest();
          ASSERT_TRUE(latest.ok()) << latest.status();
          const std::uint64_t from = (*latest)->size();
          if (from >= next) break;
          const auto answer = own->AddCheckpoint(log_.Grow(from, next));
          ASSERT_TRUE(answer.ok()) << answer.status();
          if (answer->outcome == WitnessOutcome::kCosigned) {
            ++cosigned;
            EXPECT_GE((*own->Latest())->size(), next);
            break;
          }
          ASSERT_EQ(answer->outcome, WitnessOutcome::kConflict);
          ASSERT_GT(answer->size, from);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(KeptSize(), 40u);
  EXPECT_GT(cosigned, 0);
}

TEST(WitnessRequestTest, IsReadAsWritten) {
  const std::vector<Hash> hashes = SomeLeaves(63);
  for (std::size_t count : {0u, 1u, 63u}) {
    WitnessRequest request;
    request.old_size = 20852014;
    request.proof.assign(hashes.begin(),
                         hashes.begin() + static_cast<std::ptrdiff_t>(count));
    request.checkpoint = "text\n\n— a b\n";
    const std::string body = FormatWitnessRequest(request);
    const auto again = ParseWitnessRequest(body);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->old_size, request.old_size);
    EXPECT_EQ(again->proof, request.proof);
    EXPECT_EQ(again->checkpoint, request.checkpoint);
    EXPECT_EQ(FormatWitnessRequest(*again), body);
  }
}

TEST(WitnessRequestTest, EveryOtherFormIsRefused) {
  const std::string hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  std::string long_proof = "old 1\n";
  for (int i = 0; i < 64; ++i) absl::StrAppend(&long_proof, hash, "\n");
  for (const std::string& bad :
       std::vector<std::string>{"",
                                "\n",
                                "old 1",
                                "old 1\n",
                                "old 1\n" + hash,
                                "old 1\n" + hash + "\n",
                                "\nold 1\n\nx",
                                "old\n\nx",
                                "old \n\nx",
                                "old 01\n\nx",
                                "old -1\n\nx",
                                "old  1\n\nx",
                                "old 1 \n\nx",
                                "OLD 1\n\nx",
                                "old 1\r\n\nx",
                                "old 9223372036854775808\n\nx",
                                "old 1\n" + hash.substr(1) + "\n\nx",
                                "old 1\n" + hash + "=\n\nx",
                                "old 1\n" + hash + " \n\nx",
                                "old 1\nQUJD\n\nx",
                                long_proof + "\nx"}) {
    EXPECT_EQ(ParseWitnessRequest(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

}  // namespace
}  // namespace psm::tlog
