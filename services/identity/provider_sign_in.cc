#include "services/identity/provider_sign_in.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "services/identity/provider_profile.h"
#include "services/openid/jws.h"

namespace psm::identity {
namespace {

using openid::Html;
using openid::Language;
using openid::SignInForm;

constexpr std::size_t kMaxAnswer = 8192;  // bytes

// `state` is "<challenge id> <challenge>"; the second half is what is shown.
SignInForm FormFor(const std::string& state, Language language,
                   const Html& wrong) {
  SignInForm form;
  form.state = state;
  Html& html = form.fields;
  if (!wrong.empty()) {
    html.Raw("<div class=\"wrong\" role=\"alert\"><p>")
        .Append(wrong)
        .Raw("</p></div>\n");
  }
  html.Raw("<p>")
      .Say(
          language,
          "カードのある端末で次のコマンドを実行し、表示された文字列を貼り付けて"
          "くださ"
          "い。2分以内に1回だけ使えます。",
          "Run this command where your card is, and paste what it prints. Good "
          "for two minutes and one use.")
      .Raw("</p>\n<code>psm-authenticator --card CARD -- ")
      .Text(absl::string_view(state).substr(state.find(' ') + 1))
      .Raw("</code>\n<label for=\"signed\">")
      .Say(language, "カードの応答", "The card's answer")
      .Raw(
          "</label>\n<textarea id=\"signed\" name=\"signed\" rows=\"6\" "
          "required autocomplete=\"off\" spellcheck=\"false\"></textarea>\n");
  return form;
}

}  // namespace

std::string EncodeCardAnswer(const CardAnswer& answer) {
  return absl::StrCat(openid::Base64Url(answer.certificate), ".",
                      openid::Base64Url(answer.signature));
}

std::optional<CardAnswer> DecodeCardAnswer(absl::string_view text) {
  if (text.size() > kMaxAnswer) return std::nullopt;
  std::string dense;
  for (const char c : text) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) dense += c;
  }
  const std::size_t dot = dense.find('.');
  if (dot == std::string::npos) return std::nullopt;
  std::optional<std::string> certificate =
      openid::FromBase64Url(absl::string_view(dense).substr(0, dot));
  std::optional<std::string> signature =
      openid::FromBase64Url(absl::string_view(dense).substr(dot + 1));
  if (!certificate.has_value() || certificate->empty() ||
      !signature.has_value() || signature->empty())
    return std::nullopt;
  return CardAnswer{*std::move(certificate), *std::move(signature)};
}

SignInForm CardSignIn::Begin(Language language) {
  const Challenges::Challenge challenge = challenges_->Begin(system_);
  return FormFor(
      absl::StrCat(challenge.id, " ", openid::Base64Url(challenge.bytes)),
      language, Html());
}

SignInForm CardSignIn::Again(const std::string& state, Language language) {
  return FormFor(state, language, Html());
}

SignInForm CardSignIn::Anew(Language language, openid::Markup ja,
                            openid::Markup en) {
  const SignInForm begun = Begin(language);
  return FormFor(begun.state, language, Html().Say(language, ja, en));
}

absl::StatusOr<std::variant<openid::SignedIn, SignInForm>> CardSignIn::Continue(
    const std::string& state, const openid::Parameters& filled_in,
    Language language) {
  const std::optional<CardAnswer> answer =
      DecodeCardAnswer(filled_in.Get("signed"));
  if (!answer.has_value()) {
    // The challenge was shown to nobody's card yet: it stays.
    return FormFor(
        state, language,
        Html().Say(language,
                   "カードの応答の形ではありません。全体を貼り付けてください。",
                   "That is not a card's answer. Paste all of it."));
  }
  absl::StatusOr<std::string> subject =
      complete_(state.substr(0, state.find(' ')), *answer);
  if (subject.ok()) return openid::SignedIn{*std::move(subject), kAcr};
  const std::string reason = ReasonOf(subject.status());
  if (reason == "CHALLENGE_EXPIRED") {
    return Anew(language, "時間切れです。新しいコマンドを実行してください。",
                "Too late. Run the new command.");
  }
  if (reason == "SIGNATURE_INVALID") {
    return Anew(language,
                "署名が合いません。新しいコマンドを実行してください。",
                "The signature does not fit. Run the new command.");
  }
  if (absl::IsPermissionDenied(subject.status()) ||
      absl::IsInvalidArgument(subject.status()) ||
      absl::IsFailedPrecondition(subject.status())) {
    return Anew(
        language,
        "このカードは使えません。失効や期限切れでないか確かめてください。",
        "This card cannot be used. It may have been revoked or have "
        "expired.");
  }
  return subject.status();
}

}  // namespace psm::identity
