#include "mesh/edge/test_streams.h"

#include <deque>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/digest.h"
#include "mesh/edge/test_grpc.h"

namespace psm::edge {
namespace {

// Its name in kInteropService; "" in another service.
std::string MethodOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (path.substr(0, slash) != absl::StrCat("/", kInteropService)) return "";
  return path.substr(slash + 1);
}

// Answers message by message. gRPC calls its functions one at a time, on any
// thread; the lock is for TSan, which does not see how gRPC orders them.
class MethodReactor final : public grpc::ServerGenericBidiReactor {
 public:
  MethodReactor(grpc::GenericCallbackServerContext& context,
                TestCount& cancelled, TestCount& ended)
      : context_(context),
        cancelled_(cancelled),
        ended_(ended),
        method_(MethodOf(context.method())) {
    if (method_ == "Fail") {
      context_.AddTrailingMetadata("x-trailing", "failed");
      Finish(grpc::Status(
          grpc::FAILED_PRECONDITION, "\t\ntest with whitespace\r\n and 否 ☺",
          ToRpcStatus(MakeError(absl::StatusCode::kFailedPrecondition,
                                "NO_SUCH_PERSON", Party::kProvider, "no"))));
      return;
    }
    if (method_ == "FailAtLength") {
      // Six kilobytes when it is encoded.
      std::string text;
      for (int i = 0; i < 700; ++i) text += "否";
      Finish(grpc::Status(grpc::ABORTED, text));
      return;
    }
    if (method_ != "Echo" && method_ != "Squeeze" && method_ != "Count" &&
        method_ != "Fan" && method_ != "Early" && method_ != "Never") {
      Finish(grpc::Status(grpc::UNIMPLEMENTED, "no such method"));
      return;
    }
    if (method_ == "Squeeze")
      context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    for (const auto& [key, value] : context_.client_metadata()) {
      const std::string text(value.data(), value.size());
      if (key == "x-initial") context_.AddInitialMetadata("x-initial", text);
      if (key == "x-trailing-bin")
        context_.AddTrailingMetadata("x-trailing-bin", text);
    }
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(mu_);
    if (method_ == "Never") return;
    if (!ok) {
      if (method_ == "Count") {
        last_ = true;  // before the write, which may be done at once
        Send(std::to_string(counted_));
      } else {
        Finish(grpc::Status::OK);
      }
      return;
    }
    const std::string message = FromBuffer(request_);
    if (method_ == "Count") {
      counted_ += message.size();
      StartRead(&request_);
    } else if (method_ == "Fan") {
      for (absl::string_view text :
           absl::StrSplit(message, ',', absl::SkipEmpty())) {
        std::size_t size = 0;
        if (absl::SimpleAtoi(text, &size)) sizes_.push_back(size);
      }
      last_ = true;
      SendNext();
    } else {
      last_ = method_ == "Early";
      Send(message);
    }
  }

  void OnWriteDone(bool) override {
    MutexLock lock(mu_);
    if (!sizes_.empty()) {
      SendNext();
    } else if (last_) {
      Finish(grpc::Status::OK);
    } else {
      StartRead(&request_);
    }
  }

  void OnCancel() override {
    cancelled_.Add();
    if (method_ == "Never") Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    {
      MutexLock lock(mu_);
    }
    ended_.Add();
    delete this;
  }

 private:
  void Send(const std::string& message) {
    answer_ = ToBuffer(message);
    StartWrite(&answer_);
  }
  void SendNext() PSM_REQUIRES(mu_) {
    if (sizes_.empty()) {
      Finish(grpc::Status::OK);
      return;
    }
    const std::size_t size = sizes_.front();
    sizes_.pop_front();
    Send(std::string(size, 'f'));
  }

  grpc::GenericCallbackServerContext& context_;
  TestCount& cancelled_;
  TestCount& ended_;
  const std::string method_;
  Mutex mu_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  std::size_t counted_ PSM_GUARDED_BY(mu_) = 0;
  std::deque<std::size_t> sizes_ PSM_GUARDED_BY(mu_);
  bool last_ PSM_GUARDED_BY(mu_) =
      false;  // the end comes after what is being written
};

bool IsOurs(grpc::string_ref key) { return key.starts_with("x-"); }

}  // namespace

StreamProvider::StreamProvider(const TestIdentity& identity,
                               const std::string& root_pem) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = root_pem;
  options.pem_key_cert_pairs.push_back({identity.key, identity.chain});
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1);
  builder.RegisterCallbackGenericService(this);
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options),
                           &port_);
  server_ = builder.BuildAndStart();
}

StreamProvider::~StreamProvider() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string StreamProvider::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

grpc::ServerGenericBidiReactor* StreamProvider::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  begun_.Add();
  return new MethodReactor(*context, cancelled_, ended_);
}

TestStream::TestStream(const std::shared_ptr<grpc::Channel>& channel,
                       const std::string& method,
                       const std::multimap<std::string, std::string>& metadata,
                       std::chrono::milliseconds timeout, bool compressed)
    : stub_(channel) {
  context_.set_deadline(std::chrono::system_clock::now() + timeout);
  if (compressed) context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  for (const auto& [key, value] : metadata) context_.AddMetadata(key, value);
  call_ =
      stub_.PrepareCall(&context_,
                        absl::StrContains(method, '/')
                            ? absl::StrCat("/", method)
                            : absl::StrCat("/", kInteropService, "/", method),
                        &queue_);
  call_->StartCall(nullptr);
  Await();
}

TestStream::~TestStream() {
  if (!finished_) {
    context_.TryCancel();
    Finish();
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool TestStream::Await() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

void TestStream::Note(const std::string& line) {
  absl::StrAppend(&transcript_, line, "\n");
}

void TestStream::StartWrite(const std::string& message) {
  call_->Write(ToBuffer(message), nullptr);
}

bool TestStream::WritesDone() {
  call_->WritesDone(nullptr);
  return Await();
}

std::optional<std::string> TestStream::Read() {
  grpc::ByteBuffer buffer;
  call_->Read(&buffer, nullptr);
  if (!Await()) {
    Note("no more");
    return std::nullopt;
  }
  std::string message = FromBuffer(buffer);
  Note(absl::StrCat(
      "message ", message.size() <= 40
                      ? absl::CHexEscape(message)
                      : absl::StrCat("of ", message.size(), ", SHA-256 ",
                                     absl::BytesToHexString(Sha256(message)))));
  return message;
}

grpc::Status TestStream::Finish() {
  grpc::Status status;
  call_->Finish(&status, nullptr);
  Await();
  finished_ = true;
  for (const auto& [key, value] : context_.GetServerInitialMetadata()) {
    if (IsOurs(key))
      Note(absl::StrCat(
          "initial ", std::string(key.data(), key.size()), " ",
          absl::CHexEscape(std::string(value.data(), value.size()))));
  }
  Note(absl::StrCat("status ", status.error_code(), " ",
                    absl::CHexEscape(status.error_message()), " ",
                    absl::CHexEscape(status.error_details())));
  for (const auto& [key, value] : context_.GetServerTrailingMetadata()) {
    if (IsOurs(key))
      Note(absl::StrCat(
          "trailing ", std::string(key.data(), key.size()), " ",
          absl::CHexEscape(std::string(value.data(), value.size()))));
  }
  return status;
}

}  // namespace psm::edge
