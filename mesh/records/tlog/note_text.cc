#include "mesh/records/tlog/note_text.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace psm::tlog {
namespace {

constexpr char32_t kNoCharacter = 0xffffffff;

// Takes the first character of `text`, which is not empty; kNoCharacter where
// it does not begin with one (RFC 3629, 4).
char32_t TakeCharacter(absl::string_view& text) {
  const auto byte = [&text](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const char32_t first = byte(0);
  std::size_t size = 1;
  char32_t character = first;
  char32_t smallest = 0;
  if (first >= 0xf8) {
    return kNoCharacter;
  } else if (first >= 0xf0) {
    size = 4;
    character = first & 0x07;
    smallest = 0x10000;
  } else if (first >= 0xe0) {
    size = 3;
    character = first & 0x0f;
    smallest = 0x800;
  } else if (first >= 0xc0) {
    size = 2;
    character = first & 0x1f;
    smallest = 0x80;
  } else if (first >= 0x80) {
    return kNoCharacter;
  }
  if (text.size() < size) return kNoCharacter;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return kNoCharacter;
    character = character << 6 | (byte(i) & 0x3f);
  }
  if (character < smallest || character > 0x10ffff ||
      (character >= 0xd800 && character <= 0xdfff)) {
    return kNoCharacter;
  }
  text.remove_prefix(size);
  return character;
}

// White_Space of the Unicode character database.
bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

}  // namespace

bool IsNoteText(absl::string_view text) {
  while (!text.empty()) {
    const char32_t c = TakeCharacter(text);
    if (c == kNoCharacter || (c < 0x20 && c != '\n')) return false;
  }
  return true;
}

bool IsKeyName(absl::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const char32_t c = TakeCharacter(name);
    if (c == kNoCharacter || c < 0x20 || c == '+' || IsSpace(c)) return false;
  }
  return true;
}

std::optional<std::string> DecodeBase64(absl::string_view text) {
  // Abseil's decoder is lenient; what it makes is compared instead.
  std::string bytes;
  if (!absl::Base64Unescape(text, &bytes) || EncodeBase64(bytes) != text)
    return std::nullopt;
  return bytes;
}

std::string EncodeBase64(absl::string_view bytes) {
  return absl::Base64Escape(bytes);
}

std::optional<std::uint64_t> ParseDecimal(absl::string_view text) {
  std::int64_t number = 0;
  // SimpleAtoi takes signs, spaces and zeros; the comparison does not.
  if (!absl::SimpleAtoi(text, &number) || number < 0 ||
      absl::StrCat(number) != text) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(number);
}

}  // namespace psm::tlog
