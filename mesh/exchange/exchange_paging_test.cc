// Listings in pages: the provider's token never reaches the consumer.
#include "mesh/exchange/exchange_fixture.h"
#include "psm/identity/v1/history.pb.h"

namespace psm {
namespace {

using identity::v1::ListHistoryRequest;
using identity::v1::ListHistoryResponse;

constexpr char kHistory[] = "/psm.identity.v1.HistoryService/ListHistory";
constexpr char kProvidersToken[] = "person 4711, born 1988";

class ExchangePagingTest : public ExchangeFixture {
 protected:
  void SetUp() override {
    ExchangeFixture::SetUp();
    SetPolicy(std::string(kConfiguration) + R"pb(
      systems {
        id: "identity/history"
        name { ja: "x" en: "x" }
        services: "psm.identity.v1.HistoryService"
      }
      agreements {
        id: "history"
        version: 1
        consumer: "akatsuki/benefits"
        affair: "benefit"
        statute { ja: "s" en: "s" }
        valid_from: "2026-01-01"
        grants {
          method: "psm.identity.v1.HistoryService/ListHistory"
          attributes: "records"
        }
      }
    )pb");
    ListHistoryResponse page;
    page.set_next_page_token(kProvidersToken);
    link_.providers[kHistory] = Answering(page);
  }

  Ask PageAsk(char person, const std::string& token) {
    ListHistoryRequest request;
    request.set_subject(Code("akatsuki", person));
    request.set_page_token(token);
    return MakeAsk(kHistory, "benefit", request);
  }
  std::string NextToken(const Answer& answer) {
    ListHistoryResponse page;
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    EXPECT_TRUE(page.ParseFromString(answer.message));
    return page.next_page_token();
  }
};

TEST_F(ExchangePagingTest, TheNextPageIsAskedForWithTheProvidersOwnToken) {
  const std::string token = NextToken(Run(PageAsk('h', "")));
  EXPECT_EQ(token.find("4711"), std::string::npos);
  EXPECT_NE(token, "");

  NextToken(Run(PageAsk('h', token)));
  ListHistoryRequest asked;
  ASSERT_TRUE(asked.ParseFromString(link_.requests.back().message));
  EXPECT_EQ(asked.page_token(), kProvidersToken);
}

TEST_F(ExchangePagingTest, ATokenServesForNobodyElseAndIsNotForged) {
  const std::string token = NextToken(Run(PageAsk('h', "")));
  const std::size_t asked = link_.requests.size();
  for (const std::string& wrong : {token + "AAAA", std::string("page 2")}) {
    Answer answer = Run(PageAsk('h', wrong));
    EXPECT_EQ(answer.status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(answer.status), "PAGE_TOKEN_INVALID");
  }
  EXPECT_EQ(ReasonOf(Run(PageAsk('t', token)).status), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(link_.requests.size(), asked) << "the provider was asked";
  EXPECT_EQ(log_.records.back().reason(), "PAGE_TOKEN_INVALID");
}

TEST_F(ExchangePagingTest, ARetryIsAnsweredWithTheSameToken) {
  Ask first = PageAsk('h', "");
  first.exchange_id = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b10";
  Ask retry = first;
  EXPECT_EQ(NextToken(Run(std::move(first))), NextToken(Run(std::move(retry))));
  EXPECT_EQ(log_.records.size(), 1u);
}

TEST_F(ExchangePagingTest, ATokenThatCouldCarryMuchIsNotReleased) {
  ListHistoryResponse page;
  page.set_next_page_token(std::string(PageTokens::kMaxSize + 1, 'x'));
  link_.providers[kHistory] = Answering(page);
  Answer answer = Run(PageAsk('h', ""));
  EXPECT_EQ(ReasonOf(answer.status), "PROVIDER_ANSWER_MALFORMED");
  EXPECT_EQ(answer.message, "");
}

}  // namespace
}  // namespace psm
