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

// Gives the receiver's word for the sender's. Called once for each such field
// that is present, not empty and kept, in wire order. An error ends the
// rewriting with that error.
class FieldTranslator {
 public:
  virtual ~FieldTranslator() = default;
  // The receiver's code of the person.
  virtual absl::StatusOr<std::string> TranslateSubject(
      absl::string_view code) = 0;
  // A page token: sealed for the consumer, or opened for the provider.
  virtual absl::StatusOr<std::string> TranslatePageToken(
      absl::string_view token) = 0;
};

struct RewriteOptions {
  AttributeMask allowed = 0;              // attributes to keep
  FieldTranslator* translator = nullptr;  // required; not owned
  // Written as the plan's top-level subject field (`insert_field`, a field
  // number) in front of the message when not empty. A message that has that
  // field itself is refused, FIELD_REPEATED, unless it is empty there.
  std::string insert_subject;
  int insert_field = 0;
};

struct Rewritten {
  std::string message;
  // Attributes of which a field was present. A field without presence that has
  // its default is absent, on the wire or not.
  AttributeMask released = 0;  // kept
  AttributeMask withheld = 0;  // dropped
  bool dropped_unknown =
      false;  // unknown fields or wrong wire types were there, and are gone
};

// What a request names, found before anything is decided.
struct Named {
  std::string subject;      // as the consumer wrote it; empty where absent
  std::string corporation;  // empty where absent
  AttributeMask present = 0;
};

// Most fields in a message, counted over all levels, each value of a packed
// field as one; beyond it the message is refused. Depth is bounded by the
// contract (kMaxMessageDepth).
inline constexpr int kMaxMessageFields = 200000;

// Reads the subject and the corporation of a request. `plan` is not of a
// transparent method. INVALID_ARGUMENT of the consumer, metadata `field` where
// one is to blame, reason MESSAGE_MALFORMED: not protobuf, truncated, more
// fields than the bound, group tags, field number 0, a varint beyond 64 bits,
// text that is not UTF-8, a subject or corporation of the wrong wire type;
// reason FIELD_REPEATED: a singular field, or two of one oneof, occur twice (a
// parser differential would let a caller pass one person's consent and ask for
// another). Fields that are going to be dropped are checked too, but for the
// contents of unknown ones.
absl::StatusOr<Named> FindNamed(const MethodPlan& plan,
                                absl::string_view request);

// Rewrites a message by the plan of its type: a request's or a response's. A
// message field whose attribute is withheld stays, emptied, around inner fields
// of another attribute that is kept. What is kept is written in its shortest
// form and without defaults that say nothing, so that nothing hides in either.
// Errors as FindNamed (the exchange turns those of an answer into
// PROVIDER_ANSWER_MALFORMED), and the translator's. Never partial.
absl::StatusOr<Rewritten> Rewrite(const MessagePlan& plan,
                                  absl::string_view message,
                                  const RewriteOptions& options);

// The bytes of a top-level length-delimited field where it first occurs, or
// empty: for `as_of_time`. Points into `message`.
absl::string_view TopLevelBytes(absl::string_view message, int field_number);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_REWRITE_H_
