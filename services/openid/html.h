// HTML in which nothing that a person or a relying party wrote can become
// markup: markup comes from literals of the program alone, everything else is
// text and escaped. And the two languages of the pages.
#ifndef PSM_SERVICES_OPENID_HTML_H_
#define PSM_SERVICES_OPENID_HTML_H_

#include <string>

#include "absl/strings/string_view.h"

namespace psm::openid {

enum class Language { kJapanese, kEnglish };

// "ja", "en": for `lang` attributes.
inline const char* TagOf(Language language) {
  return language == Language::kJapanese ? "ja" : "en";
}

// A text in both languages, for people.
struct BothTexts {
  std::string ja;
  std::string en;
  const std::string& In(Language language) const {
    return language == Language::kJapanese ? ja : en;
  }
};

// The language of the first of space-separated `ui_locales` (OpenID Connect
// Core, 3.1.2.1) that is there, else of the first of `accept_language` (RFC
// 9110, 12.5.4; weights are not weighed), else Japanese.
Language ChooseLanguage(absl::string_view ui_locales,
                        absl::string_view accept_language);

// A literal of the program: cannot be made of anything that is known only when
// it runs.
class Markup {
 public:
  consteval Markup(const char* text)  // NOLINT(google-explicit-constructor)
      : text_(text) {}
  const char* text() const { return text_; }

 private:
  const char* text_;
};

// Grows from front to back. Thread-compatible.
class Html {
 public:
  Html() = default;

  Html& Raw(Markup markup) {
    html_ += markup.text();
    return *this;
  }
  // As text, and inside quoted attribute values.
  Html& Text(absl::string_view text);
  Html& Append(const Html& other) {
    html_ += other.html_;
    return *this;
  }
  // The one of two literals that `language` asks for.
  Html& Say(Language language, Markup ja, Markup en) {
    return Raw(language == Language::kJapanese ? ja : en);
  }

  const std::string& text() const { return html_; }
  bool empty() const { return html_.empty(); }

 private:
  std::string html_;
};

// What went wrong with a form: read out when the page opens, and what the
// fields that have it as their description (`aria-describedby="wrong"`) are
// read with.
Html WrongNote(Language language, Markup ja, Markup en);

// The attributes of a field that has `hint`, an element's id, as its
// description ("": none), and where it is `wrong` the note as well. Begins with
// a space where there are any.
Html DescribedBy(Markup hint, bool wrong);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_HTML_H_
