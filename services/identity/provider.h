// Identity's OpenID provider, put together.
#ifndef PSM_SERVICES_IDENTITY_PROVIDER_H_
#define PSM_SERVICES_IDENTITY_PROVIDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "mesh/agency/agency.h"
#include "mesh/agency/database.h"
#include "services/identity/card_holders.h"
#include "services/identity/challenges.h"
#include "services/identity/mesh_services.h"
#include "services/identity/provider_sign_in.h"
#include "services/identity/provider_subjects.h"
#include "services/identity/relying_party_requests.h"
#include "services/identity/relying_party_signatures.h"
#include "services/identity/sign_in_service.h"
#include "services/identity/sign_requests.h"
#include "services/identity/signature_judge.h"
#include "services/identity/signing_pages.h"
#include "services/openid/client.h"
#include "services/openid/listener.h"
#include "services/openid/provider.h"
#include "services/openid/signing_keys.h"

namespace psm::identity {

// Serves at https://localhost:<port>, as long as it lives. Thread-safe.
class AuthenticationApp {
 public:
  struct Parts {
    agency::Database* database;
    CardHolders* holders;
    Challenges* challenges;
    Disclosures* disclosures;
    SignInService* sign_in;  // judges what cards answer
    ConsentRequestService* asking;
    SignatureJudge* signatures;
    std::string folder;  // of the system's own files
  };

  // Starts one that `agency` owns. Relying parties are those of
  // <run>/clients/<agency>/<system>.json, the address stands in
  // <run>/endpoints/<agency>/<system>.https. INVALID_ARGUMENT where the
  // registered clients or a file of its own do not read; else the errors of
  // files and sockets. The parts must live as long as `agency`.
  static absl::Status Serve(agency::Agency& agency, const Parts& parts);

 private:
  AuthenticationApp(const agency::Agency& agency, const Parts& parts);

  openid::HttpAnswer Answer(const openid::HttpRequest& request);
  // What a relying party asks with an access token, beside the provider's own.
  openid::HttpAnswer AnswerBearer(const openid::HttpRequest& request);
  // POST /card: a card's program sends `challenge` and `signed`. 200 with
  // {"number": "..."}; 400 {"error": "..."}, with what the person should do.
  openid::HttpAnswer TakeCard(const openid::HttpRequest& request);

  openid::Clients clients_;
  CardHolderSubjects subjects_;
  RelyingPartyRequests requests_;
  CardArrivals arrivals_;
  CardSignIn sign_in_;
  SignRequests sign_requests_;
  SignatureJudge* const judge_;
  openid::Profile profile_;  // from the moment it serves, as the next three
  std::unique_ptr<SigningPages> signing_;
  std::unique_ptr<RelyingPartySignatures> signatures_;
  std::unique_ptr<openid::SigningKeys> keys_;
  std::unique_ptr<openid::Provider> provider_;
  std::unique_ptr<openid::Listener> listener_;  // first to go
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_PROVIDER_H_
