#include "mesh/agency/gateway_call.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/agency/run_folder.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/base/temp_folder.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"

namespace psm::agency {
namespace {

using accounts::v1::AccountsService;

constexpr char kOwnId[] = "00000000-0000-4000-8000-00000000000b";

// Stands where the gateway stands: refuses the first `refusals` attempts and
// keeps what came with each.
class Accounts final : public AccountsService::Service {
 public:
  Accounts(int refusals, absl::Status refusal)
      : refusals_(refusals), refusal_(std::move(refusal)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~Accounts() override { server_->Shutdown(); }

  grpc::Status GetAccount(grpc::ServerContext* context,
                          const accounts::v1::GetAccountRequest*,
                          accounts::v1::GetAccountResponse* response) override {
    response->mutable_account()->set_number("1234567");
    return Answer(*context);
  }
  grpc::Status RegisterAccount(
      grpc::ServerContext* context, const accounts::v1::RegisterAccountRequest*,
      accounts::v1::RegisterAccountResponse*) override {
    return Answer(*context);
  }

  std::string endpoint() const { return absl::StrCat("127.0.0.1:", port_); }
  // Of each attempt, in their order.
  std::vector<CallContext> calls() {
    MutexLock lock(mu_);
    return calls_;
  }
  std::vector<std::string> providers() {
    MutexLock lock(mu_);
    return providers_;
  }

 private:
  grpc::Status Answer(const grpc::ServerContext& context) {
    MutexLock lock(mu_);
    calls_.push_back(CallContext::From(context));
    const auto provider = context.client_metadata().find("psm-provider");
    providers_.push_back(
        provider == context.client_metadata().end()
            ? ""
            : std::string(provider->second.data(), provider->second.size()));
    return static_cast<int>(calls_.size()) > refusals_ ? grpc::Status::OK
                                                       : ToGrpc(refusal_);
  }

  const int refusals_;
  const absl::Status refusal_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  Mutex mu_;
  std::vector<CallContext> calls_ PSM_GUARDED_BY(mu_);
  std::vector<std::string> providers_ PSM_GUARDED_BY(mu_);
};

absl::Status Stopping() {
  return MakeError(absl::StatusCode::kUnavailable, "GATEWAY_STOPPING",
                   Party::kGateway, "stops");
}

class GatewayCallTest : public testing::Test {
 protected:
  void Serve(int refusals, absl::Status refusal = Stopping()) {
    accounts_ = std::make_unique<Accounts>(refusals, std::move(refusal));
    ASSERT_TRUE(ReplaceFile(file_, accounts_->endpoint()).ok());
  }
  absl::Status Get(const CallTerms& terms) {
    return agency::Call([this] { return Channel(); },
                        &AccountsService::Stub::GetAccount, terms, {},
                        &account_);
  }
  absl::Status Register(const CallTerms& terms) {
    accounts::v1::RegisterAccountResponse response;
    return agency::Call([this] { return Channel(); },
                        &AccountsService::Stub::RegisterAccount, terms, {},
                        &response);
  }

  // As GatewayChannel, which server_test.cc tries with certificates: to the
  // address of the moment.
  std::shared_ptr<grpc::Channel> Channel() {
    const std::string target = folder_.Read("endpoint");
    if (channel_ == nullptr || target != target_) {
      target_ = target;
      channel_ = grpc::CreateChannel(target.empty() ? "127.0.0.1:1" : target,
                                     grpc::InsecureChannelCredentials());
    }
    return channel_;
  }

  TempFolder folder_;
  const std::string file_ = folder_.File("endpoint");
  std::string target_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Accounts> accounts_;
  accounts::v1::GetAccountResponse account_;
};

TEST_F(GatewayCallTest, AReadIsRepeatedUnderOneIdUntilItIsAnswered) {
  Serve(3);
  const absl::Status status = Get({.affair = "benefit"});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(account_.account().number(), "1234567");
  const std::vector<CallContext> calls = accounts_->calls();
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_TRUE(IsUuid(calls[0].exchange_id)) << calls[0].exchange_id;
  for (const CallContext& call : calls) {
    EXPECT_EQ(call.exchange_id, calls[0].exchange_id);
    EXPECT_EQ(call.affair, "benefit");
  }
}

TEST_F(GatewayCallTest, AWriteIsRepeatedOnlyUnderAnIdThatItsCallerKnows) {
  Serve(1);
  EXPECT_EQ(ReasonOf(Register({.affair = "registration"})), "GATEWAY_STOPPING");
  EXPECT_EQ(accounts_->calls().size(), 1u);
  Serve(1);
  const absl::Status status =
      Register({.affair = "registration", .exchange_id = kOwnId});
  EXPECT_TRUE(status.ok()) << status;
  ASSERT_EQ(accounts_->calls().size(), 2u);
  for (const CallContext& call : accounts_->calls())
    EXPECT_EQ(call.exchange_id, kOwnId);
}

TEST_F(GatewayCallTest, ARefusalIsNotRepeated) {
  Serve(1, MakeError(absl::StatusCode::kPermissionDenied, "NO_AGREEMENT",
                     Party::kConsumer, "no"));
  EXPECT_EQ(ReasonOf(Get({.affair = "benefit"})), "NO_AGREEMENT");
  EXPECT_EQ(accounts_->calls().size(), 1u);
}

TEST_F(GatewayCallTest, TheLastReasonArrivesBeforeTheDeadline) {
  Serve(1000);
  CallContext parent;
  parent.deadline = SystemClock().Now() + absl::Seconds(1);
  const absl::Status status = Get({.parent = &parent, .affair = "benefit"});
  EXPECT_LT(SystemClock().Now(), parent.deadline);
  EXPECT_EQ(ReasonOf(status), "GATEWAY_STOPPING") << status;
  EXPECT_GT(accounts_->calls().size(), 2u);
}

TEST_F(GatewayCallTest, AGatewayThatComesBackElsewhereIsFound) {
  Serve(0);
  ASSERT_TRUE(Get({}).ok());
  accounts_.reset();
  std::atomic<int> attempts{0};
  absl::Status status = absl::UnknownError("not ended");
  std::thread asking([&] {
    status = agency::Call(
        [&] {
          ++attempts;
          return Channel();
        },
        &AccountsService::Stub::GetAccount, {.timeout = absl::Seconds(20)}, {},
        &account_);
  });
  while (attempts < 2) std::this_thread::yield();  // it has failed once
  Serve(0);
  asking.join();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(GatewayCallTest, WhatGrpcDoesNotTakeStaysBehind) {
  Serve(0);
  for (const char* hostile : {"x\r\ny", "\xe3\x81\x82", "\x01"}) {
    const absl::Status status = Get({.affair = hostile,
                                     .provider = hostile,
                                     .consent = hostile,
                                     .exchange_id = hostile});
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(accounts_->calls().back().affair, "");
    EXPECT_EQ(accounts_->providers().back(), "");
    EXPECT_TRUE(IsUuid(accounts_->calls().back().exchange_id));
  }
  EXPECT_TRUE(Get({.provider = "yunagi/tax"}).ok());
  EXPECT_EQ(accounts_->providers().back(), "yunagi/tax");
}

}  // namespace
}  // namespace psm::agency
