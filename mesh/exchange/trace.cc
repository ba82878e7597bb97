#include "mesh/exchange/trace.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace psm {
namespace {

// "00-" 32 hex "-" 16 hex "-" 2 hex
constexpr std::size_t kSize = 55;
constexpr std::size_t kParentAt = 36;
constexpr std::size_t kFlagsAt = 52;

bool IsLowerHex(absl::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

}  // namespace

std::string ContinueTrace(absl::string_view traceparent, Random& random) {
  if (traceparent.size() != kSize || traceparent.substr(0, 3) != "00-" ||
      traceparent[kParentAt - 1] != '-' || traceparent[kFlagsAt] != '-') {
    return "";
  }
  absl::string_view trace_id = traceparent.substr(3, 32);
  absl::string_view parent_id = traceparent.substr(kParentAt, 16);
  absl::string_view flags = traceparent.substr(kFlagsAt + 1);
  if (!IsLowerHex(trace_id) || !IsLowerHex(parent_id) || !IsLowerHex(flags))
    return "";
  if (trace_id.find_first_not_of('0') == absl::string_view::npos) return "";
  return absl::StrCat("00-", trace_id, "-",
                      absl::BytesToHexString(random.Bytes(8)), "-", flags);
}

}  // namespace psm
