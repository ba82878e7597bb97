// The page on which a person sees what a relying party asks her to sign, and
// where her card's program fetches it and brings the signature.
#ifndef PSM_SERVICES_IDENTITY_SIGNING_PAGES_H_
#define PSM_SERVICES_IDENTITY_SIGNING_PAGES_H_

#include <string>

#include "mesh/base/clock.h"
#include "services/identity/provider_subjects.h"
#include "services/identity/sign_requests.h"
#include "services/identity/signature_judge.h"
#include "services/openid/client.h"
#include "services/openid/http.h"
#include "services/openid/profile.h"

namespace psm::identity {

// GET <path><id>: the page. It looks again by itself until the client has the
// signature. POST <path><id>: the person declines. GET <path><id>/request: for
// the card's program, 200 with {"service": {"ja", "en"}, "client", "title",
// "digest", "blind", "expires_at"}. POST <path><id>/signature: it brings
// `signature`, a CMS in base64url; 200, or 4xx with {"error": "..."}, with what
// the person should do. The id is all that a caller needs: it shows a title,
// and lets nobody sign but the person who is asked.
//
// How the card's program learns for whom it signs (card/signed_for.h). A
// sign-in binds page and program by the number that the program shows and the
// page asks for; here nothing has to come back to the page, so it goes the
// other way: the person takes the id from the page, and the id is a commitment
// to client, digest and title (sign_requests.h, IdOf). The program hears these
// from the provider, over TLS of the provider's own certificate, and signs only
// where they have that id. So whoever could stand between program and provider
// cannot put another client, document or title under the id of the page; who
// shows her a page of his own with the id of another's request does not change
// what the program shows, which is what is signed; and the id inside the
// signature is the one that she brought, not one that was answered. Client and
// id are checked again where the signature is taken. The client's name for
// people is not under the id, as it may change; beside it page and program
// show the client's id, which is.
inline constexpr char kSigningPath[] = "/sign/";

// Nobody signs in here: the signature says who signed. It is taken from the
// person alone whose grant the request is of, so a page that somebody sends to
// somebody else comes to nothing, and whose certificate it was is told nobody.
// It must have been made for this very request. The mesh is asked before it is
// kept, so that one which the client may not have changes nothing
// (relying_party_signatures.cc). Thread-safe. What it is given must outlive it.
class SigningPages {
 public:
  SigningPages(SignRequests* requests, const SignatureJudge* judge,
               CardHolderSubjects* subjects, openid::Clients* clients,
               const openid::Profile* profile, const Clock* clock)
      : requests_(requests),
        judge_(judge),
        subjects_(subjects),
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
  // Keeps what the person who is asked has signed, where the client may have
  // it.
  openid::HttpAnswer Keep(const SignRequest& asked,
                          const std::string& signature);
  // The client's name for people.
  openid::BothTexts NameOf(const SignRequest& asked);

  SignRequests* const requests_;
  const SignatureJudge* const judge_;
  CardHolderSubjects* const subjects_;
  openid::Clients* const clients_;
  const openid::Profile* const profile_;
  const Clock* const clock_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGNING_PAGES_H_
