// 1. Who may connect at all: to the gateway, and past it.
#include <functional>

#include "absl/strings/numbers.h"
#include "certs/certificate_profile.h"
#include "grpcpp/create_channel.h"
#include "mesh/agency/run_folder.h"
#include "mesh/base/durable_file.h"
#include "mesh/directory/directory.h"
#include "mesh/edge/test_raw_peer.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/bad_identity.h"

namespace psm::testing {
namespace {

using tax::v1::TaxService;

class Connections : public Scenario {
 protected:
  static std::size_t RecordCount() { return mesh().Records({})->size(); }

  // A call with an identity that lies where those of systems lie.
  static absl::Status AskAs(const std::string& name) {
    return mesh()
        .Client(name)
        .Call(&TaxService::Stub::GetTaxStatus,
              {.affair = kBenefitAffair, .provider = kYunagiTax},
              TaxRequest(mesh(), "hanako"))
        .status;
  }
};

TEST_F(Connections, WithoutACertificateTheHandshakeIsRefused) {
  const std::size_t before = RecordCount();
  grpc::SslCredentialsOptions anonymous;
  anonymous.pem_root_certs = *ReadFile(mesh().folder().Trust());
  auto channel = grpc::CreateChannel(mesh().Endpoint(kGatewaySystem),
                                     grpc::SslCredentials(anonymous));
  TaxService::Stub stub(channel);
  grpc::ClientContext context;
  tax::v1::GetTaxStatusResponse response;
  EXPECT_EQ(stub.GetTaxStatus(&context, TaxRequest(mesh(), "hanako"), &response)
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(response.ByteSizeLong(), 0u);
  EXPECT_EQ(RecordCount(), before) << "no call began, none is recorded";
}

struct BadCertificate {
  const char* name;
  std::function<void(pki::CertificateProfile&)> spoil;
  Issuer issuer = Issuer::kMesh;
};

// What would pass but for one thing each; the first, unspoilt, does pass.
TEST_F(Connections, OneFlawInACertificateIsEnough) {
  const BadCertificate bad[] = {
      {"stranger", [](auto&) {}, Issuer::kStranger},
      {"expired",
       [](auto& p) {
         p.not_before -= absl::Hours(2);
         p.not_after = mesh().clock().Now() - absl::Minutes(1);
       }},
      {"not-yet",
       [](auto& p) {
         p.not_before = mesh().clock().Now() + absl::Minutes(30);
       }},
      {"two-names",
       [](auto& p) { p.uri_names.push_back(SpiffeIdOf(kYunagiTax)); }},
      {"no-name", [](auto& p) { p.uri_names.clear(); }},
      {"other-domain",
       [](auto& p) {
         p.uri_names = {"spiffe://other.test/agency/akatsuki/system/benefits"};
       }},
      {"server-only", [](auto& p) { p.purposes = {"serverAuth"}; }},
  };
  auto profile = [] {
    return pki::SystemProfile(kBenefits, mesh().clock().Now(), absl::Hours(1));
  };
  ASSERT_TRUE(WriteBadIdentity(mesh(), "good/unspoilt", profile()).ok());
  ASSERT_TRUE(AskAs("good/unspoilt").ok());
  const std::size_t before = RecordCount();
  for (const BadCertificate& certificate : bad) {
    pki::CertificateProfile spoilt = profile();
    certificate.spoil(spoilt);
    const std::string name = std::string("bad/") + certificate.name;
    ASSERT_TRUE(
        WriteBadIdentity(mesh(), name, spoilt, certificate.issuer).ok());
    EXPECT_EQ(AskAs(name).code(), absl::StatusCode::kUnavailable)
        << certificate.name;
  }
  EXPECT_EQ(RecordCount(), before);
}

TEST_F(Connections, ACertificateOfASystemThatNobodyKnowsIsRefusedAndRecorded) {
  ASSERT_TRUE(
      WriteBadIdentity(mesh(), "stray/system",
                       pki::SystemProfile("stray/system", mesh().clock().Now(),
                                          absl::Hours(1)))
          .ok());
  EXPECT_EQ(ReasonOf(AskAs("stray/system")), "UNKNOWN_SYSTEM");
  const Record record = OnlyRecord(mesh(), {.consumer = "stray/system"});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_EQ(record.subject(), "") << "nobody was named by one who has no codes";
}

// Benefits has a good certificate and an agreement, and goes past the gateway.
TEST_F(Connections, AProviderTakesNobodyButTheGateway) {
  int port = 0;
  const std::string endpoint = mesh().Endpoint(kYunagiTax);
  ASSERT_TRUE(
      absl::SimpleAtoi(endpoint.substr(endpoint.rfind(':') + 1), &port));
  auto greets = [&](const std::string& system) {
    edge::TestIdentity identity;
    identity.files.identity =
        mesh().folder().Certificates(system) + "/identity.pem";
    edge::RawPeer peer(port, mesh().folder().Trust(),
                       {.identity = system.empty() ? nullptr : &identity});
    if (!peer.ok()) return false;
    peer.SayHello();
    return peer.Read().has_value();
  };
  EXPECT_TRUE(greets(kGatewaySystem)) << "with the gateway's own it would";
  // The gateway's name does not help where others have vouched for it.
  ASSERT_TRUE(
      WriteBadIdentity(mesh(), "bad/gateway",
                       pki::SystemProfile(kGatewaySystem, mesh().clock().Now(),
                                          absl::Hours(1)),
                       Issuer::kStranger)
          .ok());
  for (const char* system :
       {"", "bad/gateway", kBenefits, "yunagi/residents", kYunagiTax})
    EXPECT_FALSE(greets(system)) << system;
}

TEST_F(Connections, ACertificateThatExpiresEndsCallsOnALiveConnection) {
  ASSERT_TRUE(
      WriteBadIdentity(
          mesh(), "good/for-an-hour",
          pki::SystemProfile(kBenefits, mesh().clock().Now(), absl::Hours(1)))
          .ok());
  ASSERT_TRUE(AskAs("good/for-an-hour").ok());
  mesh().AdvanceClock(absl::Hours(1) + absl::Minutes(1));
  const absl::Status refused = AskAs("good/for-an-hour");
  EXPECT_EQ(ReasonOf(refused), "CERTIFICATE_EXPIRED") << refused;
  const Record record = OnlyRecord(mesh(), {.reason = "CERTIFICATE_EXPIRED"});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_EQ(record.consumer(), kBenefits);
  EXPECT_EQ(record.subject(), "") << "nobody's code was looked at";
  EXPECT_TRUE(AskTax(mesh()).status.ok()) << "with one that is longer valid";
  mesh().AdvanceClock(-absl::Hours(1) - absl::Minutes(1));
}

}  // namespace
}  // namespace psm::testing
