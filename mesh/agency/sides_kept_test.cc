// What a consumer and a provider keep of one exchange, over a real server and a
// real channel, without a line in the service.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/agency/server.h"
#include "mesh/agency/test_side.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/digest.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm::agency {
namespace {

using accounts::v1::AccountsService;
using linkage::v1::LinkageService;
using records::v1::SideEntry;

constexpr char kId[] = "00000000-0000-4000-8000-00000000000c";
constexpr char kGetAccount[] = "psm.accounts.v1.AccountsService/GetAccount";

std::string SomeReceipt() {
  records::v1::Receipt receipt;
  receipt.set_tree_size(7);
  receipt.add_leaves()->set_index(6);
  return receipt.SerializeAsString();
}

// Gateway and provider in one: answers with a receipt and an exchange id.
class Desk final : public AccountsService::Service {
 public:
  grpc::Status GetAccount(grpc::ServerContext* context,
                          const accounts::v1::GetAccountRequest*,
                          accounts::v1::GetAccountResponse* response) override {
    if (!receipt.empty())
      context->AddTrailingMetadata("psm-receipt-bin", receipt);
    response->mutable_account()->set_number("1234567");
    return ToGrpc(status);
  }
  absl::Status status;
  std::string receipt = SomeReceipt();
};

class Linkage final : public LinkageService::Service {
 public:
  grpc::Status Retrieve(grpc::ServerContext*,
                        const linkage::v1::RetrieveRequest*,
                        linkage::v1::RetrieveResponse* response) override {
    linkage::v1::Evidence& good = *response->add_evidence();
    good.set_exchange_id("leg-1");
    good.set_method(kGetAccount);
    good.set_message("evidence");
    good.set_receipt(SomeReceipt());
    linkage::v1::Evidence& bad = *response->add_evidence();
    bad.set_exchange_id("leg-2");
    bad.set_method("psm.tax.v1.TaxService/GetTaxStatus");
    bad.mutable_status()->ParseFromString(
        ToRpcStatus(MakeError(absl::StatusCode::kPermissionDenied,
                              "NO_AGREEMENT", Party::kConsumer, "no")));
    bad.set_receipt(SomeReceipt());
    return grpc::Status::OK;
  }
};

class Records final : public records::v1::RecordsService::Service {
 public:
  grpc::Status ListRecords(grpc::ServerContext*,
                           const records::v1::ListRecordsRequest*,
                           records::v1::ListRecordsResponse*) override {
    return grpc::Status::OK;
  }
};

class SidesKeptTest : public ::testing::Test {
 protected:
  SidesKeptTest() {
    auto provider = SideLedger::Open({folder_.File("provider")}, clock_);
    auto consumer = SideLedger::Open({folder_.File("consumer")}, clock_);
    EXPECT_TRUE(provider.ok() && consumer.ok());
    provider_ = *std::move(provider);
    consumer_ = *std::move(consumer);
    auto server =
        Server::Start(0, grpc::InsecureServerCredentials(),
                      {&desk_, &linkage_, &records_}, provider_.get());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = WithLedger(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                            grpc::InsecureChannelCredentials()),
        consumer_);
  }

  absl::Status Get(const CallTerms& terms = {.exchange_id = kId}) {
    return agency::Call([this] { return channel_; },
                        &AccountsService::Stub::GetAccount, terms, request_,
                        &response_);
  }

  TempFolder folder_;
  SystemClock clock_;
  Desk desk_;
  Linkage linkage_;
  Records records_;
  std::unique_ptr<SideLedger> provider_;
  std::shared_ptr<SideLedger> consumer_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  accounts::v1::GetAccountRequest request_;
  accounts::v1::GetAccountResponse response_;
};

TEST_F(SidesKeptTest, AnAnswerIsKeptByBothWithTheSameDigest) {
  request_.set_subject("code");
  const absl::Status status = Get();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(response_.account().number(), "1234567");
  const std::string digest = Sha256(response_.SerializeAsString());

  const std::vector<SideEntry> asked = Entries(*consumer_);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].kind(), SideEntry::ASKED);
  EXPECT_EQ(asked[1].kind(), SideEntry::ANSWERED);
  for (const SideEntry& entry : asked) {
    EXPECT_EQ(entry.exchange_id(), kId);
    EXPECT_EQ(entry.method(), kGetAccount);
    EXPECT_EQ(entry.request_digest(), Sha256(request_.SerializeAsString()));
  }
  EXPECT_EQ(asked[1].answer_digest(), digest);
  EXPECT_EQ(asked[1].receipt().tree_size(), 7u);

  const std::vector<SideEntry> provided = Entries(*provider_);
  ASSERT_EQ(provided.size(), 1u);
  EXPECT_EQ(provided[0].kind(), SideEntry::PROVIDED);
  EXPECT_EQ(provided[0].exchange_id(), kId);
  EXPECT_EQ(provided[0].method(), kGetAccount);
  EXPECT_EQ(provided[0].answer_digest(), digest);
}

TEST_F(SidesKeptTest, ARefusalKeepsItsReceiptAndNoDigest) {
  desk_.status =
      Refusal(absl::StatusCode::kNotFound, "ACCOUNT_NOT_REGISTERED", "none");
  EXPECT_EQ(ReasonOf(Get()), "ACCOUNT_NOT_REGISTERED");
  const SideEntry answered = Entries(*consumer_).back();
  EXPECT_EQ(answered.outcome(), 5);
  EXPECT_EQ(answered.reason(), "ACCOUNT_NOT_REGISTERED");
  EXPECT_EQ(answered.answer_digest(), "");
  EXPECT_TRUE(answered.has_receipt());
  const SideEntry provided = Entries(*provider_).back();
  EXPECT_EQ(provided.outcome(), 5);
  EXPECT_EQ(provided.answer_digest(), "");
}

TEST_F(SidesKeptTest, AnAnswerWithoutAReceiptIsSaid) {
  for (const char* receipt : {"", "\xff\xff junk"}) {
    desk_.receipt = receipt;
    testing::internal::CaptureStderr();
    ASSERT_TRUE(Get().ok());
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("answered_without_receipt"), std::string::npos) << said;
    EXPECT_FALSE(Entries(*consumer_).back().has_receipt());
  }
}

TEST_F(SidesKeptTest, EveryAttemptIsKept) {
  desk_.status = MakeError(absl::StatusCode::kUnavailable, "GATEWAY_STOPPING",
                           Party::kGateway, "stops");
  EXPECT_FALSE(
      Get({.exchange_id = kId, .timeout = absl::Milliseconds(400)}).ok());
  const std::vector<SideEntry> entries = Entries(*consumer_);
  EXPECT_GE(entries.size(), 4u);
  for (const SideEntry& entry : entries) EXPECT_EQ(entry.exchange_id(), kId);
}

TEST_F(SidesKeptTest, TheLegsOfALinkageAreKeptEachForItself) {
  linkage::v1::RetrieveResponse response;
  const absl::Status status = agency::Call(
      [this] { return channel_; }, &LinkageService::Stub::Retrieve,
      {.exchange_id = kId}, linkage::v1::RetrieveRequest(), &response);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(response.evidence_size(), 2);
  const std::vector<SideEntry> entries = Entries(*consumer_);
  ASSERT_EQ(entries.size(), 4u);  // asked, answered, two legs
  EXPECT_EQ(entries[2].exchange_id(), "leg-1");
  EXPECT_EQ(entries[2].method(), kGetAccount);
  EXPECT_EQ(entries[2].answer_digest(), Sha256("evidence"));
  EXPECT_TRUE(entries[2].has_receipt());
  EXPECT_EQ(entries[3].exchange_id(), "leg-2");
  EXPECT_EQ(entries[3].outcome(), 7);
  EXPECT_EQ(entries[3].reason(), "NO_AGREEMENT");
  EXPECT_TRUE(entries[3].has_receipt());
}

TEST_F(SidesKeptTest, WhatIsNoExchangeLeavesNothing) {
  records::v1::ListRecordsResponse response;
  ASSERT_TRUE(agency::Call([this] { return channel_; },
                           &records::v1::RecordsService::Stub::ListRecords, {},
                           records::v1::ListRecordsRequest(), &response)
                  .ok());
  EXPECT_TRUE(Entries(*consumer_).empty());
}

TEST_F(SidesKeptTest, AnAnswerIsGivenAlthoughItCannotBeKept) {
  std::filesystem::remove_all(folder_.File("provider"));
  std::filesystem::remove_all(folder_.File("consumer"));
  folder_.Write("provider", "no folder");
  folder_.Write("consumer", "no folder");
  testing::internal::CaptureStderr();
  EXPECT_TRUE(Get().ok());
  EXPECT_TRUE(Get().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  const std::size_t first = said.find("side_not_kept");
  ASSERT_NE(first, std::string::npos) << said;
}

TEST_F(SidesKeptTest, AChannelWithoutALedgerIsAsItWas) {
  channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                 grpc::InsecureChannelCredentials());
  EXPECT_EQ(LedgerOf(channel_), nullptr);
  EXPECT_TRUE(Get().ok());
  EXPECT_TRUE(Entries(*consumer_).empty());
}

}  // namespace
}  // namespace psm::agency
