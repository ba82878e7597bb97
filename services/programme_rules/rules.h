// Who gets a benefit and how much: a programme's rules, held against a form
// that is filled in. Pure functions; knows no application and no agency.
#ifndef PSM_SERVICES_PROGRAMME_RULES_RULES_H_
#define PSM_SERVICES_PROGRAMME_RULES_RULES_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "psm/benefits/v1/programme_definition.pb.h"

namespace psm {

// Full years of somebody born on `birth` on a day. Born on 29 February: in
// other years complete on 1 March (年齢計算ニ関スル法律).
int AgeOn(absl::CivilDay birth, absl::CivilDay day);

// Whether a value fulfils a condition; one that is empty or unreadable fulfils
// none.
bool Fulfils(const benefits::v1::Condition& condition, absl::string_view value);

// How each rule comes out, in the definition's order. `fields` have their ids,
// members, values and providers.
std::vector<benefits::v1::RuleOutcome> CheckRules(
    const benefits::v1::ProgrammeDefinition& definition,
    absl::Span<const benefits::v1::FilledField> fields);

// What is paid and what it is made of.
struct Amount {
  std::int64_t yen = 0;
  std::vector<benefits::v1::AmountLine> lines;  // they add up to `yen`
};
Amount AmountFor(const benefits::v1::ProgrammeDefinition& definition,
                 absl::Span<const benefits::v1::FilledField> fields);

// Whether one may apply on a day.
bool IsInPeriod(const benefits::v1::Programme& programme, absl::CivilDay day);

}  // namespace psm

#endif  // PSM_SERVICES_PROGRAMME_RULES_RULES_H_
