#include "mesh/edge/test_grpc.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <vector>

#include "mesh/base/error.h"

namespace psm::edge {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string FromBuffer(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

namespace {

std::shared_ptr<grpc::Channel> OneConnection(
    const std::string& address,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace

std::shared_ptr<grpc::Channel> TestChannel(
    const std::string& address, const std::string& root_pem,
    const TestIdentity* identity, const grpc::ChannelArguments* extra) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = root_pem;
  if (identity != nullptr) {
    options.pem_private_key = identity->key;
    options.pem_cert_chain = identity->chain;
  }
  return OneConnection(address, grpc::SslCredentials(options),
                       extra != nullptr ? *extra : grpc::ChannelArguments());
}

std::shared_ptr<grpc::Channel> DirectChannel(
    const std::string& address, const std::string& root_pem,
    const TestIdentity& identity, const grpc::ChannelArguments* extra) {
  namespace tls = grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<tls::StaticDataCertificateProvider>(
          root_pem, std::vector<tls::IdentityKeyCertPair>{
                        {identity.key, identity.chain}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      std::make_shared<tls::NoOpCertificateVerifier>());
  options.set_check_call_host(false);
  return OneConnection(address, tls::TlsCredentials(options),
                       extra != nullptr ? *extra : grpc::ChannelArguments());
}

TestAnswer TestCall(const std::shared_ptr<grpc::Channel>& channel,
                    const std::string& path, const std::string& message,
                    const std::multimap<std::string, std::string>& metadata,
                    std::chrono::milliseconds timeout) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, path, ToBuffer(message), &queue);
  call->StartCall();
  TestAnswer answer;
  grpc::ByteBuffer received;
  call->Finish(&received, &answer.status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  answer.message = FromBuffer(received);
  for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
    answer.trailers.emplace(std::string(key.data(), key.size()),
                            std::string(value.data(), value.size()));
  }
  return answer;
}

std::string ReasonOfGrpc(const grpc::Status& status) {
  return ReasonOf(
      FromRpcStatus(static_cast<absl::StatusCode>(status.error_code()),
                    status.error_message(), status.error_details()));
}

}  // namespace psm::edge
