#include "mesh/records/receipt.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/records/record_testing.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/reference_tree.h"

namespace psm {
namespace {

using records::v1::Receipt;
using records::v1::ReceiptProof;
using records::v1::Record;

// A log of ten records, the fourth and fifth of one exchange.
class ReceiptTest : public ::testing::Test {
 protected:
  ReceiptTest() {
    for (int i = 0; i < 10; ++i) {
      Record record = SampleRecord(i);
      record.add_withheld("tax.income");
      record.mutable_record_time()->set_seconds(kSampleSeconds + i);
      records_.push_back(record);
      seals_.push_back(Seal(record, SystemRandom()));
      const tlog::Hash leaf = tlog::LeafHash(seals_.back().leaf());
      leaves_.push_back(leaf);
      frontier_.Append(leaf);
    }
    tlog::Checkpoint checkpoint;
    checkpoint.origin = TestSigner()->verifier().name();
    checkpoint.size = frontier_.size();
    checkpoint.root = frontier_.Root();
    auto made = tlog::SignedCheckpoint::Make(checkpoint, *TestSigner());
    EXPECT_TRUE(made.ok()) << made.status();
    recorded_.index = 3;
    recorded_.seals = {seals_[3], seals_[4]};
    recorded_.checkpoint =
        std::make_shared<const tlog::SignedCheckpoint>(*std::move(made));
  }

  static Receipt Made(const Recorded& recorded) {
    Receipt receipt;
    EXPECT_TRUE(receipt.ParseFromString(MakeReceipt(recorded).Joined()));
    return receipt;
  }

  ReceiptProof ProofOf(int leaf) {
    ReceiptProof proof;
    *proof.mutable_receipt() = Made(recorded_);
    records::v1::ReceiptLeaf kept = proof.receipt().leaves(leaf);
    proof.mutable_receipt()->clear_leaves();
    *proof.mutable_receipt()->add_leaves() = kept;
    *proof.mutable_record() =
        OpenedToConsumer(records_[static_cast<std::size_t>(kept.index())]);
    tlog::MemoryReader tree(leaves_);
    auto inclusion = tlog::ProveInclusion(kept.index(), leaves_.size(), tree);
    EXPECT_TRUE(inclusion.ok()) << inclusion.status();
    for (const tlog::Hash& hash : *inclusion) {
      const absl::string_view bytes = tlog::AsBytes(hash);
      proof.add_inclusion(bytes.data(), bytes.size());
    }
    return proof;
  }

  std::vector<Record> records_;
  std::vector<RecordSeal> seals_;
  std::vector<tlog::Hash> leaves_;
  tlog::Frontier frontier_;
  Recorded recorded_;
  const tlog::VerifierKey& key_ = TestSigner()->verifier();
};

TEST_F(ReceiptTest, ProvesEachRecordOfAnExchange) {
  EXPECT_TRUE(VerifyReceiptProof(ProofOf(0), key_).ok());
  EXPECT_TRUE(VerifyReceiptProof(ProofOf(1), key_).ok());
}

TEST_F(ReceiptTest, StaysUnderAKilobyteHoweverManyPersonsAreNamed) {
  recorded_.index = 0;
  recorded_.seals = seals_;
  const Receipt receipt = Made(recorded_);
  EXPECT_LE(receipt.ByteSizeLong(), kMaxReceiptBytes);
  EXPECT_GE(receipt.leaves_size(), 7);
  EXPECT_EQ(receipt.leaves_size() + static_cast<int>(receipt.left_out()), 10);
}

// The same parts are opened of them as of the others, and they prove as much.
TEST_F(ReceiptTest, WhatItLeavesOutIsProvedByALeafThatComesWithTheProof) {
  recorded_.index = 0;
  recorded_.seals = seals_;
  const Receipt receipt = Made(recorded_);
  ASSERT_EQ(RecordsOf(receipt), 10);
  tlog::MemoryReader tree(leaves_);
  for (int i = 0; i < 10; ++i) {
    SCOPED_TRACE(i);
    const auto at = static_cast<std::size_t>(i);
    const Receipt only = OnlyLeaf(receipt, i);
    EXPECT_EQ(only.leaves(0).index(), at);
    EXPECT_EQ(IsLeftOut(only), i >= receipt.leaves_size());
    const ProvedRecord proved{records_[at], *tlog::ProveInclusion(at, 10, tree),
                              false, std::string(seals_[at].seed())};
    const auto shown = ShownProof(QuestionFor(only), proved);
    EXPECT_EQ(shown.has_leaf(), IsLeftOut(only));
    const ReceiptProof proof = psm::ProofOf(only, shown);
    EXPECT_TRUE(VerifyReceiptProof(proof, key_).ok());
    Recorded alone = recorded_;
    alone.index = at;
    alone.seals = {seals_[at]};
    EXPECT_EQ(proof.receipt().SerializeAsString(),
              Made(alone).SerializeAsString());
  }
}

TEST_F(ReceiptTest, IsNotBelievedToBeOfMoreRecordsThanCanBe) {
  Receipt receipt = Made(recorded_);
  EXPECT_EQ(RecordsOf(receipt), 2);
  receipt.set_left_out(UINT32_MAX);
  EXPECT_EQ(RecordsOf(receipt), kMaxReceiptRecords);
  EXPECT_EQ(RecordsOf(Receipt()), 0);
}

TEST_F(ReceiptTest, NothingOfItCanBeChanged) {
  const ReceiptProof sound = ProofOf(0);
  const std::vector<std::pair<const char*, std::function<void(ReceiptProof&)>>>
      changes = {
          {"consumer",
           [](auto& p) { p.mutable_record()->set_consumer("x/y"); }},
          {"affair", [](auto& p) { p.mutable_record()->set_affair("other"); }},
          {"time",
           [](auto& p) {
             p.mutable_record()->mutable_ask_time()->set_seconds(1);
           }},
          {"released", [](auto& p) { p.mutable_record()->add_released("x"); }},
          {"digest",
           [](auto& p) { p.mutable_record()->clear_released_digest(); }},
          {"a part that is not opened",
           [](auto& p) { p.mutable_record()->add_withheld("tax.income"); }},
          {"whom it concerns",
           [](auto& p) { p.mutable_record()->set_subject("s"); }},
          {"index",
           [](auto& p) {
             p.mutable_receipt()->mutable_leaves(0)->set_index(4);
           }},
          {"salts",
           [](auto& p) {
             p.mutable_receipt()
                 ->mutable_leaves(0)
                 ->mutable_salts()
                 ->pop_back();
           }},
          {"a salt",
           [](auto& p) {
             (*p.mutable_receipt()->mutable_leaves(0)->mutable_salts())[20] ^=
                 1;
           }},
          {"a commitment",
           [](auto& p) {
             (*p.mutable_receipt()->mutable_leaves(0)->mutable_closed())[0] ^=
                 1;
           }},
          {"size", [](auto& p) { p.mutable_receipt()->set_tree_size(11); }},
          {"root",
           [](auto& p) {
             (*p.mutable_receipt()->mutable_tree_root())[0] ^= 1;
           }},
          {"signature",
           [](auto& p) {
             (*p.mutable_receipt()->mutable_signature())[40] ^= 1;
           }},
          {"no signature",
           [](auto& p) { p.mutable_receipt()->clear_signature(); }},
          {"log",
           [](auto& p) { p.mutable_receipt()->set_log("psm.test/log/x"); }},
          {"path", [](auto& p) { (*p.mutable_inclusion(0))[0] ^= 1; }},
          {"shorter path",
           [](auto& p) { p.mutable_inclusion()->RemoveLast(); }},
          {"no leaf", [](auto& p) { p.mutable_receipt()->clear_leaves(); }},
      };
  for (const auto& [name, change] : changes) {
    ReceiptProof changed = sound;
    change(changed);
    EXPECT_FALSE(VerifyReceiptProof(changed, key_).ok()) << name;
  }
  EXPECT_TRUE(absl::IsPermissionDenied(
      VerifyReceiptProof(sound, NewTestSigner()->verifier())));
}

// Threat 24c: the receipts of two consumers about one person, and the public
// log, have nothing in common; what is closed cannot be tried out, for its salt
// is in neither.
TEST_F(ReceiptTest, TwoReceiptsAboutOnePersonHaveNothingInCommon) {
  Recorded other = recorded_;
  other.index = 7;
  other.seals = {seals_[7]};  // of the same subject
  const Receipt mine = Made(recorded_);
  const Receipt theirs = Made(other);
  const std::string closed = mine.leaves(0).closed();
  for (std::size_t at = 0; at < closed.size(); at += kCommitmentBytes) {
    EXPECT_EQ(
        theirs.leaves(0).closed().find(closed.substr(at, kCommitmentBytes)),
        std::string::npos);
  }
  const PartSalts salts(seals_[3].seed());
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    const LeafPart part = static_cast<LeafPart>(i);
    EXPECT_EQ(mine.leaves(0).salts().find(std::string(salts[part])) !=
                  std::string::npos,
              IsOpenedToConsumer(part));
    if (IsOpenedToConsumer(part)) continue;
    // Without its salt: not what is guessed, under any salt that is known.
    for (std::size_t known = 0; known < kLeafParts; ++known) {
      const LeafPart opened = static_cast<LeafPart>(known);
      if (!IsOpenedToConsumer(opened)) continue;
      EXPECT_EQ(closed.find(
                    Commit(part, salts[opened], EncodePart(records_[3], part))),
                std::string::npos);
    }
  }
}

// Who acted for whom is in the part that is opened to nobody.
TEST_F(ReceiptTest, SaysNothingOfWhoActedForThePerson) {
  Record record = SampleRecord(3);
  record.set_representation_id("2c5a0f0e-0000-4000-8000-000000000001");
  record.set_representative("code-of-the-mother");
  record.set_acting(true);
  const Record opened = OpenedToConsumer(record);
  EXPECT_EQ(opened.SerializeAsString(),
            OpenedToConsumer(SampleRecord(3)).SerializeAsString());
  for (const LeafPart part : {LeafPart::kExchange, LeafPart::kConsumer}) {
    EXPECT_EQ(EncodePart(record, part), EncodePart(opened, part));
  }
  EXPECT_NE(EncodePart(record, LeafPart::kSubject),
            EncodePart(SampleRecord(3), LeafPart::kSubject));
}

}  // namespace
}  // namespace psm
