// Agreements in the form that decisions are made from: names resolved, dates
// turned into moments, everything checked that one agreement can be checked
// for. Knows nothing of calls.
#ifndef PSM_MESH_POLICY_AGREEMENT_H_
#define PSM_MESH_POLICY_AGREEMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/directory.h"

namespace psm {

struct CompiledGrant {
  const MethodPlan* plan = nullptr;
  AttributeMask attributes = 0;
  std::vector<const System*> providers;  // sorted by id; empty: any
};

// Life events that a consumer may be told of; by consent, of those who gave
// one.
struct CompiledEventGrant {
  std::vector<std::string> types;         // sorted
  std::vector<const System*> publishers;  // sorted by id; empty: any
};

struct CompiledAgreement {
  std::string id;
  std::uint32_t version = 0;
  const System* consumer = nullptr;
  const Affair* affair = nullptr;
  bool by_consent = false;
  Text statute;  // where not by consent
  // The provision that withholds its records from the person; empty: none.
  Text undisclosed_by;
  std::vector<CompiledGrant> grants;
  std::vector<CompiledEventGrant> events;
  // Of RecordsPlan(): whose records it lets the consumer read.
  AttributeMask records = 0;
  absl::Time start_time;  // inclusive
  absl::Time end_time;    // exclusive; infinite future where open
  std::uint32_t max_calls_per_second = 0;

  bool InForceAt(absl::Time time) const {
    return start_time <= time && time < end_time;
  }
  // As the configuration writes them: `YYYY-MM-DD`, Japan time.
  std::string ValidFrom() const;
  std::string ValidThrough() const;  // the last day; empty where open
};

// The contract of reading records, which the gateway itself provides: an
// agreement grants it by its name, on a statute, of whom its attributes say,
// without providers.
const MethodPlan& RecordsPlan();
inline constexpr absl::string_view kPersons = "persons";
inline constexpr absl::string_view kCorporations = "corporations";

// Resolves and checks one agreement. INVALID_ARGUMENT, reason
// CONFIGURATION_INVALID, with the place from the configuration's origins, for
// all that PolicyEngine::Create lists except what concerns two agreements. The
// result points into `directory` and `contracts`.
absl::StatusOr<std::unique_ptr<CompiledAgreement>> CompileAgreement(
    const Configuration& configuration, const config::v1::Agreement& agreement,
    const Directory& directory, const ContractSet& contracts);

// The moment a day begins in Japan (UTC+9, no summer time); nullopt for what is
// not `YYYY-MM-DD` or not a day of the calendar.
std::optional<absl::Time> StartOfDay(absl::string_view day);
// The day in Japan that a moment belongs to, `YYYY-MM-DD`.
std::string DayOf(absl::Time time);

}  // namespace psm

#endif  // PSM_MESH_POLICY_AGREEMENT_H_
