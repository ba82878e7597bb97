#include "services/addresses/address_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/codes/folded_text.h"

namespace psm::addresses {
namespace {

constexpr char32_t kTen = U'十';
constexpr char32_t kNumerals[] = U"〇一二三四五六七八九";

bool IsDigit(char32_t c) { return c >= U'0' && c <= U'9'; }

// 0 to 9, or -1.
int NumeralOf(char32_t c) {
  for (int n = 0; n <= 9; ++n) {
    if (kNumerals[n] == c) return n;
  }
  return -1;
}

// One number at `at`: a numeral, or ten with what stands before and after it.
// Says how many characters it takes; 0: none.
std::size_t TakeNumeral(const std::u32string& text, std::size_t at,
                        int& value) {
  const auto numeral = [&](std::size_t i) {
    return i < text.size() ? NumeralOf(text[i]) : -1;
  };
  const int tens = numeral(at);
  std::size_t end = at + (tens >= 0 ? 1 : 0);
  if (end < text.size() && text[end] == kTen && tens != 0) {
    const int ones = numeral(++end);
    value = (tens < 0 ? 1 : tens) * 10 + (ones > 0 ? ones : 0);
    return end + (ones > 0 ? 1 : 0) - at;
  }
  value = tens;
  return end - at;
}

char32_t PlaceCharacter(char32_t c) {
  if (c == U'ガ') return U'ケ';
  if (c == U'之') return U'ノ';
  return c;
}

}  // namespace

std::optional<AddressText> ReadAddressText(absl::string_view written) {
  const std::optional<FoldedText> folded = Fold(written);
  if (!folded.has_value()) return std::nullopt;
  const std::u32string& from = folded->characters;
  AddressText out;
  bool gap = false;
  const auto add = [&](absl::string_view bytes, std::size_t place) {
    absl::StrAppend(&out.key, bytes);
    out.origin.resize(out.key.size(), place);
    out.gap.push_back(gap);
    out.gap.resize(out.key.size(), false);
    gap = false;
  };
  for (std::size_t i = 0; i < from.size();) {
    const std::size_t place = folded->origin[i];
    if (from[i] == U' ') {
      gap = true;
      ++i;
      continue;
    }
    int value = 0;
    const std::size_t taken = TakeNumeral(from, i, value);
    if (taken == 1 && value == 1 && i > 0 && IsDigit(from[i - 1]) &&
        i + 1 < from.size() && IsDigit(from[i + 1])) {
      add("-", place);
    } else if (taken > 0) {
      add(absl::StrCat(value), place);
    } else {
      std::string bytes;
      AppendUtf8(PlaceCharacter(from[i]), bytes);
      add(bytes, place);
    }
    i += taken > 0 ? taken : 1;
  }
  out.origin.push_back(written.size());
  out.gap.push_back(false);
  return out;
}

void SkipAza(absl::string_view& key) {
  if (!absl::ConsumePrefix(&key, "大字")) absl::ConsumePrefix(&key, "字");
}

std::string PlaceKey(absl::string_view name) {
  const std::optional<AddressText> text = ReadAddressText(name);
  if (!text.has_value()) return "";
  absl::string_view key = text->key;
  SkipAza(key);
  return std::string(key);
}

}  // namespace psm::addresses
