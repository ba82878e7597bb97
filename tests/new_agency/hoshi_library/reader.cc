#include "reader.h"

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

namespace hoshi {

bool Serves(absl::string_view address) {
  return absl::StartsWith(address, "架空県あかつき市");
}

std::string ReaderNumber(std::int64_t ordinal) {
  return absl::StrFormat("L-%06d", ordinal);
}

}  // namespace hoshi
