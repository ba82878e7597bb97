// 9. What the gateway says about itself: health and reflection, to members
// only.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "mesh/directory/directory.h"
#include "mesh/edge/test_raw_peer.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using grpc::health::v1::HealthCheckResponse;

struct RawAnswer {
  std::string status;  // grpc-status; "" where the connection ended
  std::string message;
};

class EdgeServices : public Scenario {
 protected:
  static int GatewayPort() {
    int port = 0;
    const std::string gateway = mesh().Endpoint(kGatewaySystem);
    EXPECT_TRUE(
        absl::SimpleAtoi(gateway.substr(gateway.rfind(':') + 1), &port));
    return port;
  }
  static RawAnswer Call(const std::string& path, const std::string& message,
                        const std::string& identity_of) {
    edge::TestIdentity identity;
    identity.files.identity =
        mesh().folder().Certificates(identity_of) + "/identity.pem";
    edge::RawPeer peer(GatewayPort(), mesh().folder().Trust(),
                       {.identity = identity_of.empty() ? nullptr : &identity});
    peer.SayHello();
    peer.Send(edge::MakeHeaders(1, edge::RequestFields(path), false) +
              edge::MakeMessage(1, message, true));
    RawAnswer answer;
    auto end = peer.ReadUntil([&](const edge::RawFrame& frame) {
      if (frame.stream == 1 && frame.type == NGHTTP2_DATA)
        answer.message += frame.payload;
      return frame.stream == 1 && frame.ends_stream();
    });
    if (end.has_value()) answer.status = end->Field("grpc-status");
    // Without the five bytes before a gRPC message.
    if (answer.message.size() >= 5) answer.message.erase(0, 5);
    return answer;
  }

  static HealthCheckResponse::ServingStatus Health() {
    HealthCheckResponse response;
    const RawAnswer answer =
        Call("/grpc.health.v1.Health/Check", "", kBenefits);
    EXPECT_EQ(answer.status, "0");
    EXPECT_TRUE(response.ParseFromString(answer.message));
    return response.status();
  }
};

TEST_F(EdgeServices, HealthTellsWhetherRecordsCanBeWritten) {
  EXPECT_EQ(Health(), HealthCheckResponse::SERVING);
  mesh().FillRecordsDisk();
  EXPECT_EQ(ReasonOf(AskTax(mesh()).status), "RECORD_NOT_DURABLE");
  EXPECT_EQ(Health(), HealthCheckResponse::NOT_SERVING);
  mesh().FreeRecordsDisk();
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  EXPECT_EQ(Health(), HealthCheckResponse::SERVING);
}

TEST_F(EdgeServices, HealthKnowsItsServicesAndNoOthers) {
  grpc::health::v1::HealthCheckRequest request;
  for (const char* service :
       {"psm.tax.v1.TaxService", "psm.linkage.v1.LinkageService"}) {
    request.set_service(service);
    EXPECT_EQ(Call("/grpc.health.v1.Health/Check", request.SerializeAsString(),
                   kBenefits)
                  .status,
              "0")
        << service;
  }
  request.set_service("psm.tax.v2.TaxService");
  EXPECT_EQ(Call("/grpc.health.v1.Health/Check", request.SerializeAsString(),
                 kBenefits)
                .status,
            "5");
}

TEST_F(EdgeServices, ReflectionListsWhatCanBeCalled) {
  grpc::reflection::v1::ServerReflectionRequest request;
  request.set_list_services("*");
  for (const char* version : {"v1", "v1alpha"}) {
    const RawAnswer answer =
        Call(absl::StrCat("/grpc.reflection.", version,
                          ".ServerReflection/ServerReflectionInfo"),
             request.SerializeAsString(), kBenefits);
    EXPECT_EQ(answer.status, "0") << version;
    grpc::reflection::v1::ServerReflectionResponse response;
    ASSERT_TRUE(response.ParseFromString(answer.message)) << version;
    std::string names;
    for (const auto& service : response.list_services_response().service())
      absl::StrAppend(&names, service.name(), " ");
    for (const char* service :
         {"psm.tax.v1.TaxService", "psm.accounts.v1.AccountsService",
          "psm.linkage.v1.LinkageService"})
      EXPECT_NE(names.find(service), std::string::npos) << names;
    EXPECT_EQ(names.find("ConsentFeedService"), std::string::npos)
        << "identity serves it to the gateway alone";
  }
}

// Each answer is a hundred times its question: answers that nobody takes must
// not pile up in the gateway's memory.
TEST_F(EdgeServices, WhoTakesNoAnswersIsAskedForNoMoreQuestions) {
  grpc::reflection::v1::ServerReflectionRequest request;
  request.set_file_containing_symbol("psm.benefits.v1.BenefitsService");
  const std::string question =
      edge::MakeMessage(1, request.SerializeAsString(), false).substr(9);
  constexpr int kQuestions = 1000;
  std::string questions;
  for (int i = 0; i < kQuestions; ++i) questions += question;
  ASSERT_LT(questions.size(), 65535u) << "more than the first window";
  ASSERT_GT(questions.size(), 32768u) << "half of it would be given back";

  edge::TestIdentity identity;
  identity.files.identity =
      mesh().folder().Certificates(kBenefits) + "/identity.pem";
  edge::RawPeer peer(GatewayPort(), mesh().folder().Trust(),
                     {.identity = &identity});
  peer.SayHello();
  // SETTINGS_INITIAL_WINDOW_SIZE 0: no answer may be sent.
  peer.Send(edge::MakeFrame(NGHTTP2_SETTINGS, 0, 0,
                            edge::BigEndian(4, 2) + edge::BigEndian(0, 4)));
  peer.Send(edge::MakeHeaders(
      1,
      edge::RequestFields(
          "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
      false));
  for (std::size_t at = 0; at < questions.size(); at += 16000)
    peer.Send(edge::MakeData(1, questions.substr(at, 16000), false));
  // The second, because the answer to a PING overtakes other frames.
  bool asked_for_more = false;
  for (int i = 0; i < 2; ++i) {
    peer.Send(edge::MakeFrame(NGHTTP2_PING, 0, 0, "12345678"));
    auto pong = peer.ReadUntil([&](const edge::RawFrame& frame) {
      asked_for_more |=
          frame.type == NGHTTP2_WINDOW_UPDATE && frame.stream == 1;
      return frame.type == NGHTTP2_PING && (frame.flags & 1) != 0;
    });
    ASSERT_TRUE(pong.has_value());
  }
  EXPECT_FALSE(asked_for_more);

  // Once they are taken, every question is answered.
  peer.Send(edge::MakeData(1, "", true) +
            edge::MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 1,
                            edge::BigEndian(0x7fffffff, 4)) +
            edge::MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 0,
                            edge::BigEndian(0x7fff0000, 4)));
  std::string answers;
  auto end = peer.ReadUntil([&](const edge::RawFrame& frame) {
    if (frame.stream == 1 && frame.type == NGHTTP2_DATA)
      answers += frame.payload;
    return frame.stream == 1 && frame.ends_stream();
  });
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->Field("grpc-status"), "0");
  int count = 0;
  for (std::size_t at = 0; at + 5 <= answers.size(); ++count) {
    std::uint32_t size = 0;
    for (int i = 1; i < 5; ++i)
      size = size << 8 | static_cast<unsigned char>(answers[at + i]);
    at += 5 + size;
  }
  EXPECT_EQ(count, kQuestions);
}

TEST_F(EdgeServices, AStrangerIsToldNothing) {
  EXPECT_EQ(Call("/grpc.health.v1.Health/Check", "", "").status, "");
}

// Never routed, whoever asks: the feed is between identity and the gateway.
TEST_F(EdgeServices, TheConsentFeedIsNobodysBusiness) {
  const RawAnswer answer =
      Call("/psm.consent.v1.ConsentFeedService/GetFeed", "", kBenefits);
  EXPECT_EQ(answer.status, "12");
  EXPECT_EQ(
      OnlyRecord(mesh(), {.consumer = kBenefits, .reason = "UNKNOWN_METHOD"})
          .kind(),
      Record::REFUSAL);
}

}  // namespace
}  // namespace psm::testing
