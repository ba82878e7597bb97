// The tables of identity's database.
#ifndef PSM_SERVICES_IDENTITY_SCHEMA_H_
#define PSM_SERVICES_IDENTITY_SCHEMA_H_

#include "absl/types/span.h"
#include "mesh/agency/database.h"

namespace psm::identity {

// All steps. Times are microseconds since 1970, UTC.
absl::Span<const agency::Migration> Migrations();

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SCHEMA_H_
