#include "services/corporations/name_key.h"

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "services/codes/folded_text.h"

namespace psm::corporations {
namespace {

// Legal forms as Fold leaves them, the longer before what it begins with.
constexpr const char* kForms[] = {
    "特定非営利活動法人",
    "一般社団法人",
    "一般財団法人",
    "公益社団法人",
    "公益財団法人",
    "社会福祉法人",
    "農事組合法人",
    "npo法人",
    "医療法人",
    "学校法人",
    "宗教法人",
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "合名会社",
    "相互会社",
    "協同組合",
    "(株)",
    "(有)",
    "(同)",
    "(資)",
    "(名)",
    "(社)",
    "(財)",
    "(学)",
    "(福)",
    "(医)",
    "(特非)",
};

// Folded signs that people put in or leave out.
bool IsPunctuation(char32_t c) {
  constexpr char32_t kSigns[] =
      U" -.,'\"&/()[]{}:;!?・、。「」『』〈〉《》〔〕"
      U"‘’“”·･｡､｢｣~〜";
  for (const char32_t sign : kSigns) {
    if (sign == c) return true;
  }
  return false;
}

std::string WithoutForm(absl::string_view name) {
  for (const char* const form : kForms) {
    if (absl::ConsumePrefix(&name, form)) break;
  }
  for (const char* const form : kForms) {
    if (absl::ConsumeSuffix(&name, form)) break;
  }
  return std::string(name);
}

bool IsKana(char32_t c) { return (c >= U'ァ' && c <= U'ヺ') || c == U'ー'; }

bool IsLetterOrDigit(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9');
}

}  // namespace

std::string NameKey(absl::string_view name) {
  const std::optional<std::string> folded = FoldedKey(name);
  if (!folded.has_value()) return "";
  const std::optional<FoldedText> bare = Fold(WithoutForm(*folded));
  std::string key;
  for (const char32_t c : bare->characters) {
    if (!IsPunctuation(c)) AppendUtf8(c, key);
  }
  return key;
}

std::string KanaKey(absl::string_view kana) {
  const std::optional<FoldedText> folded = Fold(kana);
  if (!folded.has_value()) return "";
  std::string key;
  for (const char32_t c : folded->characters) {
    if (IsPunctuation(c)) continue;
    if (!IsKana(c) && !IsLetterOrDigit(c)) return "";
    AppendUtf8(c, key);
  }
  return key;
}

}  // namespace psm::corporations
