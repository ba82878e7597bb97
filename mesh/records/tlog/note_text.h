// The characters, numbers and bytes that notes are written in: each has one
// spelling, and every other is refused.
#ifndef PSM_MESH_RECORDS_TLOG_NOTE_TEXT_H_
#define PSM_MESH_RECORDS_TLOG_NOTE_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace psm::tlog {

// Whether `text` is UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing
// above U+10FFFF) without control characters below U+0020 but the line feed.
bool IsNoteText(absl::string_view text);

// Whether `name` may name a key: UTF-8, not empty, no control characters, no
// Unicode spaces, no plus (C2SP signed-note, Format).
bool IsKeyName(absl::string_view name);

// The bytes of standard base64 (RFC 4648, 4). nullopt where padding is missing,
// unused bits are set, or there is a character too many.
std::optional<std::string> DecodeBase64(absl::string_view text);
std::string EncodeBase64(absl::string_view bytes);

// A decimal number up to 2^63 - 1: digits without a leading zero, or "0".
std::optional<std::uint64_t> ParseDecimal(absl::string_view text);

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_NOTE_TEXT_H_
