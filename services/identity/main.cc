// psm-identity: sign-in, basic items, consents and history.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/agency/agency.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/identity/basic_items_service.h"
#include "services/identity/card_status.h"
#include "services/identity/consent_feed_service.h"
#include "services/identity/consent_service.h"
#include "services/identity/history_service.h"
#include "services/identity/schema.h"
#include "services/identity/sign_in_service.h"

namespace psm::identity {
namespace {

// <run>/pki/identity/identity -> <run>/pki/jpki
std::string AuthorityFolder(const agency::Agency& agency) {
  const std::string agency_folder = FolderOf(agency.RunPath("pki", ""));
  return absl::StrCat(FolderOf(agency_folder), "/jpki");
}

absl::Status Wire(agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(agency::Database* const database,
                       agency.OpenDatabase(Migrations()));
  auto* const holders = agency.Own(std::make_unique<CardHolders>(database));
  PSM_RETURN_IF_ERROR(holders->ImportOnce(
      agency.clock().Now(), [&agency](CardHolders::Take take) {
        return agency.ForEachSeed<seed::v1::CardHolder>(take);
      }));
  const std::string jpki = AuthorityFolder(agency);
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<card::CardAuthority> made_authority,
      card::CardAuthority::OpenOrCreate(jpki, agency.clock().Now()));
  auto* const authority = agency.Own(std::move(made_authority));
  auto* const certificates =
      agency.Own(std::make_unique<CertificateRegister>(database, jpki));
  PSM_RETURN_IF_ERROR(certificates->Import());
  auto* const trust =
      agency.Own(std::make_unique<CardTrust>(absl::StrCat(jpki, "/ca.pem")));
  PSM_RETURN_IF_ERROR(trust->Load());
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<CardStatus> made_status,
      CardStatus::Start(authority, certificates, &agency.clock(), jpki));
  agency.Own(std::move(made_status));
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
  agency.Serve(std::make_unique<SignInService>(challenges, trust, certificates,
                                               holders, &agency.clock()));
  agency.Serve(std::make_unique<BasicItemsService>(holders));
  agency.Serve(std::make_unique<ConsentService>(
      ConsentService::Parts{database, holders, consents, key, mesh,
                            &agency.clock(), &SystemRandom(), progress}));
  agency.Serve(std::make_unique<HistoryService>(mesh));
  agency.Serve(std::make_unique<ConsentFeedService>(consents, key, progress));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::identity

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::identity::Wire);
}
