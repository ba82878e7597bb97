#include "mesh/edge/test_provider.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/edge/test_grpc.h"

namespace psm::edge {
namespace {

class Reactor final : public grpc::ServerGenericBidiReactor {
 public:
  Reactor(TestProvider& provider, grpc::GenericCallbackServerContext* context)
      : provider_(provider), context_(context) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    const std::string& method = context_->method();
    if (!ok) {
      Finish(grpc::Status(grpc::INVALID_ARGUMENT, "no message"));
    } else if (absl::EndsWith(method, "/Echo")) {
      Answer(FromBuffer(request_));
    } else if (absl::EndsWith(method, "/Describe")) {
      std::string text;
      for (const auto& [key, value] : context_->client_metadata()) {
        if (key.starts_with("psm-")) {
          absl::StrAppend(&text, std::string(key.data(), key.size()), "=",
                          std::string(value.data(), value.size()), "|");
        }
      }
      Answer(text);
    } else if (absl::EndsWith(method, "/Fail")) {
      context_->AddTrailingMetadata("x-secret", "address");
      Finish(grpc::Status(
          grpc::NOT_FOUND, "nobody",
          ToRpcStatus(MakeError(absl::StatusCode::kNotFound, "NO_SUCH_PERSON",
                                Party::kProvider, "nobody"))));
    }
  }
  void OnWriteDone(bool) override { Finish(grpc::Status::OK); }
  void OnCancel() override {
    ++provider_.cancelled;
    if (!answered_) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void Answer(const std::string& text) {
    answered_ = true;
    answer_ = ToBuffer(text);
    StartWrite(&answer_);
  }

  TestProvider& provider_;
  grpc::GenericCallbackServerContext* context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  std::atomic<bool> answered_ = false;
};

}  // namespace

class TestProvider::Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(TestProvider& provider) : provider_(provider) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Reactor(provider_, context);
  }

 private:
  TestProvider& provider_;
};

TestProvider::TestProvider(const TestIdentity& identity,
                           const std::string& root_pem, int port)
    : service_(std::make_unique<Service>(*this)) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = root_pem;
  options.pem_key_cert_pairs.push_back({identity.key, identity.chain});
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterCallbackGenericService(service_.get());
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port),
                           grpc::SslServerCredentials(options), &port_);
  server_ = builder.BuildAndStart();
}

TestProvider::~TestProvider() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

}  // namespace psm::edge
