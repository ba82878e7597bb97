// A provider on its HTTPS port: wiring for an agency's main.
#ifndef PSM_SERVICES_OPENID_LISTENER_H_
#define PSM_SERVICES_OPENID_LISTENER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/openid/http.h"
#include "services/openid/https_server.h"

namespace psm::openid {

// Where a listener keeps and says things.
struct ListenerFiles {
  std::string folder;    // of the system's own files: key and certificate
  std::string endpoint;  // <run>/endpoints/<agency>/<system>.https
};

// Serves at https://localhost:<port>. The port stays the same from start to
// start where nobody else has taken it, because the provider's name hangs on
// it. While it lives, `endpoint` holds that name, `endpoint`.pem the
// certificate to trust, and `endpoint`.port the port. Thread-safe.
class Listener {
 public:
  // `name` is the certificate's. `make_handler` is given the issuer, and is
  // called once. Errors are the files' and the socket's.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(
      const ListenerFiles& files, absl::string_view name, absl::Time now,
      std::function<absl::StatusOr<HttpHandler>(const std::string& issuer)>
          make_handler);
  ~Listener();  // removes `endpoint` where it is still its own
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const std::string& issuer() const { return issuer_; }

 private:
  Listener() = default;
  std::string endpoint_;
  std::string issuer_;
  struct Late;
  std::shared_ptr<Late> late_;
  std::unique_ptr<HttpsServer> server_;
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_LISTENER_H_
