// A small HTTP/1.1 server for what is public: no TLS, no sign-in, one thread.
// Boost.Beast reads and writes (RFC 9112); it is seen in http_server.cc only.
#ifndef PSM_MESH_WEB_HTTP_SERVER_H_
#define PSM_MESH_WEB_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/web/http.h"

namespace psm::web {

struct HttpServerOptions {
  std::string address = "127.0.0.1:0";  // port 0: any
  // Further ones wait in the system's queue until one of these has ended.
  int max_connections = 64;
  std::size_t max_header_bytes = 8 << 10;  // beyond: 431
  std::size_t max_body_bytes = 0;          // beyond: 413
  // From a connection's beginning, or its last answer, to the end of the next
  // request, however slowly it comes; then the connection is closed.
  absl::Duration request_time = absl::Seconds(10);
  // For the whole of an answer to be taken.
  absl::Duration answer_time = absl::Seconds(30);
};

// Serves until it is destroyed. What is not HTTP is answered with 400 and the
// connection closed. Thread-safe.
class HttpServer {
 public:
  // Listens, and starts the thread on which `handler` is called.
  // INVALID_ARGUMENT for an address that is none; UNAVAILABLE, reason
  // CANNOT_LISTEN, where it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HttpServerOptions& options, HttpHandler handler);
  // Drops connections as they are.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "127.0.0.1:40123", "[::1]:40123": with the port that it got.
  const std::string& endpoint() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_HTTP_SERVER_H_
