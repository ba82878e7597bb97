#include "mesh/agency/credentials.h"

#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "mesh/agency/peer_check.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/file_fingerprint.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"
#include "mesh/directory/directory.h"

namespace psm::agency {
namespace {

using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::FileWatcherCertificateProvider;
using grpc::experimental::StaticDataCertificateProvider;
using grpc::experimental::TlsChannelCredentialsOptions;
using grpc::experimental::TlsCustomVerificationCheckRequest;
using grpc::experimental::TlsServerCredentialsOptions;

constexpr unsigned kRefreshSeconds = 1;

absl::string_view View(grpc::string_ref text) {
  return absl::string_view(text.data(), text.size());
}

// Asked after the handshake's cryptography and before any call. It answers at
// once: four small files and two signatures, under a millisecond.
class GatewayVerifier : public ExternalCertificateVerifier {
 public:
  GatewayVerifier(PeerPolicy policy, const Clock* clock)
      : policy_(std::move(policy)), clock_(*clock) {}
  ~GatewayVerifier() override = default;

  bool Verify(TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    absl::Status checked =
        CheckPeer(policy_, View(request->peer_cert()),
                  View(request->peer_cert_full_chain()), clock_.Now());
    if (!checked.ok()) {
      LogWarning("peer_refused", {{"why", std::string(checked.message())}});
      *sync_status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                  std::string(checked.message()));
    }
    return true;
  }

  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  const PeerPolicy policy_;
  const Clock& clock_;
};

std::shared_ptr<FileWatcherCertificateProvider> Watch(
    const CredentialFiles& files) {
  return std::make_shared<FileWatcherCertificateProvider>(
      files.identity, files.identity, files.trust, kRefreshSeconds);
}

std::shared_ptr<grpc::experimental::CertificateVerifier> Verifier(
    const CredentialFiles& files, const Clock& clock, PeerRole role,
    std::shared_ptr<RevocationListNumbers> seen) {
  return ExternalCertificateVerifier::Create<GatewayVerifier>(
      PeerPolicy{.role = role,
                 .spiffe_id = SpiffeIdOf(kGatewaySystem),
                 .trust_file = files.trust,
                 .crl_file = files.crl,
                 .chain_file = files.identity,
                 .seen = std::move(seen)},
      &clock);
}

}  // namespace

CredentialFiles CredentialFiles::In(absl::string_view run,
                                    absl::string_view system) {
  return {
      .identity = absl::StrCat(run, "/pki/systems/", system, "/identity.pem"),
      .trust = absl::StrCat(run, "/pki/trust.pem"),
      .crl = absl::StrCat(run, "/pki/crl.pem")};
}

std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(
    const CredentialFiles& files, const Clock& clock) {
  TlsServerCredentialsOptions options(Watch(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(
      Verifier(files, clock, PeerRole::kClient,
               std::make_shared<RevocationListNumbers>()));
  options.set_check_call_host(false);
  return grpc::experimental::TlsServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
ReadChannelCredentials(const CredentialFiles& files, const Clock& clock,
                       std::shared_ptr<RevocationListNumbers> seen) {
  PSM_ASSIGN_OR_RETURN(const std::string roots, ReadFile(files.trust));
  PSM_ASSIGN_OR_RETURN(const std::string identity, ReadFile(files.identity));
  PSM_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                       Certificate::ChainFromPem(identity));
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key,
                       SigningKey::FromPem(identity, SecretBytes()));
  if (key->Public()->ToDer() != chain.front().key()->ToDer()) {
    return absl::FailedPreconditionError(absl::StrCat(
        files.identity, ": the key is not that of the certificate"));
  }
  TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<StaticDataCertificateProvider>(
          roots, std::vector<grpc::experimental::IdentityKeyCertPair>{
                     {identity, identity}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_certificate_verifier(
      Verifier(files, clock, PeerRole::kServer, std::move(seen)));
  // The SPIFFE id names the gateway; the address it is dialled at does not.
  options.set_check_call_host(false);
  return grpc::experimental::TlsCredentials(options);
}

std::string VersionOf(const CredentialFiles& files) {
  return FingerprintOf({files.identity, files.trust});
}

}  // namespace psm::agency
