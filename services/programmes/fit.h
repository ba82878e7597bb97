// Whether a programme fits a household, as far as it is known. Pure functions;
// knows no agency.
#ifndef PSM_SERVICES_PROGRAMMES_FIT_H_
#define PSM_SERVICES_PROGRAMMES_FIT_H_

#include <set>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "psm/programmes/v1/programmes.pb.h"
#include "services/programme_rules/programme.h"

namespace psm {

// Ids of the fields that a programme's rules and amounts look at: all that
// anybody needs to be asked for.
std::set<std::string> FieldsLookedAt(const Programme& programme);

// How a programme comes out. `fields` are those that are known;
// `agreed` the datasets that may be looked at.
programmes::v1::Fit FitOf(const Programme& programme,
                          absl::Span<const benefits::v1::FilledField> fields,
                          const std::set<std::string>& agreed,
                          absl::CivilDay today);

// Those that fit first, then those of which it is not known; by id.
void SortFits(std::vector<programmes::v1::Fit>& fits);

}  // namespace psm

#endif  // PSM_SERVICES_PROGRAMMES_FIT_H_
