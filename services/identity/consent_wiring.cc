#include "services/identity/consent_wiring.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/identity/consent_feed_service.h"
#include "services/identity/consent_service.h"
#include "services/identity/history_service.h"
#include "services/identity/representation_service.h"

namespace psm::identity {

absl::StatusOr<ConsentRequestService*> WireConsents(agency::Agency& agency,
                                                    agency::Database* database,
                                                    CardHolders* holders,
                                                    MeshServices* mesh,
                                                    const std::string& files) {
  const Clock* const clock = &agency.clock();
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<ConsentKey> made_key,
      ConsentKey::OpenOrCreate(absl::StrCat(files, "/consent-key.pem")));
  auto* const key = agency.Own(std::move(made_key));
  auto* const consents = agency.Own(std::make_unique<ConsentStore>(database));
  auto* const progress = agency.Own(std::make_unique<FeedProgress>());
  auto* const issuer = agency.Own(std::make_unique<ConsentIssuer>(
      ConsentIssuer::Parts{holders, key, mesh, clock, &SystemRandom()}));
  auto* const requests =
      agency.Own(std::make_unique<ConsentRequests>(database));
  agency.Serve(std::make_unique<ConsentService>(
      ConsentService::Parts{database, consents, issuer, clock, progress}));
  auto made_asking =
      std::make_unique<ConsentRequestService>(ConsentRequestService::Parts{
          database, holders, requests, issuer, clock, &SystemRandom()});
  ConsentRequestService* const asking = made_asking.get();
  agency.Serve(std::move(made_asking));
  auto* const representations =
      agency.Own(std::make_unique<Representations>(database, clock));
  agency.Serve(
      std::make_unique<RepresentationService>(RepresentationService::Parts{
          database, holders, representations, consents, key, mesh, progress,
          clock, &SystemRandom()}));
  agency.Serve(
      std::make_unique<HistoryService>(mesh, representations, holders));
  agency.Serve(std::make_unique<ConsentFeedService>(consents, key, progress));
  return asking;
}

}  // namespace psm::identity
