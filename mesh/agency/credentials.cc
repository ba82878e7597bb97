#include "mesh/agency/credentials.h"

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "mesh/agency/peer_check.h"
#include "mesh/base/log.h"
#include "mesh/directory/directory.h"

namespace psm::agency {
namespace {

using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::FileWatcherCertificateProvider;
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
    const CredentialFiles& files, const Clock& clock, PeerRole role) {
  return ExternalCertificateVerifier::Create<GatewayVerifier>(
      PeerPolicy{.role = role,
                 .spiffe_id = SpiffeIdOf(kGatewaySystem),
                 .trust_file = files.trust,
                 .crl_file = files.crl,
                 .chain_file = files.identity},
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
  options.set_certificate_verifier(Verifier(files, clock, PeerRole::kClient));
  options.set_check_call_host(false);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(
    const CredentialFiles& files, const Clock& clock) {
  TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watch(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_certificate_verifier(Verifier(files, clock, PeerRole::kServer));
  // The SPIFFE id names the gateway; the address it is dialled at does not.
  options.set_check_call_host(false);
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace psm::agency
