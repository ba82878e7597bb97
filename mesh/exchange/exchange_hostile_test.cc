// What a caller may not make the log hold.
#include "mesh/exchange/exchange_fixture.h"
#include "psm/gbizid/v1/gbizid.pb.h"

namespace psm {
namespace {

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

}  // namespace
}  // namespace psm
