#include "mesh/edge/test_provider.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/edge/test_grpc.h"

namespace psm::edge {

// One call, from event to event of the queue. Everything here happens on one
// thread, so that ThreadSanitizer, which does not see into gRPC, has nothing to
// misunderstand.
class TestProvider::Call {
 public:
  explicit Call(TestProvider& provider)
      : provider_(provider), stream_(&context_) {
    context_.AsyncNotifyWhenDone(Await(ended_));
    provider_.service_.RequestCall(&context_, &stream_, provider_.queue_.get(),
                                   provider_.queue_.get(), Await(arrived_));
  }

  // An event: which of a call's steps has come.
  struct Event {
    Call* call;
    void (Call::*step)(bool ok);
  };

 private:
  // The event's tag.
  Event* Await(Event& event) {
    ++pending_;
    return &event;
  }
  friend class TestProvider;

  void Arrived(bool ok) {
    if (!ok) {
      --pending_;  // a call that never came is never done either
      return;
    }
    provider_.AskForCall();
    stream_.Read(&request_, Await(read_));
  }

  void Read(bool ok) {
    const std::string& method = context_.method();
    if (!ok) {
      Finish(grpc::Status(grpc::INVALID_ARGUMENT, "no message"));
    } else if (absl::EndsWith(method, "/Echo")) {
      Answer(FromBuffer(request_));
    } else if (absl::EndsWith(method, "/Describe")) {
      std::string text;
      for (const auto& [key, value] : context_.client_metadata()) {
        if (key.starts_with("psm-")) {
          absl::StrAppend(&text, std::string(key.data(), key.size()), "=",
                          std::string(value.data(), value.size()), "|");
        }
      }
      Answer(text);
    } else if (absl::EndsWith(method, "/Fail")) {
      context_.AddTrailingMetadata("x-secret", "address");
      Finish(grpc::Status(
          grpc::NOT_FOUND, "nobody",
          ToRpcStatus(MakeError(absl::StatusCode::kNotFound, "NO_SUCH_PERSON",
                                Party::kProvider, "nobody"))));
    }
  }

  void Answer(const std::string& text) {
    stream_.WriteAndFinish(ToBuffer(text), grpc::WriteOptions(),
                           grpc::Status::OK, Await(finished_));
  }
  void Finish(const grpc::Status& status) {
    stream_.Finish(status, Await(finished_));
  }
  void Finished(bool) {}
  void Ended(bool) {
    if (context_.IsCancelled()) provider_.cancelled_.Add();
  }

  TestProvider& provider_;
  Event arrived_{this, &Call::Arrived};
  Event read_{this, &Call::Read};
  Event finished_{this, &Call::Finished};
  Event ended_{this, &Call::Ended};
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer request_;
  int pending_ = 0;  // events to come
};

TestProvider::TestProvider(const TestIdentity& identity,
                           const std::string& root_pem, int port) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = root_pem;
  options.pem_key_cert_pairs.push_back({identity.key, identity.chain});
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterAsyncGenericService(&service_);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port),
                           grpc::SslServerCredentials(options), &port_);
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  AskForCall();
  thread_ = std::thread([this] { Run(); });
}

TestProvider::~TestProvider() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  queue_->Shutdown();
  thread_.join();
}

void TestProvider::AskForCall() {
  // gRPC aborts when a queue that is shut down is asked.
  MutexLock lock(mu_);
  if (!stopping_) new Call(*this);
}

void TestProvider::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    auto* event = static_cast<Call::Event*>(tag);
    Call* call = event->call;
    (call->*event->step)(ok);
    if (--call->pending_ == 0) delete call;
  }
}

}  // namespace psm::edge
