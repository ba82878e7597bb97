// Whether a card's certificate is revoked, for whoever asks over HTTP: OCSP,
// the list, and the authority's certificate. Knows no sockets.
#ifndef PSM_SERVICES_IDENTITY_STATUS_PAGES_H_
#define PSM_SERVICES_IDENTITY_STATUS_PAGES_H_

#include <string>
#include <utility>

#include "mesh/web/http.h"
#include "services/identity/ocsp_responder.h"
#include "services/identity/revocation_lists.h"

namespace psm::identity {

// All of it is public and signed, so it needs neither TLS nor sign-in:
//   POST /            an OCSPRequest (RFC 6960, A.1); the answer is an
//                     OCSPResponse
//   GET /ocsp/BASE64  the same, the request in base64 with its `+`, `/` and `=`
//                     written as %2B, %2F and %3D where the client likes
//   GET /crl.pem, /crl.der, /ca.pem, /ca.der
// Thread-safe. What it is given must outlive it.
class StatusPages {
 public:
  // `authority_pem`: the authority's certificate.
  StatusPages(OcspResponder* responder, RevocationLists* lists,
              std::string authority_pem)
      : responder_(responder),
        lists_(lists),
        authority_pem_(std::move(authority_pem)) {}

  // 404 for any other path, 405 for another method, 503 where the list cannot
  // be made now.
  web::HttpAnswer Answer(const web::HttpRequest& request);

 private:
  web::HttpAnswer Status(absl::string_view der);
  web::HttpAnswer File(absl::string_view path);

  OcspResponder* const responder_;
  RevocationLists* const lists_;
  const std::string authority_pem_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_STATUS_PAGES_H_
