#include "mesh/edge/request_head.h"

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm::edge {
namespace {

class RequestHeadTest : public testing::Test {
 protected:
  void AddGood(const std::string& path = "/psm.tax.v1.TaxService/Get") {
    head_.Add(":method", "POST");
    head_.Add(":scheme", "https");
    head_.Add(":path", path);
    head_.Add(":authority", "localhost");
    head_.Add("te", "trailers");
    head_.Add("content-type", "application/grpc");
  }
  std::string Reason() const { return ReasonOf(head_.Check()); }

  RequestHead head_{2000};
};

TEST_F(RequestHeadTest, TakesAnHonestRequest) {
  AddGood();
  head_.Add("grpc-timeout", "5S");
  head_.Add("grpc-encoding", "gzip");
  head_.Add("user-agent", "grpc-c++/1.51");
  head_.Add("psm-affair", "benefit");
  EXPECT_TRUE(head_.Check().ok());
  EXPECT_EQ(head_.path(), "/psm.tax.v1.TaxService/Get");
  EXPECT_EQ(head_.timeout(), absl::Seconds(5));
  EXPECT_EQ(head_.encoding(), "gzip");
  EXPECT_EQ(head_.metadata(), (Metadata{{"psm-affair", "benefit"}}));
}

TEST_F(RequestHeadTest, OneHeadServesManyCallsWithoutARestOfTheLast) {
  AddGood();
  head_.Add("grpc-timeout", "5S");
  head_.Add("psm-affair", "benefit");
  head_.Add("Bad", "x");
  head_.Clear();
  EXPECT_EQ(Reason(), "METHOD_UNKNOWN");
  AddGood("/a.B/C");
  head_.Add("psm-affair", "other");
  EXPECT_TRUE(head_.Check().ok());
  EXPECT_EQ(head_.timeout(), absl::InfiniteDuration());
  EXPECT_EQ(head_.metadata(), (Metadata{{"psm-affair", "other"}}));
}

TEST_F(RequestHeadTest, APathIsServiceAndMethodAndNothingElse) {
  for (const char* path : {"",          "/",
                           "//",        "a.B/C",
                           "/a.B",      "/a.B/",
                           "//C",       "/a.B//C",
                           "/a.B/C/",   "/a.B/C/D",
                           "/a.B/../C", "/../a.B/C",
                           "/a.B/C?x",  "/a.B/C#x",
                           "/a.B/%43",  "/a%2eB/C",
                           "/a.B/C ",   " /a.B/C",
                           "/a.B/C\n",  "/a-B/C",
                           "/a.B/C.D",  "/a.B/C\xc3\xa9",
                           "*"}) {
    head_.Clear();
    AddGood(path);
    EXPECT_EQ(Reason(), "METHOD_UNKNOWN") << path;
  }
}

TEST_F(RequestHeadTest, RefusesWhatIsNotGrpc) {
  const std::pair<const char*, const char*> kCases[] = {
      {"content-type", "application/json"},
      {"content-type", "application/grpc-web"},
      {"content-type", "application/grpc;x"},
      {"content-type", "application/grpc+json"},
      {"content-type", ""},
      {"te", "gzip"},
      {"te", "trailers, gzip"},
      {"te", ""}};
  for (const auto& [key, value] : kCases) {
    head_.Clear();
    head_.Add(":method", "POST");
    head_.Add(":path", "/a.B/C");
    if (std::string(key) != "te") head_.Add("te", "trailers");
    if (std::string(key) != "content-type")
      head_.Add("content-type", "application/grpc+proto");
    head_.Add(key, value);
    EXPECT_EQ(head_.Check().code(), absl::StatusCode::kInvalidArgument)
        << key << value;
  }
  head_.Clear();
  head_.Add(":method", "GET");
  head_.Add(":path", "/a.B/C");
  EXPECT_EQ(Reason(), "METHOD_UNKNOWN");
  EXPECT_EQ(head_.http_status(), "405");
}

TEST_F(RequestHeadTest, RefusesBadKeysAndValuesAndRepeatedMeshKeys) {
  const std::vector<std::pair<std::string, std::string>> kCases[] = {
      {{"Upper", "x"}},
      {{"under score", "x"}},
      {{"x\n", "x"}},
      {{"", "x"}},
      {{"x", "line\nfeed"}},
      {{"x", std::string("nul\0", 4)}},
      {{"x", "\x7f"}},
      {{"x", "\xc3\xa9"}},
      {{"x-bin", "*"}},
      {{"x-bin", "AQ=,AQ=="}},
      {{"psm-affair", "a"}, {"psm-affair", "a"}},
      {{"psm-consent", "a"}, {"psm-consent", "b"}},
      {{"psm-consumer", "a"}, {"psm-consumer", "b"}},  // although dropped
      {{"content-type", "application/grpc"}},
      {{"te", "trailers"}},
      {{"grpc-encoding", "gzip"}, {"grpc-encoding", "identity"}},
  };
  for (const auto& fields : kCases) {
    head_.Clear();
    AddGood();
    for (const auto& [key, value] : fields) head_.Add(key, value);
    EXPECT_EQ(Reason(), "METADATA_INVALID") << fields[0].first;
  }
  head_.Clear();
  AddGood();
  EXPECT_TRUE(head_.AddInvalid(10));
  EXPECT_EQ(Reason(), "METADATA_INVALID");
}

TEST_F(RequestHeadTest, FieldsThatAreNotAllowedCountAsWell) {
  AddGood();
  int fields = 0;
  while (fields < 1000 && head_.AddInvalid(4000)) ++fields;
  EXPECT_EQ(Reason(), "HEADERS_TOO_LARGE");
  EXPECT_EQ(fields, 8 * 2000 / 4032);  // eight times the limit
}

TEST_F(RequestHeadTest, DropsWhatOnlyTheGatewayOrAProxyMaySay) {
  AddGood();
  for (const char* key :
       {"psm-consumer", "psm-attributes", "psm-consent-id", "psm-receipt-bin",
        "psm-anything", "x-forwarded-for", "x-forwarded-client-cert",
        "x-forwarded-host", "forwarded", "via", "host", "user-agent",
        "grpc-trace-bin", "grpc-previous-rpc-attempts", "accept-encoding"})
    head_.Add(key, "AQ");
  for (const char* key : {"psm-affair", "psm-consent", "psm-provider",
                          "psm-exchange-id", "psm-representation"})
    head_.Add(key, "v");
  head_.Add("traceparent", "t");
  ASSERT_TRUE(head_.Check().ok()) << head_.Check();
  EXPECT_EQ(head_.metadata(), (Metadata{{"psm-affair", "v"},
                                        {"psm-consent", "v"},
                                        {"psm-provider", "v"},
                                        {"psm-exchange-id", "v"},
                                        {"psm-representation", "v"},
                                        {"traceparent", "t"}}));
}

TEST_F(RequestHeadTest, SplitsJoinedBinaryValues) {
  AddGood();
  head_.Add("x-bin", "AQ,Ag==,");
  ASSERT_TRUE(head_.Check().ok());
  EXPECT_EQ(head_.metadata(),
            (Metadata{{"x-bin", "\1"}, {"x-bin", "\2"}, {"x-bin", ""}}));
}

TEST_F(RequestHeadTest, RefusesABadOrRepeatedTimeout) {
  for (const auto& values : std::vector<std::vector<std::string>>{
           {"1"}, {"S"}, {""}, {"123456789S"}, {"1S", "1S"}}) {
    head_.Clear();
    AddGood();
    for (const std::string& value : values) head_.Add("grpc-timeout", value);
    EXPECT_EQ(Reason(), "TIMEOUT_INVALID") << values[0];
  }
}

TEST_F(RequestHeadTest, CountsTheListAndGivesUpWellBeyondTheLimit) {
  AddGood();
  EXPECT_TRUE(head_.Add("x", std::string(2000, 'x')));
  EXPECT_EQ(Reason(), "HEADERS_TOO_LARGE");
  bool goes_on = true;
  int fields = 0;
  while (goes_on && fields < 1000) {
    goes_on = head_.Add("x", std::string(100, 'x'));
    ++fields;
  }
  EXPECT_LT(fields, 150);
  EXPECT_TRUE(head_.metadata().empty());
}

}  // namespace
}  // namespace psm::edge
