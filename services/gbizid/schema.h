// The tables of gbizid's database.
#ifndef PSM_SERVICES_GBIZID_SCHEMA_H_
#define PSM_SERVICES_GBIZID_SCHEMA_H_

#include "absl/types/span.h"
#include "mesh/agency/database.h"

namespace psm::gbizid {

// All steps. Times are microseconds since 1970, UTC. No table holds a password,
// a token or the secret of an authenticator app.
absl::Span<const agency::Migration> Migrations();

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_SCHEMA_H_
