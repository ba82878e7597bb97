// gbizid's OpenID provider, put together.
#ifndef PSM_SERVICES_GBIZID_PROVIDER_H_
#define PSM_SERVICES_GBIZID_PROVIDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "mesh/agency/agency.h"
#include "services/gbizid/desk_parts.h"
#include "services/gbizid/provider_sign_in.h"
#include "services/gbizid/provider_subjects.h"
#include "services/openid/client.h"
#include "services/openid/listener.h"
#include "services/openid/provider.h"
#include "services/openid/signing_keys.h"

namespace psm::gbizid {

// Serves at https://localhost:<port>, as long as it lives. Thread-safe.
class BusinessIdProvider {
 public:
  // Starts one that `agency` owns. Relying parties are those of
  // <run>/clients/<agency>/<system>.json, the address stands in
  // <run>/endpoints/<agency>/<system>.https; keys lie in `folder`.
  // INVALID_ARGUMENT where the registered clients or a file of its own do not
  // read; else the errors of files and sockets. The parts and the desks must
  // live as long as `agency`.
  static absl::Status Serve(agency::Agency& agency, const DeskParts& parts,
                            SignInDesk* desk, RecoveryDesk* recoveries,
                            const std::string& folder);

 private:
  BusinessIdProvider(agency::Agency& agency, const DeskParts& parts,
                     SignInDesk* desk, RecoveryDesk* recoveries);

  openid::Clients clients_;
  MeshDisclosures disclosures_;
  BusinessSubjects subjects_;
  BusinessSignIn sign_in_;
  std::unique_ptr<openid::SigningKeys> keys_;
  std::unique_ptr<openid::Provider> provider_;
  std::unique_ptr<openid::Listener> listener_;  // first to go
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PROVIDER_H_
