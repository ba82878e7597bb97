// A TCP relay that can be told to delay, cut or swallow what passes. Knows
// neither TLS nor gRPC: what it relays stays sealed.
#ifndef PSM_TESTS_SUPPORT_FAULT_PROXY_H_
#define PSM_TESTS_SUPPORT_FAULT_PROXY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace psm::testing {

// Listens on a port of 127.0.0.1 of its own choice and runs on a thread of its
// own. All that is set binds connections that are open already, too.
// Thread-safe.
class FaultProxy {
 public:
  // `target` is "host:port", an address. UNAVAILABLE where no port is free.
  static absl::StatusOr<std::unique_ptr<FaultProxy>> Start(
      const std::string& target);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  const std::string& endpoint() const;  // "127.0.0.1:PORT"

  // Where connections go from now on.
  void SetTarget(const std::string& target);

  // Relays at once: how it begins.
  void Pass();
  // What the target sends arrives `by` later, in order, at full rate.
  void Delay(absl::Duration by);
  // Resets all connections, and every new one.
  void Cut();
  // Takes connections and bytes and gives nothing on, in either direction.
  // What it took is lost: connections of this time stay dead after Pass.
  void Swallow();

  // How many connections have been taken so far.
  int connections() const;

 private:
  class Impl;
  explicit FaultProxy(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SUPPORT_FAULT_PROXY_H_
