// The page on which a person sees what a relying party asks her to sign, and
// where her card's program fetches it and brings the signature.
#ifndef PSM_SERVICES_IDENTITY_SIGNING_PAGES_H_
#define PSM_SERVICES_IDENTITY_SIGNING_PAGES_H_

#include <string>

#include "mesh/base/clock.h"
#include "services/identity/sign_requests.h"
#include "services/identity/signature_judge.h"
#include "services/openid/client.h"
#include "services/openid/http.h"
#include "services/openid/profile.h"

namespace psm::identity {

// GET <path><id>: the page. It looks again by itself until the card has signed.
// POST <path><id>: the person declines. GET <path><id>/request: for the card's
// program, 200 with {"service": {"ja", "en"}, "title", "digest", "expires_at"}.
// POST <path><id>/signature: it brings `signature`, a CMS in base64url; 200, or
// 4xx with {"error": "..."}, with what the person should do. The id is all that
// a caller needs: it shows a title, and lets nobody sign but the person who is
// asked.
inline constexpr char kSigningPath[] = "/sign/";

// Nobody signs in here: the signature says who signed. It is taken from the
// person alone whose grant the request is of, so a page that somebody sends to
// somebody else comes to nothing, and whose certificate it was is told nobody.
// Thread-safe. What it is given must outlive it.
class SigningPages {
 public:
  SigningPages(SignRequests* requests, const SignatureJudge* judge,
               openid::Clients* clients, const openid::Profile* profile,
               const Clock* clock)
      : requests_(requests),
        judge_(judge),
        clients_(clients),
        profile_(profile),
        clock_(clock) {}

  // Whether the address is one of these.
  static bool IsFor(const openid::HttpRequest& request);

  openid::HttpAnswer Answer(const openid::HttpRequest& request);

 private:
  openid::HttpAnswer Route(const openid::HttpRequest& request);
  openid::HttpAnswer Show(const openid::HttpRequest& request,
                          const SignRequest& asked);
  openid::HttpAnswer Decline(const openid::HttpRequest& request,
                             SignRequest asked);
  openid::HttpAnswer Describe(const SignRequest& asked);
  openid::HttpAnswer Take(const openid::HttpRequest& request,
                          const SignRequest& asked);
  // The client's name for people.
  openid::BothTexts NameOf(const SignRequest& asked);
  bool Waits(const SignRequest& asked) const;

  SignRequests* const requests_;
  const SignatureJudge* const judge_;
  openid::Clients* const clients_;
  const openid::Profile* const profile_;
  const Clock* const clock_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGNING_PAGES_H_
