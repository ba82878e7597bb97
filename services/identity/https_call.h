// One request over HTTPS to a provider on this machine. Blocks. For programs
// that a person runs; knows no cards.
#ifndef PSM_SERVICES_IDENTITY_HTTPS_CALL_H_
#define PSM_SERVICES_IDENTITY_HTTPS_CALL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::identity {

struct HttpsReply {
  int status = 0;  // of HTTP
  std::string body;
};

// `origin` is "https://localhost:PORT"; the server must show exactly the
// certificate `certificate_pem`, or one that it signed, for localhost.
// INVALID_ARGUMENT where origin or certificate are neither; UNAVAILABLE where
// nobody serves there or it is somebody else.
absl::StatusOr<HttpsReply> Get(absl::string_view origin,
                               absl::string_view certificate_pem,
                               absl::string_view path);
// The same with a form (application/x-www-form-urlencoded).
absl::StatusOr<HttpsReply> PostForm(absl::string_view origin,
                                    absl::string_view certificate_pem,
                                    absl::string_view path,
                                    absl::string_view form);

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_HTTPS_CALL_H_
