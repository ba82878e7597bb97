// How the legs of a linkage are named.
#ifndef PSM_MESH_RECORDS_LEG_EXCHANGE_ID_H_
#define PSM_MESH_RECORDS_LEG_EXCHANGE_ID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace psm {

// The exchange id of one leg: a retry of the linkage must retry the same legs,
// so their ids follow from the linkage's (name-based, RFC 4122 version 8
// style), and a consumer that never got the answer knows them, too. "" where
// the consumer has named no id.
std::string LegExchangeId(absl::string_view linkage_id,
                          absl::string_view dataset);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LEG_EXCHANGE_ID_H_
