// Calls that go on while certificates change: over connections that are kept,
// and over one for each call.
#ifndef PSM_TESTS_SCENARIOS_CERTIFICATE_LOAD_H_
#define PSM_TESTS_SCENARIOS_CERTIFICATE_LOAD_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "grpcpp/channel.h"
#include "mesh/base/mutex.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {

// Asks for a tax status, 1,000 times a second where the machine gives it, and
// never with more than nine calls at once.
class CertificateLoad {
 public:
  struct Options {
    // Also a client of gRPC's own making that follows its files by itself.
    bool stock_client = true;
  };
  CertificateLoad(Mesh& mesh, Options options);
  ~CertificateLoad() { Stop(); }

  // Waits for so many more calls; false where they do not come in 20 s.
  bool Goes(int calls);
  void Stop();

  int calls() const { return calls_; }
  // What was not OK: at most ten of them.
  std::vector<std::string> Failures() PSM_EXCLUDES(mu_);

 private:
  using Ask = std::function<absl::Status()>;
  void Add(const char* who, absl::Duration every, Ask ask);
  void Run(const char* who, absl::Duration every, const Ask& ask);

  Mesh& mesh_;
  const tax::v1::GetTaxStatusRequest request_;
  std::shared_ptr<grpc::Channel> stock_;
  std::atomic<bool> stop_{false};
  std::atomic<int> calls_{0};
  Mutex mu_;
  std::vector<std::string> failures_ PSM_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_CERTIFICATE_LOAD_H_
