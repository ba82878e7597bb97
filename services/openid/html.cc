#include "services/openid/html.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace psm::openid {
namespace {

// Of a list of language tags (RFC 5646), with or without weights.
bool FirstKnown(absl::string_view list, char separator, Language* language) {
  for (absl::string_view tag : absl::StrSplit(list, separator)) {
    tag = absl::StripAsciiWhitespace(tag);
    const absl::string_view primary = tag.substr(0, tag.find_first_of("-;"));
    if (absl::EqualsIgnoreCase(primary, "ja")) {
      *language = Language::kJapanese;
      return true;
    }
    if (absl::EqualsIgnoreCase(primary, "en")) {
      *language = Language::kEnglish;
      return true;
    }
  }
  return false;
}

}  // namespace

Language ChooseLanguage(absl::string_view ui_locales,
                        absl::string_view accept_language) {
  Language language = Language::kJapanese;
  if (!FirstKnown(ui_locales, ' ', &language))
    FirstKnown(accept_language, ',', &language);
  return language;
}

Html& Html::Text(absl::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        html_ += "&amp;";
        break;
      case '<':
        html_ += "&lt;";
        break;
      case '>':
        html_ += "&gt;";
        break;
      case '"':
        html_ += "&quot;";
        break;
      case '\'':
        html_ += "&#39;";
        break;
      default:
        html_ += c;
    }
  }
  return *this;
}

Html WrongNote(Language language, Markup ja, Markup en) {
  return Html()
      .Raw("<div class=\"wrong\" id=\"wrong\" role=\"alert\"><p>")
      .Say(language, ja, en)
      .Raw("</p></div>\n");
}

Html DescribedBy(Markup hint, bool wrong) {
  Html html;
  const bool hinted = *hint.text() != '\0';
  if (wrong) html.Raw(" aria-invalid=\"true\"");
  if (!wrong && !hinted) return html;
  return html.Raw(" aria-describedby=\"")
      .Raw(hint)
      .Raw(hinted && wrong ? Markup(" ") : Markup(""))
      .Raw(wrong ? Markup("wrong") : Markup(""))
      .Raw("\"");
}

}  // namespace psm::openid
