// psm-tax: a municipality's residence tax.
#include <memory>
#include <string>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/agency/outbox.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/tax/assessments_service.h"
#include "services/tax/competence.h"
#include "services/tax/corrections_service.h"
#include "services/tax/link_reviews.h"
#include "services/tax/links_service.h"
#include "services/tax/residence_source.h"
#include "services/tax/tax_ledger.h"
#include "services/tax/tax_service.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(psm::agency::Database* const database,
                       agency.OpenDatabase(psm::TaxLedger::Migrations()));
  auto* const residence = agency.Own(std::make_unique<psm::RegisterResidence>(
      agency.agency_id(), [&agency] { return agency.gateway(); }));
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<psm::agency::Outbox> started,
                       psm::agency::Outbox::Start(
                           *database, [&agency] { return agency.gateway(); }));
  psm::agency::Outbox* const outbox = agency.Own(std::move(started));
  const psm::TellOfRecord tell = [outbox, &agency](soci::session& sql,
                                                   const std::string& subject,
                                                   psm::RecordEvent event) {
    const absl::CivilDay today = psm::DayInJapan(agency.clock().Now());
    return outbox->Publish(sql,
                           event == psm::RecordEvent::kDoubted
                               ? "record_doubted"
                               : "record_corrected",
                           subject, absl::FormatCivilTime(today));
  };
  auto* const ledger =
      agency.Own(std::make_unique<psm::TaxLedger>(database, tell));
  PSM_RETURN_IF_ERROR(
      ledger->ImportOnce(agency.clock().Now(), [&](psm::TaxLedger::Take take) {
        return agency.ForEachSeed<psm::seed::v1::Taxpayer>(take);
      }));
  auto* const reviews = agency.Own(std::make_unique<psm::LinkReviews>(
      database, std::string(agency.agency_id()), tell));
  auto* const corrections =
      agency.Own(std::make_unique<psm::CorrectionRequests>(database, tell));
  agency.Serve(
      std::make_unique<psm::CorrectionsService>(corrections, &agency.clock()));
  agency.Serve(std::make_unique<psm::TaxService>(reviews, &agency.clock()));
  agency.Serve(std::make_unique<psm::AssessmentsService>(
      ledger, reviews, residence, &agency.clock()));
  agency.Serve(std::make_unique<psm::LinksService>(reviews, ledger, residence,
                                                   &agency.clock()));
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<psm::agency::EventSubscription> lives,
      psm::agency::EventSubscription::Start(
          *database, [&agency] { return agency.gateway(); },
          {.affair = "residence-tax",
           .types = {"died", "moved_in"},
           .missed = {}},
          [ledger, &agency](soci::session& sql,
                            const psm::agency::LifeEvent& event) {
            if (event.type == "moved_in")
              return psm::HearOfMove(sql, event, agency.agency_id());
            return ledger->HearOfDeath(sql, event.subject, event.effective_date,
                                       agency.clock().Now());
          }));
  agency.Own(std::move(lives));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
