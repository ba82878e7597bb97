// What a caller may not make the log hold.
#include "mesh/exchange/exchange_fixture.h"
#include "psm/gbizid/v1/gbizid.pb.h"
#include "psm/tax/v1/tax.pb.h"

namespace psm {
namespace {

constexpr char kTax[] = "/psm.tax.v1.TaxService/GetTaxStatus";
constexpr char kBusiness[] = "/psm.gbizid.v1.BusinessService/GetBusiness";

class HostileExchangeTest : public ExchangeFixture {
 protected:
  std::string ReasonFor(const std::string& number) {
    gbizid::v1::GetBusinessRequest request;
    request.set_corporate_number(number);
    return ReasonOf(Run(MakeAsk(kBusiness, "benefit", request)).status);
  }
};

TEST_F(HostileExchangeTest, ACorporationIsThirteenDigitsOrNotRecorded) {
  for (const std::string& number :
       {std::string("x"), std::string("799000100000"),
        std::string("79900010000011"), std::string("7990001o00001"),
        std::string(1 << 20, '7')}) {
    EXPECT_EQ(ReasonFor(number), "CORPORATE_NUMBER_MALFORMED");
    EXPECT_EQ(log_.records.back().corporation(), "");
  }
  EXPECT_EQ(ReasonFor("7990001000001"), "NO_AGREEMENT");
  EXPECT_EQ(log_.records.back().corporation(), "7990001000001");
}

TEST_F(HostileExchangeTest, AffairAndMethodAreRecordedAsFarAsNamesGo) {
  Ask ask = MakeAsk("/" + std::string(10000, 's') + "/Method",
                    std::string(10000, 'a'), gbizid::v1::GetBusinessRequest());
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "UNKNOWN_METHOD");
  EXPECT_NE(log_.records.back().affair(), "");
  EXPECT_NE(log_.records.back().method(), "");
  EXPECT_LT(log_.records.back().ByteSizeLong(), 1000u);
}

// Else each retry would be one more line in the citizen's history, and one more
// that every further retry has to read.
TEST_F(HostileExchangeTest, ARetryThatFailsAsBeforeIsRecordedOnce) {
  auto refuse_with = [this](const char* reason) {
    link_.providers[kTax] = Refusing(
        MakeError(absl::StatusCode::kNotFound, reason, Party::kProvider, "no"));
  };
  tax::v1::GetTaxStatusRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  Ask ask = MakeAsk(kTax, "benefit", request);
  ask.exchange_id = NewUuid(SystemRandom());
  refuse_with("NO_TAX_RECORD");
  std::string reason = ReasonOf(Run(ask).status);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ReasonOf(Run(ask).status), reason);
  EXPECT_EQ(link_.requests.size(), 21u) << "each was asked";
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].kind(), records::v1::Record::REFUSAL);
  EXPECT_EQ(log_.records[0].subject(), RecordsCode('h'));
  // Another outcome is news, and so is another id.
  link_.providers[kTax] = Refusing(
      MakeError(absl::StatusCode::kUnavailable, "X", Party::kProvider, "no"));
  EXPECT_FALSE(Run(ask).status.ok());
  EXPECT_EQ(log_.records.size(), 2u);
  ask.exchange_id = NewUuid(SystemRandom());
  EXPECT_FALSE(Run(ask).status.ok());
  EXPECT_EQ(log_.records.size(), 3u);
}

TEST_F(HostileExchangeTest, AnIdIsNotUsedWithoutEnd) {
  tax::v1::GetTaxStatusRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  Ask ask = MakeAsk(kTax, "benefit", request);
  ask.exchange_id = NewUuid(SystemRandom());
  tax::v1::GetTaxStatusResponse answer;
  answer.set_category(tax::v1::GetTaxStatusResponse::EXEMPT);
  // An answer that is another each time: each is recorded.
  int calls = 0;
  std::string reason;
  for (; calls < 2000 && reason.empty(); ++calls) {
    answer.mutable_as_of_time()->set_seconds(calls);
    link_.providers[kTax] = Answering(answer);
    reason = ReasonOf(Run(ask).status);
  }
  EXPECT_EQ(reason, "EXCHANGE_ID_REUSED");
  EXPECT_GT(calls, 100) << "retries are no abuse";
  EXPECT_LT(log_.records.size(), 1100u);
}

}  // namespace
}  // namespace psm
