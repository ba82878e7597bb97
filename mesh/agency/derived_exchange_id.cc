#include "mesh/agency/derived_exchange_id.h"

#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"

namespace psm::agency {

std::string DerivedExchangeId(const CallContext& call, absl::string_view step) {
  return NamedUuid(absl::StrCat("psm derived exchange id\n", call.consumer,
                                "\n", call.exchange_id, "\n", step));
}

std::string DerivedExchangeId(absl::string_view task, absl::string_view step) {
  return NamedUuid(absl::StrCat("psm exchange id of a task\n", task.size(),
                                "\n", task, "\n", step));
}

}  // namespace psm::agency
