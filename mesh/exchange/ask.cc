#include "mesh/exchange/ask.h"

#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"

namespace psm {

absl::Status ReadMetadata(const Metadata& metadata, Ask& ask) {
  for (const auto& [key, value] : metadata) {
    if (key == "psm-affair") ask.affair = value;
    if (key == "psm-consent") ask.consent = value;
    if (key == "psm-representation") ask.representation = value;
    if (key == "psm-provider") ask.provider = value;
    if (key == "psm-exchange-id") ask.exchange_id = value;
    if (key == "traceparent") ask.traceparent = value;
  }
  if (!ask.exchange_id.empty() && !IsUuid(ask.exchange_id)) {
    return MakeError(absl::StatusCode::kInvalidArgument, "EXCHANGE_ID_INVALID",
                     Party::kConsumer,
                     "psm-exchange-id must be a lower-case UUID, or left out");
  }
  return absl::OkStatus();
}

}  // namespace psm
