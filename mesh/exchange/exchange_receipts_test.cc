// What a consumer gets to hold of its exchanges, and what it can prove by it.
#include <string>

#include "mesh/exchange/linkage.h"
#include "mesh/exchange/own_services.h"
#include "mesh/exchange/tax_exchange_fixture.h"
#include "mesh/records/receipt.h"
#include "psm/disclosure/v1/disclosure.pb.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm {
namespace {

using records::v1::GetProofsRequest;
using records::v1::GetProofsResponse;
using records::v1::Receipt;
using records::v1::ReceiptProof;

constexpr char kGetProofs[] = "/psm.records.v1.RecordsService/GetProofs";
constexpr char kRetryId[] = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b10";

class ReceiptsTest : public TaxExchangeFixture {
 protected:
  Receipt ReceiptOf(const std::string& bytes) {
    Receipt receipt;
    EXPECT_TRUE(receipt.ParseFromString(bytes));
    EXPECT_EQ(receipt.leaves_size(), 1);
    return receipt;
  }
  Answer Prove(const Receipt& receipt) {
    GetProofsRequest request;
    auto& item = *request.add_items();
    item.set_index(receipt.leaves(0).index());
    item.set_tree_size(receipt.tree_size());
    return RunTask(GetProofs(env(), MakeAsk(kGetProofs, "", request)));
  }
  // What the gateway proves of a receipt, verified with the log's key alone.
  records::v1::Record Proved(const Receipt& receipt) {
    const Answer answer = Prove(receipt);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    GetProofsResponse response;
    EXPECT_TRUE(response.ParseFromString(answer.message));
    EXPECT_EQ(response.proofs_size(), 1);
    ReceiptProof proof;
    *proof.mutable_receipt() = receipt;
    *proof.mutable_record() = response.proofs(0).record();
    *proof.mutable_inclusion() = response.proofs(0).inclusion();
    const absl::Status status =
        VerifyReceiptProof(proof, TestSigner()->verifier());
    EXPECT_TRUE(status.ok()) << status;
    return proof.record();
  }
};

TEST_F(ReceiptsTest, AnAnswerComesWithAReceiptThatProvesItsRecord) {
  const std::string asked = TaxAsk('h').message;
  const Answer answer = Run(TaxAsk('h'));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  const records::v1::Record record = Proved(ReceiptOf(answer.receipt.Joined()));
  EXPECT_EQ(record.exchange_id(), answer.exchange_id);
  EXPECT_EQ(record.provider(), "yunagi/tax");
  EXPECT_EQ(record.request_digest(), Sha256(asked));
  EXPECT_EQ(record.released_digest(), Sha256(answer.message));
  EXPECT_EQ(record.subject(), "") << "the code in the scope records";
  EXPECT_EQ(record.provided_digest(), "");
  EXPECT_EQ(record.withheld_size(), 0);
}

TEST_F(ReceiptsTest, ARetryGetsTheReceiptOfWhatWasRecorded) {
  Ask ask = TaxAsk('h');
  ask.exchange_id = kRetryId;
  const Receipt first = ReceiptOf(Run(ask).receipt.Joined());
  Run(TaxAsk('h'));  // the log grows
  const Receipt again = ReceiptOf(Run(ask).receipt.Joined());
  EXPECT_EQ(again.leaves(0).SerializeAsString(),
            first.leaves(0).SerializeAsString());
  EXPECT_GT(again.tree_size(), first.tree_size());
  Proved(first);
  Proved(again);
}

TEST_F(ReceiptsTest, ARefusalThatIsRecordedHasOneToo) {
  Ask ask = TaxAsk('h');
  ask.affair = "arrears";
  const Answer answer = Run(std::move(ask));
  ASSERT_FALSE(answer.status.ok());
  const records::v1::Record record = Proved(ReceiptOf(answer.receipt.Joined()));
  EXPECT_EQ(record.kind(), records::v1::Record::REFUSAL);
  EXPECT_EQ(record.affair(), "arrears");
}

TEST_F(ReceiptsTest, WithoutARecordThereIsNoReceipt) {
  log_.failure = absl::UnavailableError("no disk");
  EXPECT_TRUE(Run(TaxAsk('h')).receipt.empty());
}

TEST_F(ReceiptsTest, EachLegOfALinkageHasItsOwn) {
  linkage::v1::RetrieveRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  request.add_attributes("tax.category");
  const Answer answer =
      RunTask(Retrieve(env(), MakeAsk("/psm.linkage.v1.LinkageService/Retrieve",
                                      "benefit", request)));
  linkage::v1::RetrieveResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.message));
  ASSERT_EQ(response.evidence_size(), 1);
  const linkage::v1::Evidence& evidence = response.evidence(0);
  EXPECT_EQ(Proved(ReceiptOf(evidence.receipt())).exchange_id(),
            evidence.exchange_id());
}

TEST_F(ReceiptsTest, WhatAnotherAskedForIsNotThere) {
  const Receipt receipt = ReceiptOf(Run(TaxAsk('h')).receipt.Joined());
  FakePeer other("identity/identity");
  GetProofsRequest request;
  auto& item = *request.add_items();
  item.set_index(receipt.leaves(0).index());
  item.set_tree_size(receipt.tree_size());
  Ask ask = MakeAsk(kGetProofs, "", request);
  ask.peer = &other;
  const Answer answer = RunTask(GetProofs(env(), ask));
  EXPECT_EQ(ReasonOf(answer.status), "RECEIPT_UNKNOWN");
  EXPECT_EQ(answer.message, "");
  // As if it had never been.
  Receipt none = receipt;
  none.mutable_leaves(0)->set_index(receipt.tree_size() + 5);
  EXPECT_EQ(ReasonOf(Prove(none).status), "RECEIPT_UNKNOWN");
}

// A receipt of many persons has no room for all leaves. What is given instead
// opens what the receipt would have opened, to whom it was given.
TEST_F(ReceiptsTest, ALeafIsGivenAgainToItsConsumerAndAsTheReceiptHasIt) {
  const Receipt receipt = ReceiptOf(Run(TaxAsk('h')).receipt.Joined());
  GetProofsRequest request;
  auto& item = *request.add_items();
  item.set_index(receipt.leaves(0).index());
  item.set_tree_size(receipt.tree_size());
  item.set_left_out(true);
  GetProofsResponse response;
  ASSERT_TRUE(response.ParseFromString(
      RunTask(GetProofs(env(), MakeAsk(kGetProofs, "", request))).message));
  EXPECT_EQ(response.proofs(0).leaf().SerializeAsString(),
            receipt.leaves(0).SerializeAsString());
  EXPECT_EQ(response.proofs(0).record().subject(), "");

  FakePeer other("identity/identity");
  Ask ask = MakeAsk(kGetProofs, "", request);
  ask.peer = &other;
  const Answer answer = RunTask(GetProofs(env(), ask));
  EXPECT_EQ(ReasonOf(answer.status), "RECEIPT_UNKNOWN");
  EXPECT_EQ(answer.message, "");

  log_.expunged = true;
  ASSERT_TRUE(response.ParseFromString(
      RunTask(GetProofs(env(), MakeAsk(kGetProofs, "", request))).message));
  EXPECT_FALSE(response.proofs(0).has_leaf());
}

TEST_F(ReceiptsTest, WhatAConsumerWasToldUnaskedHasNoLeafForIt) {
  FakePeer identity("identity/identity");
  disclosure::v1::DiscloseRequest told;
  told.set_audience("bank/customers");
  told.set_subject(Code("identity", 'h'));
  told.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
  told.add_attributes("address");
  Ask disclose =
      MakeAsk("/psm.disclosure.v1.DisclosureService/Disclose", "address", told);
  disclose.peer = &identity;
  ASSERT_TRUE(RunTask(Disclose(env(), disclose)).status.ok());
  ASSERT_EQ(log_.records.back().consumer(), "bank/customers");
  FakePeer bank("bank/customers");
  for (const bool left_out : {false, true}) {
    GetProofsRequest request;
    auto& item = *request.add_items();
    item.set_index(log_.records.size() - 1);
    item.set_tree_size(log_.records.size());
    item.set_left_out(left_out);
    Ask ask = MakeAsk(kGetProofs, "", request);
    ask.peer = &bank;
    EXPECT_EQ(ReasonOf(RunTask(GetProofs(env(), ask)).status),
              left_out ? "RECEIPT_UNKNOWN" : "");
  }
}

// The consumer's name went with the record: what is left is public.
TEST_F(ReceiptsTest, OfAnExpungedRecordThereIsThePathAlone) {
  const Receipt receipt = ReceiptOf(Run(TaxAsk('h')).receipt.Joined());
  const records::v1::Record record = Proved(receipt);
  log_.expunged = true;
  const Answer answer = Prove(receipt);
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  records::v1::GetProofsResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.message));
  EXPECT_TRUE(response.proofs(0).expunged());
  EXPECT_FALSE(response.proofs(0).has_record());
  // Who has kept the record can show that it was there.
  records::v1::ReceiptProof proof;
  *proof.mutable_receipt() = receipt;
  *proof.mutable_record() = record;
  *proof.mutable_inclusion() = response.proofs(0).inclusion();
  EXPECT_TRUE(VerifyReceiptProof(proof, TestSigner()->verifier()).ok());
}

TEST_F(ReceiptsTest, NoneOrTooManyAreRefused) {
  GetProofsRequest request;
  EXPECT_EQ(
      ReasonOf(
          RunTask(GetProofs(env(), MakeAsk(kGetProofs, "", request))).status),
      "PROOF_REQUEST_INVALID");
  for (int i = 0; i < 101; ++i) request.add_items();
  EXPECT_EQ(
      ReasonOf(
          RunTask(GetProofs(env(), MakeAsk(kGetProofs, "", request))).status),
      "PROOF_REQUEST_INVALID");
}

}  // namespace
}  // namespace psm
