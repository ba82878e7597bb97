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

// Calls that have ended, and when they were counted.
struct CallCount {
  int calls = 0;
  int not_ok = 0;     // of them
  absl::Duration at;  // monotonic

  // Of what has ended since `before`.
  double PerSecondSince(const CallCount& before) const {
    return (calls - before.calls) / absl::ToDoubleSeconds(at - before.at);
  }
};

// Asks yunagi/tax for a tax status as akatsuki/benefits, with the certificate
// that lies in its folder at the time. Calls begin at a steady pace whether or
// not earlier ones have ended, up to 64 at once of each kind: where a machine
// is too slow for the pace, it gets what it can take.
class CertificateLoad {
 public:
  // Calls begun in a second.
  struct Options {
    // Over psm::agency's channel, as agencies call.
    int kept = 200;
    // Over one of gRPC's own making that follows its files by itself.
    int stock = 100;
  };
  // Beside these, 10 a second that dial anew, two at a time. `mesh` must
  // outlive it.
  CertificateLoad(Mesh& mesh, Options options);
  ~CertificateLoad() { Stop(); }

  // Waits for so many more calls; false where they do not come in 20 s.
  bool Goes(int calls);
  // Begins no more, and returns when all have ended.
  void Stop();

  CallCount Count() const;
  // What was not OK: at most ten of them.
  std::vector<std::string> Failures() PSM_EXCLUDES(mu_);

 private:
  using Ask = std::function<absl::Status()>;
  using Dial = std::function<std::shared_ptr<grpc::Channel>()>;
  struct Flight;
  // Each in a thread of its own until Stop.
  void AskOneByOne(const char* who, absl::Duration every, const Ask& ask);
  void AskSteadily(const char* who, int per_second, const Dial& channel);
  void Ended(const char* who, const absl::Status& how) PSM_EXCLUDES(mu_);

  Mesh& mesh_;
  const tax::v1::GetTaxStatusRequest request_;
  std::atomic<bool> stop_{false};
  std::atomic<int> calls_{0};
  std::atomic<int> not_ok_{0};
  Mutex mu_;
  std::vector<std::string> failures_ PSM_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_CERTIFICATE_LOAD_H_
