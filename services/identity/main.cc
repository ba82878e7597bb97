// psm-identity: sign-in, basic items, consents and history.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/identity/basic_items_service.h"
#include "services/identity/card_wiring.h"
#include "services/identity/consent_feed_service.h"
#include "services/identity/consent_request_service.h"
#include "services/identity/consent_service.h"
#include "services/identity/history_service.h"
#include "services/identity/provider.h"
#include "services/identity/representation_service.h"
#include "services/identity/schema.h"
#include "services/identity/sign_in_service.h"

namespace psm::identity {
namespace {

absl::Status Wire(agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(agency::Database* const database,
                       agency.OpenDatabase(Migrations()));
  auto* const holders = agency.Own(std::make_unique<CardHolders>(database));
  PSM_RETURN_IF_ERROR(holders->ImportOnce(
      agency.clock().Now(), [&agency](CardHolders::Take take) {
        return agency.ForEachSeed<seed::v1::CardHolder>(take);
      }));
  PSM_ASSIGN_OR_RETURN(const CardParts cards,
                       WireCards(agency, database, holders));
  PSM_ASSIGN_OR_RETURN(const std::string files, agency.FilesFolder());
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<ConsentKey> made_key,
      ConsentKey::OpenOrCreate(absl::StrCat(files, "/consent-key.pem")));

  auto* const key = agency.Own(std::move(made_key));
  auto* const consents = agency.Own(std::make_unique<ConsentStore>(database));
  auto* const challenges = agency.Own(
      std::make_unique<Challenges>(&agency.clock(), &SystemRandom()));
  auto* const mesh = agency.Own(
      std::make_unique<MeshServices>([&agency] { return agency.gateway(); }));
  auto* const progress = agency.Own(std::make_unique<FeedProgress>());
  auto made_sign_in = std::make_unique<SignInService>(
      challenges, cards.trust, cards.certificates, holders, &agency.clock());
  SignInService* const sign_in = made_sign_in.get();
  agency.Serve(std::move(made_sign_in));
  agency.Serve(std::make_unique<BasicItemsService>(holders));
  auto* const issuer =
      agency.Own(std::make_unique<ConsentIssuer>(ConsentIssuer::Parts{
          holders, key, mesh, &agency.clock(), &SystemRandom()}));
  auto* const requests =
      agency.Own(std::make_unique<ConsentRequests>(database));
  agency.Serve(std::make_unique<ConsentService>(ConsentService::Parts{
      database, consents, issuer, &agency.clock(), progress}));
  auto made_asking = std::make_unique<ConsentRequestService>(
      ConsentRequestService::Parts{database, holders, requests, issuer,
                                   &agency.clock(), &SystemRandom()});
  ConsentRequestService* const asking = made_asking.get();
  agency.Serve(std::move(made_asking));
  auto* const representations =
      agency.Own(std::make_unique<Representations>(database, &agency.clock()));
  agency.Serve(
      std::make_unique<RepresentationService>(RepresentationService::Parts{
          database, holders, representations, consents, key, mesh, progress,
          &agency.clock(), &SystemRandom()}));
  agency.Serve(
      std::make_unique<HistoryService>(mesh, representations, holders));
  agency.Serve(std::make_unique<ConsentFeedService>(consents, key, progress));
  PSM_RETURN_IF_ERROR(FollowLives(agency, database, cards));
  return AuthenticationApp::Serve(
      agency, {database, holders, challenges, mesh, sign_in, asking,
               cards.signatures, files});
}

}  // namespace
}  // namespace psm::identity

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::identity::Wire);
}
