// 4. What no gRPC library sends: path tricks and illegal metadata, by hand,
// from a system with a good certificate and an agreement.
#include "absl/strings/numbers.h"
#include "mesh/directory/directory.h"
#include "mesh/edge/test_raw_peer.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

constexpr char kPath[] = "/psm.tax.v1.TaxService/GetTaxStatus";

class Wire : public Scenario {
 protected:
  // One call over a connection of its own, with these fields beside the honest
  // ones; its grpc-status, or "" where the stream or connection just ended.
  static std::string CallWith(const std::string& path,
                              const edge::RawFields& more) {
    int port = 0;
    const std::string gateway = mesh().Endpoint(kGatewaySystem);
    EXPECT_TRUE(
        absl::SimpleAtoi(gateway.substr(gateway.rfind(':') + 1), &port));
    edge::TestIdentity identity;
    identity.files.identity =
        mesh().folder().Certificates(kBenefits) + "/identity.pem";
    edge::RawPeer peer(port, mesh().folder().Trust(), {.identity = &identity});
    EXPECT_TRUE(peer.ok());
    peer.SayHello();
    edge::RawFields fields = edge::RequestFields(path);
    fields.insert(fields.end(), more.begin(), more.end());
    peer.Send(edge::MakeHeaders(1, fields, false) +
              edge::MakeMessage(
                  1, TaxRequest(mesh(), "hanako").SerializeAsString(), true));
    auto end = peer.ReadUntil([](const edge::RawFrame& frame) {
      return frame.stream == 1 &&
             (frame.ends_stream() || frame.type == NGHTTP2_RST_STREAM);
    });
    return end.has_value() ? end->Field("grpc-status") : "";
  }
  static edge::RawFields Honest() {
    return {{"psm-affair", kBenefitAffair}, {"psm-provider", kYunagiTax}};
  }
  static std::size_t Exchanges() {
    return mesh().Records({.kind = Record::EXCHANGE})->size();
  }
};

TEST_F(Wire, OneWayOfWritingAPathIsTheOnlyOne) {
  ASSERT_EQ(CallWith(kPath, Honest()), "0");
  const std::size_t before = Exchanges();
  for (const char* path : {
           "//psm.tax.v1.TaxService/GetTaxStatus",
           "/psm.tax.v1.TaxService//GetTaxStatus",
           "/psm.tax.v1.TaxService/GetTaxStatus/",
           "/x/../psm.tax.v1.TaxService/GetTaxStatus",
           "/psm.tax.v1.TaxService/./GetTaxStatus",
           "/psm.tax.v1.TaxService/GetTaxStatus?x",
           "/psm.tax.v1.TaxService/GetTaxStatus#x",
           "/psm.tax.v1.TaxService/%47etTaxStatus",
           "/psm.tax.v1.TaxService/gettaxstatus",
           "/PSM.tax.v1.TaxService/GetTaxStatus",
           "psm.tax.v1.TaxService/GetTaxStatus",
           "https://localhost/psm.tax.v1.TaxService/GetTaxStatus",
           "*",
           "",
       }) {
    EXPECT_NE(CallWith(path, Honest()), "0") << path;
  }
  EXPECT_EQ(Exchanges(), before);
  // What could be a method is one that nobody knows, and is recorded as such.
  EXPECT_EQ(
      mesh()
          .Records({.method = "/gettaxstatus", .reason = "UNKNOWN_METHOD"})
          ->size(),
      1u);
  EXPECT_EQ(CallWith(kPath, Honest()), "0") << "and still the honest one";
}

TEST_F(Wire, IllegalMetadataIsRefusedAndAbortsNobody) {
  const std::size_t before = Exchanges();
  for (const edge::RawFields& fields : {
           edge::RawFields{{"x-own", "line\nfeed"}},
           {{"x-own", std::string("nul\0", 4)}},
           {{"x-own", "\xe3\x81\x82"}},
           {{"X-Upper", "case"}},
           {{"x own", "space"}},
           {{"x-own-bin", "not base64!"}},
           {{"psm-affair", "collect-arrears"}},  // beside the honest one
           {{"psm-consent", "a"}, {"psm-consent", "b"}},
           {{"psm-exchange-id", "not-a-uuid"}},
           {{"psm-exchange-id", "../../etc/passwd"}},
           {{"grpc-timeout", "-1S"}},
           {{"connection", "close"}},
           {{"content-length", "1"}},
       }) {
    edge::RawFields all = Honest();
    all.insert(all.end(), fields.begin(), fields.end());
    EXPECT_NE(CallWith(kPath, all), "0")
        << fields.front().first << ": " << fields.front().second;
  }
  EXPECT_EQ(Exchanges(), before);
  EXPECT_EQ(CallWith(kPath, Honest()), "0");
}

}  // namespace
}  // namespace psm::testing
