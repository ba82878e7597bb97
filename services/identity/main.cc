// psm-identity: sign-in, basic items, consents and history.
#include <memory>
#include <string>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/identity/basic_items_service.h"
#include "services/identity/card_wiring.h"
#include "services/identity/consent_wiring.h"
#include "services/identity/provider.h"
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
  auto* const challenges = agency.Own(
      std::make_unique<Challenges>(&agency.clock(), &SystemRandom()));
  auto* const mesh = agency.Own(
      std::make_unique<MeshServices>([&agency] { return agency.gateway(); }));
  auto made_sign_in = std::make_unique<SignInService>(
      challenges, cards.trust, cards.certificates, holders, &agency.clock());
  SignInService* const sign_in = made_sign_in.get();
  agency.Serve(std::move(made_sign_in));
  agency.Serve(std::make_unique<BasicItemsService>(holders));
  PSM_ASSIGN_OR_RETURN(ConsentRequestService* const asking,
                       WireConsents(agency, database, holders, mesh, files));
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
