#include "mesh/contracts/rewrite.h"

#include <utility>

#include "mesh/base/status_macros.h"
#include "mesh/contracts/message_plan.h"
#include "mesh/contracts/message_walk.h"
#include "mesh/contracts/wire.h"

namespace psm {

absl::StatusOr<Named> FindNamed(const MethodPlan& plan,
                                absl::string_view request) {
  MessageWalk walk;
  PSM_RETURN_IF_ERROR(walk.Walk(*plan.request, request));
  // The contract has at most one of each in a request, at top level.
  return Named{std::string(walk.subject()), std::string(walk.corporation()),
               walk.released() | walk.withheld()};
}

absl::StatusOr<Rewritten> Rewrite(const MessagePlan& plan,
                                  absl::string_view message,
                                  const RewriteOptions& options) {
  Rewritten result;
  // Codes have one length, so this is nearly always enough.
  result.message.reserve(message.size() + options.insert_subject.size() +
                         2 * wire::kMaxVarintSize);
  MessageWalk walk(options.allowed, options.translator, &result.message);
  if (!options.insert_subject.empty()) {
    wire::AppendVarint(static_cast<std::uint32_t>(options.insert_field) << 3 |
                           wire::kLengthDelimited,
                       &result.message);
    wire::AppendVarint(options.insert_subject.size(), &result.message);
    result.message.append(options.insert_subject);
    walk.SetTaken(options.insert_field);
  }
  PSM_RETURN_IF_ERROR(walk.Walk(plan, message));
  result.released = walk.released();
  result.withheld = walk.withheld();
  result.dropped_unknown = walk.dropped_unknown();
  return result;
}

absl::string_view TopLevelBytes(absl::string_view message, int field_number) {
  const std::uint32_t wanted =
      static_cast<std::uint32_t>(field_number) << 3 | wire::kLengthDelimited;
  const char* p = message.data();
  const char* end = p + message.size();
  while (p < end) {
    std::uint32_t tag;
    std::uint64_t size = 0;
    p = wire::ReadVarint32(p, end, &tag);
    if (p == nullptr) return {};
    switch (tag & 7) {
      case wire::kVarint:
        p = wire::ReadVarint(p, end, &size);
        if (p == nullptr) return {};
        continue;
      case wire::kFixed64:
        size = 8;
        break;
      case wire::kFixed32:
        size = 4;
        break;
      case wire::kLengthDelimited:
        p = wire::ReadVarint(p, end, &size);
        if (p == nullptr) return {};
        break;
      default:
        return {};
    }
    if (size > static_cast<std::size_t>(end - p)) return {};
    if (tag == wanted)
      return absl::string_view(p, static_cast<std::size_t>(size));
    p += size;
  }
  return {};
}

}  // namespace psm
