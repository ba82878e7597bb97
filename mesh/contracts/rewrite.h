// Rewrites one message on the wire format as a plan says: subjects translated,
// attributes outside the agreement dropped, everything the contract does not
// know dropped, the rest copied. No generated code of any agency is needed.
#ifndef PSM_MESH_CONTRACTS_REWRITE_H_
#define PSM_MESH_CONTRACTS_REWRITE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/contracts/plan.h"

namespace psm {

// Gives the receiver's code for the sender's. Called once for each subject
// field present, in wire order.
class SubjectTranslator {
 public:
  virtual ~SubjectTranslator() = default;
  // An error ends the rewriting with that error.
  virtual absl::StatusOr<std::string> Translate(absl::string_view code) = 0;
};

struct RewriteOptions {
  AttributeMask allowed = 0;                // attributes to keep
  SubjectTranslator* translator = nullptr;  // required; not owned
  // Written as the plan's top-level subject field (`insert_field`, a field
  // number) in front of the message when not empty.
  std::string insert_subject;
  int insert_field = 0;
};

struct Rewritten {
  std::string message;
  AttributeMask released = 0;  // kept attributes that were present
  AttributeMask withheld = 0;  // present attributes that were dropped
  bool dropped_unknown =
      false;  // unknown fields or wrong wire types were there, and are gone
};

// What a request names, found before anything is decided.
struct Named {
  std::string subject;      // as the consumer wrote it; empty where absent
  std::string corporation;  // empty where absent
  AttributeMask present = 0;
};

// Bounds on a message; beyond them it is refused. Depth as in MessagePlan
// compilation, fields counted over all levels.
inline constexpr int kMaxMessageDepth = 32;
inline constexpr int kMaxMessageFields = 200000;

// Reads the subject and the corporation of a request. INVALID_ARGUMENT, reason
// MESSAGE_MALFORMED: not protobuf, truncated, deeper or with more fields than
// the bounds, group tags, field number 0, text that is not UTF-8; reason
// FIELD_REPEATED: a singular field occurs twice (a parser differential would
// let a caller pass one person's consent and ask for another). Wrong wire type
// in a subject field counts as malformed.
absl::StatusOr<Named> FindNamed(const MethodPlan& plan,
                                absl::string_view request);

// Rewrites a message by the plan of its type. Errors as FindNamed, and the
// translator's. Never partial.
absl::StatusOr<Rewritten> Rewrite(const MessagePlan& plan,
                                  absl::string_view message,
                                  const RewriteOptions& options);

// The bytes of a top-level length-delimited field, or empty: for `as_of_time`.
absl::string_view TopLevelBytes(absl::string_view message, int field_number);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_REWRITE_H_
