// The part of identity's process that has to do with cards, put together.
#ifndef PSM_SERVICES_IDENTITY_CARD_WIRING_H_
#define PSM_SERVICES_IDENTITY_CARD_WIRING_H_

#include "absl/status/statusor.h"
#include "mesh/agency/agency.h"
#include "services/identity/card_holders.h"
#include "services/identity/card_register.h"
#include "services/identity/card_status.h"
#include "services/identity/card_trust.h"
#include "services/identity/certificate_register.h"
#include "services/identity/signature_judge.h"

namespace psm::identity {

// What others need of it. All belong to the process.
struct CardParts {
  CardTrust* trust;
  CertificateRegister* certificates;
  CardRegister* cards;
  CardStatus* status;
  SignatureJudge* signatures;
};

// Opens <run>/pki/jpki, making an authority where psm-cards has not; takes in
// what was issued; starts the status pages; serves CardsService and
// SignatureService. Errors of any of them.
absl::StatusOr<CardParts> WireCards(agency::Agency& agency,
                                    agency::Database* database,
                                    CardHolders* holders);

// Follows the residents' life events: see HolderNews. Errors of
// EventSubscription::Start.
absl::Status FollowLives(agency::Agency& agency, agency::Database* database,
                         const CardParts& cards);

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CARD_WIRING_H_
