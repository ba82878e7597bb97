// The header list of one request: taken in field by field, judged at its end.
#ifndef PSM_MESH_EDGE_REQUEST_HEAD_H_
#define PSM_MESH_EDGE_REQUEST_HEAD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

// Reused from call to call. What it keeps is valid; what is not, is remembered
// as the reason to refuse.
class RequestHead {
 public:
  explicit RequestHead(std::size_t limit) : limit_(limit) {}

  // Takes one field. False when the list is so far over the limit that even
  // reading on is a waste: end the connection.
  bool Add(absl::string_view name, absl::string_view value);
  // A field that HTTP/2 itself does not allow, of so many bytes. As Add.
  bool AddInvalid(std::size_t bytes);
  // Whether the request may be dispatched. RESOURCE_EXHAUSTED
  // HEADERS_TOO_LARGE; UNIMPLEMENTED METHOD_UNKNOWN for a method other than
  // POST or a path that is none; INVALID_ARGUMENT CONTENT_TYPE_INVALID,
  // METADATA_INVALID (bad key, value, `te`, or a psm-* key twice) or
  // TIMEOUT_INVALID.
  absl::Status Check() const;
  // For the next call.
  void Clear();

  const std::string& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::string& encoding() const { return encoding_; }
  const std::string& accept_encoding() const { return accept_encoding_; }
  // Infinite where there is no grpc-timeout.
  absl::Duration timeout() const { return timeout_; }
  // The HTTP status that goes with a refusal: 200, 405 or 415.
  absl::string_view http_status() const;

 private:
  void AddKnown(absl::string_view name, absl::string_view value);
  void AddMetadata(absl::string_view name, absl::string_view value);

  const std::size_t limit_;
  std::size_t bytes_ = 0;  // RFC 9113, 6.5.2
  std::string path_;
  std::string encoding_;
  std::string accept_encoding_;
  Metadata metadata_;
  std::vector<std::string> mesh_keys_;  // psm-* keys seen, dropped ones too
  absl::Duration timeout_ = absl::InfiniteDuration();
  bool post_ = false;
  bool content_type_ = false;
  bool te_ = false;
  bool timed_ = false;
  bool invalid_ = false;
  bool timeout_invalid_ = false;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_REQUEST_HEAD_H_
