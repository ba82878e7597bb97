// Requests for a signature of relying parties, at the provider.
#ifndef PSM_SERVICES_IDENTITY_RELYING_PARTY_SIGNATURES_H_
#define PSM_SERVICES_IDENTITY_RELYING_PARTY_SIGNATURES_H_

#include <string>
#include <utility>

#include "mesh/base/clock.h"
#include "services/identity/provider_subjects.h"
#include "services/identity/sign_requests.h"
#include "services/openid/provider.h"

namespace psm::identity {

// The scope that a grant must have.
inline constexpr char kSignScope[] = "sign";

// POST <path>: a form with `id`, the relying party's own of the request, 1 to
// 64 of A-Z, a-z, 0-9, `-`, `.`, `_`, `~`; `digest`, the document's SHA-256 in
// base64url; `title`, of the document, for the person, at most kMaxTitle bytes
// without control characters and
// marks that turn the direction of text; and, where another time than a day is
// wanted, `duration` in seconds. 201 with {"url", "expires_at"} (seconds since
// 1970): the page to send the person to. The same again is the same request.
// GET <path>/<id>: 200 with {"state": "pending", "signed", "declined" or
// "expired"} and of what was signed `signature`: detached CMS (RFC 5652), DER,
// in base64 (RFC 4648, 4), which names the client and the request
// (card/signed_for.h); for kCollectedAgain once more, then without. That hands
// over the certificate, so it is a disclosure of the four basic items, recorded
// before it leaves, each time. What the mesh refuses looks as if the person had
// never signed. The person is whose the access token is.
inline constexpr char kSignRequestsPath[] = "/sign-requests";

// Thread-safe. What it is given must outlive it.
class RelyingPartySignatures {
 public:
  // `origin` is the provider's address, without a final slash.
  RelyingPartySignatures(SignRequests* requests, CardHolderSubjects* subjects,
                         const Clock* clock, std::string origin)
      : requests_(requests),
        subjects_(subjects),
        clock_(clock),
        origin_(std::move(origin)) {}

  // Whether the address is one of these.
  static bool IsFor(const openid::HttpRequest& request);

  // Errors as RFC 6749, 5.2 and RFC 6750, 3.1 have them: 400 invalid_request;
  // 403 insufficient_scope where the person did not grant kSignScope; 404
  // not_found, whether there is no such request, it is another client's or
  // about another person; 409 invalid_request for an id that stands for another
  // document; 429 too_many_requests; 503 temporarily_unavailable.
  openid::HttpAnswer Answer(const openid::HttpRequest& request,
                            const openid::Provider::Bearer& bearer);

 private:
  openid::HttpAnswer Ask(const openid::HttpRequest& request,
                         const openid::Provider::Bearer& bearer);
  openid::HttpAnswer Collect(const std::string& reference,
                             const openid::Provider::Bearer& bearer);
  // Of what was signed.
  openid::HttpAnswer HandOver(const SignRequest& asked,
                              const openid::Client& client);
  // Of what was signed a moment ago, and is not any more.
  openid::HttpAnswer Unanswered(const std::string& id);
  // Of what was not signed, or must look so.
  openid::HttpAnswer Unsigned(const SignRequest& asked) const;

  SignRequests* const requests_;
  CardHolderSubjects* const subjects_;
  const Clock* const clock_;
  const std::string origin_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_RELYING_PARTY_SIGNATURES_H_
