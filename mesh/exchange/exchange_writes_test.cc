// Exchanges whose method changes something at the provider: the intent is
// durable before it is asked, the outcome after.
#include "gmock/gmock.h"
#include "mesh/exchange/exchange.h"
#include "mesh/exchange/exchange_fixture.h"
#include "psm/accounts/v1/accounts.pb.h"

namespace psm {
namespace {

using records::v1::Record;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kRegister[] = "/psm.accounts.v1.AccountsService/RegisterAccount";

using ExchangeWritesTest = ExchangeFixture;

TEST_F(ExchangeWritesTest, AWriteRecordsItsIntentBeforeTheProviderIsAsked) {
  accounts::v1::RegisterAccountResponse done;
  link_.providers[kRegister] =
      [&, bytes = done.SerializeAsString()](const ProviderRequest&) {
        EXPECT_EQ(log_.records.size(), 1u);
        EXPECT_EQ(log_.records.back().kind(), Record::INTENT);
        ProviderReply reply;
        reply.from_provider = true;
        reply.message = bytes;
        return reply;
      };
  accounts::v1::RegisterAccountRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  request.mutable_account()->set_number("1234567");
  ASSERT_TRUE(Run(MakeAsk(kRegister, "benefit", request)).status.ok());
  ASSERT_EQ(log_.records.size(), 2u);
  EXPECT_EQ(log_.records[1].kind(), Record::EXCHANGE);
  EXPECT_THAT(log_.records[1].released(), ElementsAre("account"));
}

TEST_F(ExchangeWritesTest, EveryIntentGetsItsOutcomeHoweverManyFailAlike) {
  link_.providers[kRegister] = [](const ProviderRequest&) {
    ProviderReply reply;
    reply.status = MakeError(absl::StatusCode::kUnavailable,
                             "PROVIDER_UNAVAILABLE", Party::kProvider, "down");
    return reply;
  };
  accounts::v1::RegisterAccountRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  const int calls = 3 * static_cast<int>(RefusalCounter::kIndividualRecords);
  for (int i = 0; i < calls; ++i) {
    EXPECT_EQ(ReasonOf(Run(MakeAsk(kRegister, "benefit", request)).status),
              "PROVIDER_UNAVAILABLE");
  }
  ASSERT_EQ(log_.records.size(), static_cast<std::size_t>(2 * calls));
  for (int i = 0; i < calls; ++i) {
    const Record& intent = log_.records[static_cast<std::size_t>(2 * i)];
    const Record& outcome = log_.records[static_cast<std::size_t>(2 * i + 1)];
    EXPECT_EQ(intent.kind(), Record::INTENT);
    EXPECT_EQ(outcome.kind(), Record::REFUSAL);
    EXPECT_EQ(intent.exchange_id(), outcome.exchange_id());
  }
}

TEST_F(ExchangeWritesTest, AWriteWithoutDurableIntentIsNotInvoked) {
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  accounts::v1::RegisterAccountRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  EXPECT_EQ(ReasonOf(Run(MakeAsk(kRegister, "benefit", request)).status),
            "RECORD_NOT_DURABLE");
  EXPECT_THAT(link_.requests, IsEmpty());
}

}  // namespace
}  // namespace psm
