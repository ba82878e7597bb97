// The proxies that psm races against: their configuration, their processes.
// Knows nothing of what is measured.
#ifndef PSM_TESTS_BENCH_PROXY_H_
#define PSM_TESTS_BENCH_PROXY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/cli/process.h"

namespace psm::bench {

// Where a proxy stands: at the gateway's place, with the gateway's certificate
// on both sides, before one provider.
struct ProxyPlace {
  std::string folder;    // of its own; absolute, made already
  std::string identity;  // PEM: key, leaf, intermediate
  std::string trust;     // PEM: roots
  int port = 0;          // where it listens, on 127.0.0.1
  std::string backend;   // "127.0.0.1:PORT", whose certificate says localhost
};

// "haproxy", "nginx", "nghttpx", in the order of the table.
const std::vector<std::string>& ProxyNames();

// Debian's package of one of these.
absl::string_view PackageOf(absl::string_view proxy);

// The configuration file, for forwarding gRPC with mutual TLS on both sides at
// the least cost that was found: HTTP/2 to the provider, connections that are
// kept, no log, as many threads as the gateway has.
std::string ProxyConfiguration(absl::string_view proxy,
                               const ProxyPlace& place);

// The first line of what the program says about its version. NOT_FOUND, with
// what to do, where it is not installed.
absl::StatusOr<std::string> ProxyVersion(absl::string_view proxy);

// Writes the configuration into the folder, starts the program, and returns
// when it listens. Its errors go to <folder>/log. It ends with the thread that
// started it.
absl::StatusOr<ProcessName> StartProxy(absl::string_view proxy,
                                       const ProxyPlace& place);

// A port of 127.0.0.1 where nobody listens now.
absl::StatusOr<int> FreePort();

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_PROXY_H_
