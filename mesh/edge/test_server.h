// For tests: an edge server with a service that does what the path says.
#ifndef PSM_MESH_EDGE_TEST_SERVER_H_
#define PSM_MESH_EDGE_TEST_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/edge/server.h"
#include "mesh/edge/test_pki.h"
#include "mesh/edge/unary.h"

namespace psm::edge {

// The method decides: Echo answers the message; Describe answers what the call
// says of itself; Wait ends when the call is cancelled, with the reason; Hold
// ends when Release is called; Fail ends with a status that has a detail,
// FailAtLength with one too long to send; Bad sends a trailer that is not
// valid; Later answers from a post.
class TestService final : public UnaryService {
 public:
  Task<UnaryReply> Handle(UnaryCall& call) override;

  // Ends the calls that Hold holds, of this service's worker. Thread-safe.
  void Release(Worker& worker);

  std::atomic<int> started = 0;
  std::atomic<int> ended = 0;
  std::atomic<int> cancelled = 0;

 private:
  std::vector<Completion<int>*> held_;
};

// Streams: answers every message with itself, and the end with OK. Paths under
// /test.Stream/ go here, all others to the service.
class TestDispatcher final : public Dispatcher {
 public:
  TestDispatcher(TestService& service, absl::Duration request_time)
      : service_(service), request_time_(request_time) {}
  std::unique_ptr<StreamHandler> Dispatch(InboundStream& stream) override;

 private:
  TestService& service_;
  const absl::Duration request_time_;
};

class TestServer {
 public:
  TestServer(TestPki& pki, const ServerLimits& limits, int workers = 1,
             const Clock* clock = nullptr);
  ~TestServer();

  int port() const { return server_->port(); }
  std::string address() const;
  Server& server() { return *server_; }
  Worker& worker(std::size_t index = 0) { return *workers_[index]; }
  TestService& service(std::size_t index = 0) { return *services_[index]; }
  const TestIdentity& identity() const { return identity_; }
  // Waits until `condition` holds of the statistics; false after 20 s.
  bool WaitFor(const std::function<bool(const ServerStats&)>& condition);

 private:
  SystemClock system_clock_;
  TestIdentity identity_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<TestService>> services_;
  std::vector<std::unique_ptr<TestDispatcher>> dispatchers_;
  std::unique_ptr<Server> server_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_SERVER_H_
