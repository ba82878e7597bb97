// Asks one HTTP server, as an auditor does, or a witness. No TLS: what is read
// is public and holds by its signatures, whoever carries it.
#ifndef PSM_MESH_WEB_HTTP_CLIENT_H_
#define PSM_MESH_WEB_HTTP_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/web/http.h"

namespace psm::web {

struct HttpClientOptions {
  absl::Duration connect_time = absl::Seconds(5);
  absl::Duration answer_time = absl::Seconds(30);  // from request to answer
  // A full bundle of the largest entries is 16.0 MiB.
  std::size_t max_answer_bytes = std::size_t{17} << 20;
};

// Whether `text` begins as an address of the web does.
bool IsUrl(absl::string_view text);

// Keeps its connection from one request to the next. Thread-compatible; blocks,
// but never longer than its times allow (looking up a name aside).
class HttpClient {
 public:
  // `url` is "http://HOST[:PORT][/PREFIX/]". INVALID_ARGUMENT for any other.
  // Nothing is connected yet.
  static absl::StatusOr<std::unique_ptr<HttpClient>> Create(
      const std::string& url, const HttpClientOptions& options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Of the answer's headers, the content type alone is given. UNAVAILABLE where
  // there is no answer, or none that is HTTP; RESOURCE_EXHAUSTED for one over
  // the limit. A kept connection that has gone is made anew, once.
  absl::StatusOr<HttpAnswer> Get(absl::string_view path);
  absl::StatusOr<HttpAnswer> Post(absl::string_view path, std::string body);

 private:
  class Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_HTTP_CLIENT_H_
