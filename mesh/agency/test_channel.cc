#include "mesh/agency/test_channel.h"

#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/client_unary_call.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/byte_buffer.h"
#include "mesh/base/clock.h"

namespace psm::agency {
namespace {

using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::IdentityKeyCertPair;
using grpc::experimental::StaticDataCertificateProvider;
using grpc::experimental::TlsCustomVerificationCheckRequest;

class AnyPeer : public ExternalCertificateVerifier {
 public:
  explicit AnyPeer(std::string* leaf) : leaf_(leaf) {}
  ~AnyPeer() override = default;
  bool Verify(TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status*) override {
    if (leaf_ != nullptr)
      leaf_->assign(request->peer_cert().data(), request->peer_cert().size());
    return true;
  }
  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  std::string* const leaf_;
};

std::shared_ptr<StaticDataCertificateProvider> Provide(
    const TestIdentity& identity, const std::string& trust_pem) {
  std::vector<IdentityKeyCertPair> pairs;
  if (!identity.key_pem.empty())
    pairs.push_back({identity.key_pem, identity.chain_pem});
  return std::make_shared<StaticDataCertificateProvider>(trust_pem, pairs);
}

}  // namespace

std::shared_ptr<grpc::Channel> DialAs(const TestIdentity& identity,
                                      const std::string& trust_pem, int port,
                                      std::string* server_leaf) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Provide(identity, trust_pem));
  options.watch_root_certs();
  if (!identity.key_pem.empty()) options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      ExternalCertificateVerifier::Create<AnyPeer>(server_leaf));
  options.set_check_call_host(false);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                   grpc::experimental::TlsCredentials(options),
                                   arguments);
}

std::shared_ptr<grpc::ServerCredentials> GatewayServerCredentials(
    const TestIdentity& identity, const std::string& trust_pem) {
  grpc::experimental::TlsServerCredentialsOptions options(
      Provide(identity, trust_pem));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(
      ExternalCertificateVerifier::Create<AnyPeer>(nullptr));
  options.set_check_call_host(false);
  return grpc::experimental::TlsServerCredentials(options);
}

grpc::Status RawCall(grpc::Channel& channel, const char* path,
                     const std::string& request, std::string* answer) {
  grpc::ClientContext context;
  context.set_deadline(
      absl::ToChronoTime(SystemClock().Now() + absl::Seconds(5)));
  grpc::Slice slice(request);
  grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer got;
  grpc::internal::RpcMethod method(path, grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::Status status =
      grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
          &channel, method, &context, sent, &got);
  if (!status.ok()) return status;
  grpc::Slice whole;
  if (!got.DumpToSingleSlice(&whole).ok())
    return grpc::Status(grpc::StatusCode::INTERNAL, "unreadable answer");
  answer->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
  return grpc::Status::OK;
}

}  // namespace psm::agency
