// Why what leaves here is what the receiver's parser will see: every byte that
// is written belongs to a field of the plan, in the wire type of its type, at
// most once where it is singular, each varint and length in its shortest form
// and no wider than its type, each string UTF-8. Nothing else is copied, so
// there is no room for a second reading nor for hidden bits. Defaults that a
// parser does not tell from absence are left out for the same reason. Fields
// that are withheld are checked as the kept ones are.
#include "mesh/contracts/message_walk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/contracts/utf8.h"
#include "mesh/contracts/wire.h"

namespace psm {

struct MessageWalk::Field {
  const char* start;    // of the tag
  const char* length;   // of the length, where there is one
  const char* content;  // of the value
  const char* end;
  std::uint64_t value;  // of a varint
  std::uint32_t tag;    // number and wire type
  // Whether tag, length or a varint are not in their shortest form, or a varint
  // is wider than its type: it is written anew.
  bool mend;

  std::uint32_t number() const { return tag >> 3; }
  std::uint32_t type() const { return tag & 7; }
  std::size_t size() const { return static_cast<std::size_t>(end - content); }
  absl::string_view bytes() const { return absl::string_view(content, size()); }
};

namespace {

std::size_t Distance(const char* from, const char* to) {
  return static_cast<std::size_t>(to - from);
}

// What a parser makes of a varint in a field of this kind.
std::uint64_t Canonical(FieldKind kind, std::uint64_t value) {
  switch (kind) {
    case FieldKind::kVarint32:
      return static_cast<std::uint64_t>(
          static_cast<std::int64_t>(static_cast<std::int32_t>(value)));
    case FieldKind::kUnsigned32:
      return static_cast<std::uint32_t>(value);
    case FieldKind::kBool:
      return value != 0 ? 1 : 0;
    default:
      return value;
  }
}

std::uint32_t WireTypeOf(FieldKind kind) {
  switch (kind) {
    case FieldKind::kVarint64:
    case FieldKind::kVarint32:
    case FieldKind::kUnsigned32:
    case FieldKind::kBool:
      return wire::kVarint;
    case FieldKind::kFixed32:
      return wire::kFixed32;
    case FieldKind::kFixed64:
      return wire::kFixed64;
    default:
      return wire::kLengthDelimited;
  }
}

// Whether a field may have this wire type: its own, or packed.
bool Fits(const FieldPlan& field, std::uint32_t type) {
  return type == WireTypeOf(field.kind) ||
         (field.repeated && type == wire::kLengthDelimited);
}

}  // namespace

absl::Status MessageWalk::Walk(const MessagePlan& plan,
                               absl::string_view message) {
  root_ = &plan;
  const char* end = message.data() + message.size();
  run_start_ = message.data();
  if (!WalkMessage(plan, message.data(), end, out_ != nullptr)) return status_;
  if (out_ != nullptr) Flush(end);
  return absl::OkStatus();
}

bool MessageWalk::WalkMessage(const MessagePlan& plan, const char* p,
                              const char* end, bool write) {
  Seen seen(static_cast<std::size_t>(plan.slots() + 63) / 64, 0);
  Field field;
  for (; p < end; p = field.end) {
    field.start = p;
    if (!ReadField(plan, end, &field)) return false;
    const FieldPlan* known = plan.Find(field.number());
    if (known == nullptr || !Fits(*known, field.type())) {
      if (known != nullptr && (known->kind == FieldKind::kSubject ||
                               known->kind == FieldKind::kCorporation ||
                               known->kind == FieldKind::kPageToken))
        return Malformed(plan, field, "has the wrong wire type");
      dropped_unknown_ = true;
      if (write) Drop(field);
      continue;
    }
    if (!known->repeated) {
      const std::uint64_t bit = std::uint64_t{1} << (known->slot % 64);
      std::uint64_t& word = seen[known->slot / 64];
      if ((word & bit) != 0) return Repeated(plan, field);
      word |= bit;
    }
    const bool keep =
        known->attribute == 0 || (known->attribute & allowed_) != 0;
    if (known->kind == FieldKind::kMessage) {
      (keep ? released_ : withheld_) |= known->attribute;
      if (!WalkSubmessage(*known, field, keep, write)) return false;
      continue;
    }
    if (!CheckValue(plan, *known, &field)) return false;
    if (IsAbsent(*known, field)) {
      if (write) Drop(field);
      continue;
    }
    (keep ? released_ : withheld_) |= known->attribute;
    if (!write) continue;
    if (!keep) {
      Drop(field);
    } else if (!CopyValue(plan, *known, field)) {
      return false;
    }
  }
  return true;
}

bool MessageWalk::IsAbsent(const FieldPlan& known, const Field& field) {
  if (known.repeated) {  // a packed field without values
    return field.size() == 0 &&
           WireTypeOf(known.kind) != wire::kLengthDelimited;
  }
  if (!known.implicit) return false;
  switch (field.type()) {
    case wire::kVarint:
      return Canonical(known.kind, field.value) == 0;
    case wire::kLengthDelimited:
      return field.size() == 0;
    default:
      return std::all_of(field.content, field.end,
                         [](char c) { return c == 0; });
  }
}

bool MessageWalk::ReadField(const MessagePlan& plan, const char* end,
                            Field* field) {
  if (!Count(1)) return false;
  const char* p = wire::ReadVarint32(field->start, end, &field->tag);
  if (p == nullptr) return Malformed("a field's tag is cut short or too long");
  if (field->number() == 0) return Malformed("a field has number 0");
  field->mend = wire::IsPadded(field->start, p);
  field->content = p;
  switch (field->type()) {
    case wire::kVarint:
      field->end = wire::ReadVarint(p, end, &field->value);
      if (field->end == nullptr)
        return Malformed(plan, *field, "is cut short or too long");
      return true;
    case wire::kFixed64:
    case wire::kFixed32: {
      const std::size_t size = field->type() == wire::kFixed64 ? 8 : 4;
      if (Distance(p, end) < size)
        return Malformed(plan, *field, "is cut short");
      field->end = p + size;
      return true;
    }
    case wire::kLengthDelimited: {
      std::uint32_t length;
      field->length = p;
      p = wire::ReadVarint32(p, end, &length);
      if (p == nullptr || length > Distance(p, end))
        return Malformed(plan, *field, "is cut short");
      field->mend = field->mend || wire::IsPadded(field->length, p);
      field->content = p;
      field->end = p + length;
      return true;
    }
    default:
      return Malformed(plan, *field, "is a group or of no known wire type");
  }
}

bool MessageWalk::CheckValue(const MessagePlan& plan, const FieldPlan& known,
                             Field* field) {
  switch (known.kind) {
    case FieldKind::kSubject:
      subject_ = field->bytes();
      break;
    case FieldKind::kCorporation:
      corporation_ = field->bytes();
      break;
    case FieldKind::kPageToken:
    case FieldKind::kString:
      break;
    case FieldKind::kBytes:
      return true;
    default:
      if (field->type() == wire::kLengthDelimited)
        return CheckPacked(plan, known.kind, field);
      if (field->type() == wire::kVarint)
        field->mend = field->mend ||
                      wire::IsPadded(field->content, field->end) ||
                      Canonical(known.kind, field->value) != field->value;
      return true;
  }
  if (!IsUtf8(field->bytes())) return Malformed(plan, *field, "is not UTF-8");
  return true;
}

bool MessageWalk::CheckPacked(const MessagePlan& plan, FieldKind kind,
                              Field* field) {
  const std::uint32_t type = WireTypeOf(kind);
  if (type != wire::kVarint) {
    const std::size_t size = type == wire::kFixed64 ? 8 : 4;
    if (field->size() % size != 0)
      return Malformed(plan, *field, "has a value that is cut short");
    return Count(field->size() / size);
  }
  for (const char* p = field->content; p < field->end;) {
    const char* start = p;
    std::uint64_t value;
    p = wire::ReadVarint(p, field->end, &value);
    if (p == nullptr)
      return Malformed(plan, *field, "has a value that is cut short");
    if (!Count(1)) return false;
    field->mend = field->mend || wire::IsPadded(start, p) ||
                  Canonical(kind, value) != value;
  }
  return true;
}

bool MessageWalk::CopyValue(const MessagePlan& plan, const FieldPlan& known,
                            const Field& field) {
  if (known.kind == FieldKind::kSubject) {
    if (field.number() == taken_ && &plan == root_)
      return Repeated(plan, field);
    return Replace(field, translator_->TranslateSubject(field.bytes()));
  }
  if (known.kind == FieldKind::kPageToken)
    return Replace(field, translator_->TranslatePageToken(field.bytes()));
  if (!field.mend) return true;  // stays in the run
  StartContent(field);
  if (WireTypeOf(known.kind) != wire::kVarint) return true;
  const std::size_t content = out_->size();
  for (const char* p = field.content; p < field.end;) {
    std::uint64_t value = 0;
    p = wire::ReadVarint(p, field.end, &value);
    wire::AppendVarint(Canonical(known.kind, value), out_);
  }
  run_start_ = field.end;
  if (field.type() == wire::kLengthDelimited)
    MendLength(content, wire::VarintSize(field.size()));
  return true;
}

bool MessageWalk::Replace(const Field& field,
                          absl::StatusOr<std::string> text) {
  if (!text.ok()) {
    status_ = std::move(text).status();
    return false;
  }
  Drop(field);
  wire::AppendVarint(field.tag, out_);
  wire::AppendVarint(text->size(), out_);
  out_->append(*text);
  return true;
}

bool MessageWalk::WalkSubmessage(const FieldPlan& known, const Field& field,
                                 bool keep, bool write) {
  const MessagePlan& inner = *known.message;
  if (!write) return WalkMessage(inner, field.content, field.end, false);
  if (!keep && (inner.attributes() & allowed_) == 0) {
    if (!WalkMessage(inner, field.content, field.end, false)) return false;
    Drop(field);
    return true;
  }
  if (keep && !field.mend) {
    // Where the content will stand once the run is copied.
    const std::size_t written = out_->size();
    const std::size_t content = written + Distance(run_start_, field.content);
    if (!WalkMessage(inner, field.content, field.end, true)) return false;
    if (out_->size() == written) return true;  // nothing changed
    Flush(field.end);
    MendLength(content, Distance(field.length, field.content));
    return true;
  }
  Flush(field.start);
  const std::size_t before = out_->size();
  StartContent(field);
  const std::size_t content = out_->size();
  if (!WalkMessage(inner, field.content, field.end, true)) return false;
  Flush(field.end);
  if (!keep && out_->size() == content) {
    // None of the attributes for whose sake it was entered is there.
    out_->resize(before);
    return true;
  }
  MendLength(content, wire::VarintSize(field.size()));
  return true;
}

void MessageWalk::Flush(const char* p) {
  if (p != run_start_) out_->append(run_start_, Distance(run_start_, p));
  run_start_ = p;
}

void MessageWalk::Drop(const Field& field) {
  Flush(field.start);
  run_start_ = field.end;
}

void MessageWalk::StartContent(const Field& field) {
  Flush(field.start);
  wire::AppendVarint(field.tag, out_);
  if (field.type() == wire::kLengthDelimited)
    wire::AppendVarint(field.bytes().size(), out_);
  run_start_ = field.content;
}

void MessageWalk::MendLength(std::size_t content, std::size_t length_size) {
  char length[wire::kMaxVarintSize];
  const std::size_t size =
      Distance(length, wire::WriteVarint(length, out_->size() - content));
  if (size == length_size) {
    std::memcpy(out_->data() + content - length_size, length, size);
  } else {
    out_->replace(content - length_size, length_size, length, size);
  }
}

bool MessageWalk::Malformed(absl::string_view what) {
  status_ = MakeError(absl::StatusCode::kInvalidArgument, "MESSAGE_MALFORMED",
                      Party::kConsumer,
                      absl::StrCat("send a well-formed message: ", what));
  return false;
}

bool MessageWalk::Malformed(const MessagePlan& plan, const Field& field,
                            absl::string_view what) {
  const std::string name = plan.FieldName(field.number());
  status_ = MakeError(
      absl::StatusCode::kInvalidArgument, "MESSAGE_MALFORMED", Party::kConsumer,
      absl::StrCat("send a well-formed message: ", name, " ", what),
      {{"field", name}});
  return false;
}

bool MessageWalk::Repeated(const MessagePlan& plan, const Field& field) {
  const std::string name = plan.FieldName(field.number());
  status_ = MakeError(
      absl::StatusCode::kInvalidArgument, "FIELD_REPEATED", Party::kConsumer,
      absl::StrCat("send ", name, ", or another field of its oneof, once"),
      {{"field", name}});
  return false;
}

bool MessageWalk::Count(std::size_t fields) {
  fields_ += fields;
  if (fields_ <= kMaxMessageFields) return true;
  return Malformed(
      absl::StrCat("it has more than ", kMaxMessageFields, " fields"));
}

}  // namespace psm
