// The provider behind every proxy of the race: answers at once, and costs
// little beside what is measured.
#ifndef PSM_TESTS_BENCH_BACKEND_H_
#define PSM_TESTS_BENCH_BACKEND_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/base/clock.h"
#include "mesh/edge/tls_config.h"

namespace psm::bench {

inline constexpr char kForwardPath[] = "/psm.bench.v1.BenchService/Forward";
inline constexpr char kAskPath[] = "/psm.bench.v1.BenchService/Ask";

// Answers Ask with a constant, whoever is asked about, and anything else with
// the request. On a thread of its own; any peer of the mesh's authority may
// connect, as often as it likes.
class Backend {
 public:
  // On any free port of 127.0.0.1. `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<Backend>> Start(
      std::shared_ptr<const edge::TlsConfig> tls, const Clock& clock);
  ~Backend();
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  std::string endpoint() const;  // "127.0.0.1:PORT"

 private:
  class Impl;
  explicit Backend(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_BACKEND_H_
