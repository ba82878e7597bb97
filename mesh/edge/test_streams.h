// For tests: a provider of gRPC C++ with methods of every form, and a client
// that writes down what it sees.
#ifndef PSM_MESH_EDGE_TEST_STREAMS_H_
#define PSM_MESH_EDGE_TEST_STREAMS_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "mesh/edge/test_count.h"
#include "mesh/edge/test_pki.h"

namespace psm::edge {

// The method decides, whatever its form: Echo answers each message with itself
// and repeats metadata `x-initial` and `x-trailing-bin`; Squeeze does so
// compressed; Count answers at the end with the number of bytes it got; Fan
// answers with messages of the sizes that the first one lists; Early answers
// once and ends without waiting for more; Fail ends at once, with a detail and
// a text of many scripts, FailAtLength with a long one; Never takes one message
// and ends when it is cancelled. Of other services it implements nothing. It
// lets its clients send PINGs as often as they like.
class StreamProvider final : public grpc::CallbackGenericService {
 public:
  StreamProvider(const TestIdentity& identity, const std::string& root_pem);
  ~StreamProvider() override;

  int port() const { return port_; }
  std::string address() const;
  TestCount& cancelled() { return cancelled_; }
  // Waits until all calls that have begun have ended; false where one does not.
  bool BecomesIdle() const { return ended_.Reaches(begun_.value()); }
  int begun() const { return begun_.value(); }

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

 private:
  TestCount begun_;
  TestCount ended_;
  TestCount cancelled_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// Of a service whose methods are StreamProvider's; the contract is
// tests/scenarios/protos/psm/interop/v1/interop.proto.
inline constexpr char kInteropService[] = "psm.interop.v1.InteropService";

// One call of kInteropService, an operation at a time. What it saw, whoever
// carried it, is its transcript.
class TestStream {
 public:
  // `method` of another service: `package.Service/Method`.
  TestStream(const std::shared_ptr<grpc::Channel>& channel,
             const std::string& method,
             const std::multimap<std::string, std::string>& metadata = {},
             std::chrono::milliseconds timeout = std::chrono::seconds(10),
             bool compressed = false);
  ~TestStream();

  // Written() waits until the message has gone out, and comes before the next
  // operation; false where the call ended before.
  void StartWrite(const std::string& message);
  bool Written() { return Await(); }
  bool Write(const std::string& message) {
    StartWrite(message);
    return Written();
  }
  bool WritesDone();
  // Nothing at the end.
  std::optional<std::string> Read();
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish();

  // Messages (long ones by their size), initial and trailing metadata of the
  // test's (`x-`), status with text and detail.
  const std::string& transcript() const { return transcript_; }

 private:
  bool Await();
  void Note(const std::string& line);

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  bool finished_ = false;
  std::string transcript_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_STREAMS_H_
