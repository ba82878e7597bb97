// The part of identity's process that has to do with what persons let others do
// in their names, put together: consents, representations, and the history that
// shows both.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_WIRING_H_
#define PSM_SERVICES_IDENTITY_CONSENT_WIRING_H_

#include <string>

#include "absl/status/statusor.h"
#include "mesh/agency/agency.h"
#include "services/identity/card_holders.h"
#include "services/identity/consent_request_service.h"
#include "services/identity/mesh_services.h"

namespace psm::identity {

// Opens, or makes, <files>/consent-key.pem; serves ConsentService,
// ConsentRequestService, RepresentationService, HistoryService and
// ConsentFeedService. Gives the one by which the provider asks, too; it belongs
// to the process. Errors of ConsentKey::OpenOrCreate.
absl::StatusOr<ConsentRequestService*> WireConsents(agency::Agency& agency,
                                                    agency::Database* database,
                                                    CardHolders* holders,
                                                    MeshServices* mesh,
                                                    const std::string& files);

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_WIRING_H_
