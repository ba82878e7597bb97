// What to do with each field of one message type under one contract, laid out
// for looking up by field number. Knows nothing of descriptors.
#ifndef PSM_MESH_CONTRACTS_MESSAGE_PLAN_H_
#define PSM_MESH_CONTRACTS_MESSAGE_PLAN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "mesh/contracts/plan.h"

namespace psm {

// How a field's value stands on the wire, and what happens to it. Varints are
// told apart by what a parser makes of them, so that no bits hide in one.
enum class FieldKind : std::uint8_t {
  kUnknown,  // a hole in the table: no such field
  kVarint64,
  kVarint32,    // int32 and enums: 32 bits, sign-extended to 64 on the wire
  kUnsigned32,  // uint32 and sint32
  kBool,
  kFixed32,
  kFixed64,
  kString,
  kBytes,
  kMessage,
  kSubject,
  kCorporation,
  kPageToken,
};

struct FieldPlan {
  FieldKind kind = FieldKind::kUnknown;
  bool repeated = false;
  // Whether a parser does not tell its default from its absence: a scalar
  // without presence; also subject, corporation and page token, where empty
  // means absent.
  bool implicit = false;
  // Where the field is singular: a number below MessagePlan::slots(). The
  // members of one oneof share it, since at most one of them may occur.
  std::uint16_t slot = 0;
  // The attribute the field belongs to: one bit, or 0 where it passes always.
  AttributeMask attribute = 0;
  const MessagePlan* message = nullptr;  // for kMessage; not owned
};

// Immutable once built.
class MessagePlan {
 public:
  explicit MessagePlan(absl::string_view name) : name_(name) {}

  // Adds a field. Each number once, rising. For the compiler only.
  void Add(std::uint32_t number, absl::string_view name,
           const FieldPlan& field);
  // For the compiler only, after the last Add.
  void SetSlots(int slots) { slots_ = slots; }

  // The plan of a field, or null where the message has no such field.
  const FieldPlan* Find(std::uint32_t number) const {
    if (number >= dense_.size()) return FindSparse(number);
    const FieldPlan& field = dense_[number];
    return field.kind == FieldKind::kUnknown ? nullptr : &field;
  }

  // How many different singular fields and oneofs there are.
  int slots() const { return slots_; }

  // The attributes of all fields here and in inner messages.
  AttributeMask attributes() const { return attributes_; }

  const std::string& name() const { return name_; }  // full name of the type

  // Full name of a field, for messages about it; its number where it is not
  // known.
  std::string FieldName(std::uint32_t number) const;

 private:
  const FieldPlan* FindSparse(std::uint32_t number) const;

  std::string name_;
  std::vector<FieldPlan> dense_;                             // by field number
  std::vector<std::pair<std::uint32_t, FieldPlan>> sparse_;  // sorted
  std::vector<std::pair<std::uint32_t, std::string>> names_;
  int slots_ = 0;
  AttributeMask attributes_ = 0;
};

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_MESSAGE_PLAN_H_
