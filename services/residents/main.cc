// psm-residents: a municipality's basic resident register.
#include <memory>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/agency/outbox.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/residents/enrolment.h"
#include "services/residents/family_entries.h"
#include "services/residents/household_protection.h"
#include "services/residents/life_news.h"
#include "services/residents/move_entries.h"
#include "services/residents/notice_rules.h"
#include "services/residents/notices_service.h"
#include "services/residents/protection_flag.h"
#include "services/residents/protection_gate.h"
#include "services/residents/protection_service.h"
#include "services/residents/protection_store.h"
#include "services/residents/resident_register.h"
#include "services/residents/residents_service.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(
      psm::agency::Database* const database,
      agency.OpenDatabase(psm::ResidentRegister::Migrations()));
  const auto gateway = [&agency] { return agency.gateway(); };
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<psm::agency::Outbox> outbox,
                       psm::agency::Outbox::Start(*database, gateway));
  auto* const news = agency.Own(
      std::make_unique<psm::OutboxNews>(agency.Own(std::move(outbox))));
  auto* const residents = agency.Own(
      std::make_unique<psm::ResidentRegister>(database, agency.agency_id()));
  PSM_RETURN_IF_ERROR(residents->ImportOnce(
      agency.clock().Now(), *news, [&](psm::ResidentRegister::Take take) {
        return agency.ForEachSeed<psm::seed::v1::Resident>(take);
      }));
  auto* const moves = agency.Own(
      std::make_unique<psm::MoveEntries>(database, agency.agency_id(), news));
  auto* const families = agency.Own(
      std::make_unique<psm::FamilyEntries>(database, agency.agency_id(), news));
  auto* const enrolment =
      agency.Own(std::make_unique<psm::MeshEnrolment>(gateway));
  auto* const decisions = agency.Own(
      std::make_unique<psm::ProtectionStore>(database, agency.agency_id()));
  auto* const flag =
      agency.Own(std::make_unique<psm::MeshProtectionFlag>(gateway));
  auto* const gate =
      agency.Own(std::make_unique<psm::ProtectionGate>(residents, decisions));
  agency.Serve(std::make_unique<psm::ResidentsService>(residents, gate,
                                                       &agency.clock()));
  auto* const withdrawals =
      agency.Own(std::make_unique<psm::Withdrawals>(database, decisions, news));
  auto* const households =
      agency.Own(std::make_unique<psm::HouseholdEntries>(database, news));
  auto* const protection =
      agency.Own(std::make_unique<psm::HouseholdProtection>(decisions, flag));
  agency.Serve(std::make_unique<psm::NoticesService>(psm::NoticesService::Parts{
      moves, withdrawals, families, households, enrolment, gate, protection,
      &agency.clock()}));
  agency.Serve(std::make_unique<psm::ProtectionService>(
      decisions, flag, protection, &agency.clock()));
  // What other registers say takes the place of their notice (転入通知).
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<psm::agency::EventSubscription> arrivals,
      psm::agency::EventSubscription::Start(
          *database, gateway,
          {.affair = "resident-register", .types = {"moved_in"}, .missed = {}},
          [moves, &agency](soci::session& sql,
                           const psm::agency::LifeEvent& event) {
            return moves->ArrivedElsewhere(
                sql, event.subject, psm::DayInJapan(agency.clock().Now()));
          }));
  agency.Own(std::move(arrivals));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
