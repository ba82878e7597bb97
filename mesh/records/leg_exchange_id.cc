#include "mesh/records/leg_exchange_id.h"

#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"

namespace psm {

std::string LegExchangeId(absl::string_view linkage_id,
                          absl::string_view dataset) {
  if (linkage_id.empty()) return "";
  return NamedUuid(
      absl::StrCat("psm linkage leg\n", linkage_id, "\n", dataset));
}

}  // namespace psm
