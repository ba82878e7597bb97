// An HTTPS/1.1 server for browsers and relying parties: TLS 1.3, handlers that
// may block. Boost.Beast reads and writes (RFC 9112); it is seen in
// https_server.cc only.
#ifndef PSM_SERVICES_OPENID_HTTPS_SERVER_H_
#define PSM_SERVICES_OPENID_HTTPS_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/openid/http.h"
#include "services/openid/web_identity.h"

namespace psm::openid {

struct HttpsServerOptions {
  std::uint16_t port = 0;  // on 127.0.0.1; 0: any
  // Further ones wait in the system's queue until one of these has ended.
  int max_connections = 256;
  std::size_t max_header_bytes = 32 << 10;  // beyond: 431
  std::size_t max_body_bytes = 64 << 10;    // beyond: 413
  // For the handshake; and from a connection's beginning, or its last answer,
  // to the end of the next request, however slowly it comes.
  absl::Duration request_time = absl::Seconds(10);
  // For the whole of an answer to be taken.
  absl::Duration answer_time = absl::Seconds(30);
  int threads = 8;  // on which handlers run
};

// Serves until it is destroyed. What is not HTTP is answered with 400 and the
// connection closed. Thread-safe.
class HttpsServer {
 public:
  // Listens, and starts its threads. INVALID_ARGUMENT where key and certificate
  // do not load; UNAVAILABLE where the port is taken.
  static absl::StatusOr<std::unique_ptr<HttpsServer>> Start(
      const HttpsServerOptions& options, const WebIdentity& identity,
      HttpHandler handler);
  // Drops connections as they are; waits for handlers that run.
  ~HttpsServer();
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  std::uint16_t port() const;

 private:
  class Impl;
  explicit HttpsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_HTTPS_SERVER_H_
