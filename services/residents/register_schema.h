// The tables of a resident register, and the steps that led to them.
#ifndef PSM_SERVICES_RESIDENTS_REGISTER_SCHEMA_H_
#define PSM_SERVICES_RESIDENTS_REGISTER_SCHEMA_H_

#include "absl/types/span.h"
#include "mesh/agency/database.h"

namespace psm {

// The `valid_to` of a fact that has no end.
inline constexpr char kOpenEnd[] = "9999-12-31";

// Facts are all that the register knows of persons and households: a value of
// an item from a day on until (exclusive) another, begun by one entry and ended
// by one. Rows are ended or declared void and never changed otherwise, so the
// register of any day can be read as it is known now.
absl::Span<const agency::Migration> RegisterMigrations();

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_REGISTER_SCHEMA_H_
