// 5. Providers, clients and disks that fail: nothing leaks, everything is
// recorded, all recovers by itself.
#include <thread>

#include "mesh/directory/directory.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using tax::v1::TaxService;

constexpr int kCancelled = 1;  // gRPC status codes, as records hold them
constexpr int kDeadlineExceeded = 4;
constexpr int kUnavailable = 14;

class Faults : public Scenario {};

TEST_F(Faults, AProviderThatIsDownIsSaidToBe) {
  ASSERT_TRUE(mesh().StopSystem(kYunagiTax).ok());
  const TaxReply reply = AskTax(mesh());
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(reply.status), "PROVIDER_UNAVAILABLE");
  const Record record = OnlyRecord(mesh(), {.exchange_id = reply.exchange_id});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_EQ(record.outcome(), kUnavailable);
  EXPECT_FALSE(record.has_provide_time());
  ASSERT_TRUE(mesh().StartSystem(kYunagiTax).ok());
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
}

TEST_F(Faults, AProviderThatHangsUpHalfWayReleasesNothing) {
  // Its connection stands before its answers are held back.
  ASSERT_TRUE(AskTax(mesh(), "hanako", {.provider = kMinatoTax}).status.ok());
  LogWatch minato = WatchMinato(mesh());
  mesh().Slow(kMinatoTax, absl::Seconds(5));
  const std::string id = NewExchangeId();
  TaxReply reply;
  std::thread asking([&] {
    reply =
        AskTax(mesh(), "hanako", {.provider = kMinatoTax, .exchange_id = id});
  });
  EXPECT_TRUE(minato.Await({"called"}, absl::Seconds(5)).ok());
  mesh().Break(kMinatoTax);
  asking.join();
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(reply->ByteSizeLong(), 0u);
  const Record record = OnlyRecord(mesh(), {.exchange_id = id});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_EQ(record.released_size(), 0);
  mesh().Mend(kMinatoTax);
}

TEST_F(Faults, AnAnswerAfterTheDeadlineIsNotReleased) {
  ASSERT_TRUE(AskTax(mesh()).status.ok());
  mesh().Slow(kYunagiTax, absl::Seconds(2));
  const std::string id = NewExchangeId();
  const TaxReply reply =
      AskTax(mesh(), "hanako",
             {.exchange_id = id, .timeout = absl::Milliseconds(200)});
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(reply.took, absl::Seconds(2));
  const Record record = OnlyRecord(mesh(), {.exchange_id = id});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  // Client and gateway both count; a client that gives up first has left.
  EXPECT_TRUE(record.outcome() == kDeadlineExceeded ||
              record.outcome() == kCancelled)
      << record.outcome();
  mesh().Break(kYunagiTax);
  mesh().Mend(kYunagiTax);
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
}

TEST_F(Faults, AClientThatLeavesIsRecordedAndItsProviderToldToStop) {
  LogWatch minato = WatchMinato(mesh());
  const std::string id = NewExchangeId();
  SystemCaller& benefits = mesh().Client(kBenefits);
  std::unique_ptr<grpc::ClientContext> context = benefits.Context(
      {.affair = kBenefitAffair, .provider = kMinatoTax, .exchange_id = id});
  tax::v1::GetTaxStatusRequest request = TaxRequest(mesh(), "hanako");
  request.set_fiscal_year(kAnswerWhenCancelled);
  TaxService::Stub stub(benefits.Channel());
  grpc::Status status;
  std::thread asking([&] {
    tax::v1::GetTaxStatusResponse response;
    status = stub.GetTaxStatus(context.get(), request, &response);
  });
  EXPECT_TRUE(minato.Await({"called"}, absl::Seconds(5)).ok());
  context->TryCancel();
  asking.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(minato.Await({"cancelled"}, absl::Seconds(5)).ok());
  const Record record = OnlyRecord(mesh(), {.exchange_id = id});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_EQ(record.outcome(), kCancelled);
  EXPECT_EQ(record.reason(), "CLIENT_GONE");
}

TEST_F(Faults, WithAFullDiskNothingIsReleasedAndThenAllGoesOn) {
  mesh().FillRecordsDisk();
  for (int i = 0; i < 5; ++i) {
    const TaxReply reply = AskTax(mesh());
    EXPECT_EQ(ReasonOf(reply.status), "RECORD_NOT_DURABLE") << reply.status;
    EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(reply->ByteSizeLong(), 0u);
  }
  // A refusal must be recorded before it is told, too.
  const AccountReply refused =
      AskAccount(mesh(), kYunagiTax, mesh().Person("hanako").CodeAt("yunagi"),
                 "collect-arrears");
  EXPECT_EQ(ReasonOf(refused.status), "RECORD_NOT_DURABLE");
  mesh().FreeRecordsDisk();
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  auto records = mesh().Records({.reason = "RECORD_NOT_DURABLE"});
  EXPECT_TRUE(records->empty());
}

TEST_F(Faults, AGatewayThatRestartsIsFoundByEverybody) {
  ASSERT_TRUE(mesh().RestartSystem(kGatewaySystem).ok());
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  // An agency that calls through the gateway itself: identity reads a history.
  identity::v1::ListHistoryRequest request;
  request.set_subject(mesh().Person("hanako").CodeAt("portal"));
  auto ask = [&] {
    return mesh()
        .Client("portal/terminal")
        .Call(&identity::v1::HistoryService::Stub::ListHistory,
              {.affair = "own-request"}, request);
  };
  auto reply = ask();
  const absl::Duration deadline = mesh().clock().Monotonic() + absl::Seconds(5);
  while (!reply.status.ok() && mesh().clock().Monotonic() < deadline)
    reply = ask();
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_GT(reply->records_size(), 0) << "what was written before is there";
}

}  // namespace
}  // namespace psm::testing
