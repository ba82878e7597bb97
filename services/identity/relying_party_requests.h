// Requests for consent of relying parties, at the provider: they have no codes
// of persons, and call nothing of the mesh without a consent, but hold an
// access token of a person who signed in.
#ifndef PSM_SERVICES_IDENTITY_RELYING_PARTY_REQUESTS_H_
#define PSM_SERVICES_IDENTITY_RELYING_PARTY_REQUESTS_H_

#include <string>

#include "mesh/crypto/digest.h"
#include "services/identity/consent_request_service.h"
#include "services/openid/provider.h"

namespace psm::identity {

// POST <path>: a form with `id`, the relying party's own of the request, 1 to
// 64 of A-Z, a-z, 0-9, `-`, `.`, `_`, `~`; `attributes` (of the basic items,
// separated by spaces); `purpose`; and, where another time than 30 days is
// wanted, `duration` in seconds. 201 with {"request_id", "expires_at"} (seconds
// since 1970); the same again is the same request, whatever became of it. GET
// <path>/<request_id>: 200 with {"state": "pending", "granted", "declined" or
// "expired"}, `attributes` of what was granted, and `consent`, the token. For
// the affair and the system that the client is registered for; the person is
// whose the access token is.
inline constexpr char kConsentRequestsPath[] = "/consent-requests";

// Thread-safe. What it is given must outlive it.
class RelyingPartyRequests {
 public:
  RelyingPartyRequests(ConsentRequestService* requests, Random* random)
      : requests_(requests), random_(random) {}

  // Whether the address is one of these.
  static bool IsFor(const openid::HttpRequest& request);

  // Errors as RFC 6749, 5.2 has them: 400 invalid_request, also for what no
  // consent is possible for; 404 not_found, whether there is no such request,
  // it is another client's or about another person; 409 invalid_request for an
  // id that stands for another request; 429 too_many_requests; 503
  // temporarily_unavailable.
  openid::HttpAnswer Answer(const openid::HttpRequest& request,
                            const openid::Provider::Bearer& bearer);

 private:
  openid::HttpAnswer Ask(const openid::HttpRequest& request,
                         const openid::Provider::Bearer& bearer);
  openid::HttpAnswer Collect(const std::string& id,
                             const openid::Provider::Bearer& bearer);
  // As if the client's system had called the service.
  agency::CallContext CallOf(const openid::Provider::Bearer& bearer) const;

  ConsentRequestService* const requests_;
  Random* const random_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_RELYING_PARTY_REQUESTS_H_
