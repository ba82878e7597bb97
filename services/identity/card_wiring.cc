#include "services/identity/card_wiring.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "services/identity/card_status.h"
#include "services/identity/cards_service.h"
#include "services/identity/holder_news.h"
#include "services/identity/resident_items.h"
#include "services/identity/signature_service.h"

namespace psm::identity {
namespace {

// <run>/pki/identity/identity -> <run>/pki/jpki
std::string AuthorityFolder(const agency::Agency& agency) {
  const std::string agency_folder = FolderOf(agency.RunPath("pki", ""));
  return absl::StrCat(FolderOf(agency_folder), "/jpki");
}

}  // namespace

absl::StatusOr<CardParts> WireCards(agency::Agency& agency,
                                    agency::Database* database,
                                    CardHolders* holders) {
  const std::string folder = AuthorityFolder(agency);
  const Clock* const clock = &agency.clock();
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<card::CardAuthority> made_authority,
                       card::CardAuthority::OpenOrCreate(folder, clock->Now()));
  auto* const authority = agency.Own(std::move(made_authority));
  CardParts parts;
  parts.certificates =
      agency.Own(std::make_unique<CertificateRegister>(database, folder));
  PSM_RETURN_IF_ERROR(parts.certificates->Import());
  parts.trust =
      agency.Own(std::make_unique<CardTrust>(absl::StrCat(folder, "/ca.pem")));
  PSM_RETURN_IF_ERROR(parts.trust->Load());
  parts.cards = agency.Own(std::make_unique<CardRegister>(
      database, authority, parts.certificates, clock));
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<CardStatus> made_status,
      CardStatus::Start(authority, parts.certificates, clock, folder));
  auto* const status = agency.Own(std::move(made_status));
  parts.status = status;
  agency.Serve(std::make_unique<CardsService>(
      CardsService::Parts{database, holders, parts.cards, parts.certificates,
                          clock, [status] { status->Publish(); }}));
  parts.signatures = agency.Own(std::make_unique<SignatureJudge>(
      authority->certificate().ToPem(), &status->lists(), parts.certificates,
      holders, clock));
  agency.Serve(std::make_unique<SignatureService>(parts.signatures));
  return parts;
}

absl::Status FollowLives(agency::Agency& agency, agency::Database* database,
                         const CardParts& cards) {
  const auto gateway = [&agency] { return agency.gateway(); };
  auto* const residents = agency.Own(std::make_unique<RegisterItems>(gateway));
  auto* const news = agency.Own(std::make_unique<HolderNews>(
      HolderNews::Parts{database, cards.cards, residents, &agency.clock(),
                        [status = cards.status] { status->Publish(); }}));
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<agency::EventSubscription> lives,
      agency::EventSubscription::Start(
          *database, gateway,
          {.affair = "card-items", .types = {}, .missed = HolderNews::Missed},
          [news](soci::session& sql, const agency::LifeEvent& event) {
            return news->Keep(sql, event);
          }));
  agency.Own(std::move(lives));
  return absl::OkStatus();
}

}  // namespace psm::identity
