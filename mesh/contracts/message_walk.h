// The one pass over a message: checks it against its plan and, where asked to,
// writes what is to be kept. Behind FindNamed and Rewrite.
#ifndef PSM_MESH_CONTRACTS_MESSAGE_WALK_H_
#define PSM_MESH_CONTRACTS_MESSAGE_WALK_H_

#include <cstdint>
#include <string>

#include "absl/container/fixed_array.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/contracts/message_plan.h"
#include "mesh/contracts/rewrite.h"

namespace psm {

// One walk over one message. Use once.
//
// What is kept is copied in runs: [run_start_, p) are bytes that stand at the
// end of what has been written but have not been copied yet. Dropping or
// changing something ends a run. A submessage in which nothing changes is just
// part of a run; else its length is mended afterwards.
class MessageWalk {
 public:
  // Only checks and notes. `subject`, `corporation` and `present` tell what was
  // there.
  MessageWalk() = default;

  // Writes what is kept to `out`, behind what is there. `translator` and `out`
  // must outlive the walk.
  MessageWalk(AttributeMask allowed, FieldTranslator* translator,
              std::string* out)
      : allowed_(allowed), translator_(translator), out_(out) {}

  // Refuses a top-level field as repeated where it is not empty: its value has
  // been written already. 0: none.
  void SetTaken(int field_number) {
    taken_ = static_cast<std::uint32_t>(field_number);
  }

  // Walks the whole message. Errors as Rewrite.
  absl::Status Walk(const MessagePlan& plan, absl::string_view message);

  // Attributes that were present, and are in `allowed` or not.
  AttributeMask released() const { return released_; }
  AttributeMask withheld() const { return withheld_; }
  bool dropped_unknown() const { return dropped_unknown_; }
  // The last that was met, as the sender wrote it; points into the message.
  absl::string_view subject() const { return subject_; }
  absl::string_view corporation() const { return corporation_; }

 private:
  struct Field;  // one field on the wire
  using Seen = absl::FixedArray<std::uint64_t, 4>;

  bool WalkMessage(const MessagePlan& plan, const char* p, const char* end,
                   bool write);
  bool ReadField(const MessagePlan& plan, const char* end, Field* field);
  // Checks a value that is not a message. Notes in `field` whether its bytes
  // may be copied as they are.
  bool CheckValue(const MessagePlan& plan, const FieldPlan& known,
                  Field* field);
  // Whether a parser takes a field on the wire for absent.
  static bool IsAbsent(const FieldPlan& known, const Field& field);
  bool CheckPacked(const MessagePlan& plan, FieldKind kind, Field* field);
  // Writes a value that was checked and is to be kept.
  bool CopyValue(const MessagePlan& plan, const FieldPlan& known,
                 const Field& field);
  // Writes a field with another text than the sender's, or ends with the error.
  bool Replace(const Field& field, absl::StatusOr<std::string> text);
  bool WalkSubmessage(const FieldPlan& known, const Field& field, bool keep,
                      bool write);

  // Copies the run up to `p`; the next begins there.
  void Flush(const char* p);
  // Leaves a field out of what is written.
  void Drop(const Field& field);
  // Writes tag and length of a field anew; its content begins the next run.
  void StartContent(const Field& field);
  // Writes the length of what stands behind `content` into the `length_size`
  // bytes before it.
  void MendLength(std::size_t content, std::size_t length_size);

  bool Malformed(absl::string_view what);
  bool Malformed(const MessagePlan& plan, const Field& field,
                 absl::string_view what);
  bool Repeated(const MessagePlan& plan, const Field& field);
  bool Count(std::size_t fields);

  const AttributeMask allowed_ = 0;
  FieldTranslator* const translator_ = nullptr;
  std::string* const out_ = nullptr;
  std::uint32_t taken_ = 0;
  const MessagePlan* root_ = nullptr;

  const char* run_start_ = nullptr;
  std::size_t fields_ = 0;
  AttributeMask released_ = 0;
  AttributeMask withheld_ = 0;
  bool dropped_unknown_ = false;
  absl::string_view subject_;
  absl::string_view corporation_;
  absl::Status status_;
};

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_MESSAGE_WALK_H_
