// The state of a form is "<way> <challenge id> <challenge>", where the way is
// `waits` (for the card's program to send) or `paste`. States stay on the
// server, so nobody makes one.
#include "services/identity/provider_sign_in.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"
#include "services/identity/provider_profile.h"
#include "services/openid/jws.h"

namespace psm::identity {
namespace {

using openid::Html;
using openid::Language;
using openid::SignInForm;
using openid::WrongNote;

constexpr std::size_t kMaxAnswer = 8192;  // bytes
constexpr int kLookAgainSeconds = 3;
constexpr char kWaits[] = "waits";
constexpr char kPaste[] = "paste";

struct State {
  std::string way;
  std::string id;
  std::string challenge;
};

std::string Encode(const State& state) {
  return absl::StrCat(state.way, " ", state.id, " ", state.challenge);
}

State Decode(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ' ');
  return {parts[0], parts[1], parts[2]};
}

// The command that the person runs where the card is.
Html Command(Language language, const State& state, openid::Markup options) {
  return Html()
      .Raw("<p>")
      .Say(language,
           "カードのある端末で次のコマンドを実行し、利用者証明用のPIN(4桁)を"
           "入力してください。2分以内に1回だけ使えます。PINを3回続けて間違える"
           "とカードがロックされます。",
           "Run this command where your card is, and give it the PIN of 4 "
           "digits. Good for two minutes and one use. Three wrong PINs in a "
           "row lock the card.")
      .Raw("</p>\n<code lang=\"en\">psm-authenticator --card CARD ")
      .Raw(options)
      .Raw("-- ")
      .Text(state.challenge)
      .Raw("</code>\n");
}

// Waits for the answer to come. Nothing on it can be filled in, for it is
// loaded again every few seconds.
SignInForm WaitingForm(const State& state, Language language,
                       const Html& wrong) {
  SignInForm form;
  form.state = Encode(state);
  form.wrong = !wrong.empty();
  form.look_again_seconds = kLookAgainSeconds;
  form.fields.Append(wrong)
      .Append(Command(language, state, "--run RUN "))
      .Raw("<p role=\"status\">")
      .Say(language,
           "カードの応答を待っています。届くと、このページは自動的に次へ進みま"
           "す(3秒ごとに確かめます)。",
           "Waiting for your card. This page goes on by itself when the answer "
           "is here; it looks every 3 seconds.")
      .Raw("</p>\n");
  form.more.Raw("<button class=\"second\" name=\"way\" value=\"paste\">")
      .Say(language, "応答を自分で貼り付ける", "Paste the answer instead")
      .Raw("</button>\n");
  return form;
}

SignInForm PasteForm(const State& state, Language language, const Html& wrong) {
  SignInForm form;
  form.state = Encode(state);
  form.wrong = !wrong.empty();
  form.fields.Append(wrong)
      .Append(Command(language, state, ""))
      .Raw("<label for=\"signed\">")
      .Say(language, "カードの応答", "The card's answer")
      .Raw("</label>\n<p class=\"hint\" id=\"signed-hint\">")
      .Say(language, "表示された文字列を全部貼り付けてください。",
           "Paste all of what the command prints.")
      .Raw(
          "</p>\n<textarea id=\"signed\" name=\"signed\" rows=\"6\" "
          "required autocomplete=\"off\" spellcheck=\"false\"")
      .Raw(form.wrong ? openid::Markup(" autofocus") : openid::Markup(""))
      .Append(openid::DescribedBy("signed-hint", form.wrong))
      .Raw("></textarea>\n");
  return form;
}

// The answer is here.
SignInForm NumberForm(const State& state, Language language,
                      const Html& wrong) {
  SignInForm form;
  form.state = Encode(state);
  form.wrong = !wrong.empty();
  form.fields.Append(wrong)
      .Raw("<p role=\"status\">")
      .Say(language, "カードの応答が届きました。", "Your card has answered.")
      .Raw("</p>\n<label for=\"number\">")
      .Say(language, "確認番号", "Number")
      .Raw("</label>\n<p class=\"hint\" id=\"number-hint\">")
      .Say(language,
           "コマンドが表示した6桁の数字です。人に教えないでください。",
           "The 6 digits that the command shows. Tell them to nobody.")
      .Raw(
          "</p>\n<input id=\"number\" name=\"number\" "
          "inputmode=\"numeric\" pattern=\"[0-9]{6}\" maxlength=\"6\" "
          "required autofocus autocomplete=\"off\"")
      .Append(openid::DescribedBy("number-hint", form.wrong))
      .Raw(">\n");
  return form;
}

Html NoteOf(Language language, const absl::Status& why) {
  const std::string reason = ReasonOf(why);
  if (reason == "CHALLENGE_EXPIRED") {
    return WrongNote(language,
                     "時間切れです。新しいコマンドを実行してください。",
                     "Too late. Run the new command.");
  }
  if (reason == "SIGNATURE_INVALID") {
    return WrongNote(language,
                     "署名が合いません。新しいコマンドを実行してください。",
                     "The signature does not fit. Run the new command.");
  }
  return WrongNote(
      language,
      "このカードは使えません。失効や期限切れでないか確かめてください。",
      "This card cannot be used. It may have been revoked or have expired.");
}

// Whether another answer may do better: else nobody can sign in now.
bool IsOfTheCard(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsInvalidArgument(status) ||
         absl::IsFailedPrecondition(status);
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
  const Challenges::Challenge made = challenges_->Begin(system_);
  const State state{kWaits, made.id, openid::Base64Url(made.bytes)};
  arrivals_->Expect(state.id, state.challenge, kChallengeLifetime);
  return WaitingForm(state, language, Html());
}

SignInForm CardSignIn::Again(const std::string& text, Language language) {
  const State state = Decode(text);
  if (state.way == kPaste) return PasteForm(state, language, Html());
  switch (arrivals_->Look(state.id)) {
    case CardArrivals::State::kWaiting:
      return WaitingForm(state, language, Html());
    case CardArrivals::State::kArrived:
      return NumberForm(state, language, Html());
    case CardArrivals::State::kOver:
      break;
  }
  // Whoever looks changes nothing: what went wrong, and the next challenge,
  // come with the button.
  SignInForm form;
  form.state = text;
  form.wrong = true;
  form.fields = WrongNote(
      language,
      "時間切れか、カードの応答が使えませんでした。「次へ」を押すと新しいコマン"
      "ド"
      "を表示します。",
      "Too late, or the card's answer was no good. Continue brings a new "
      "command.");
  return form;
}

SignInForm CardSignIn::Anew(const std::string& text, Language language,
                            const absl::Status& why) {
  State state = Decode(Begin(language).state);
  state.way = Decode(text).way;
  return state.way == kPaste
             ? PasteForm(state, language, NoteOf(language, why))
             : WaitingForm(state, language, NoteOf(language, why));
}

absl::StatusOr<std::string> CardSignIn::Deliver(const std::string& challenge,
                                                const CardAnswer& answer) {
  const absl::Status over = MakeError(
      absl::StatusCode::kFailedPrecondition, "CHALLENGE_EXPIRED",
      Party::kProvider, "no page waits for this; load the page again");
  const std::optional<std::string> id = arrivals_->Waiting(challenge);
  if (!id.has_value()) return over;
  const absl::StatusOr<std::string> subject = complete_(*id, answer);
  const std::optional<std::string> number =
      arrivals_->Arrive(challenge, subject);
  if (!subject.ok()) return subject.status();
  if (!number.has_value()) return over;
  return *number;
}

absl::StatusOr<CardSignIn::Step> CardSignIn::TakeAnswer(
    const std::string& text, const std::string& signed_text,
    Language language) {
  State state = Decode(text);
  const std::optional<CardAnswer> answer = DecodeCardAnswer(signed_text);
  if (!answer.has_value()) {
    // The challenge was shown to nobody's card yet: it stays.
    state.way = kPaste;
    return Step(PasteForm(
        state, language,
        WrongNote(language,
                  "カードの応答の形ではありません。全体を貼り付けてください。",
                  "That is not a card's answer. Paste all of it.")));
  }
  absl::StatusOr<std::string> subject = complete_(state.id, *answer);
  if (subject.ok()) return Step(openid::SignedIn{*std::move(subject), kAcr});
  if (!IsOfTheCard(subject.status())) return subject.status();
  state.way = kPaste;
  return Step(Anew(Encode(state), language, subject.status()));
}

absl::StatusOr<CardSignIn::Step> CardSignIn::TakeNumber(
    const std::string& text, const std::string& number, Language language) {
  absl::StatusOr<std::string> subject =
      arrivals_->Take(Decode(text).id, number);
  if (subject.ok()) return Step(openid::SignedIn{*std::move(subject), kAcr});
  if (ReasonOf(subject.status()) == "NUMBER_WRONG") {
    return Step(NumberForm(
        Decode(text), language,
        WrongNote(language, "確認番号が違います。3回間違えるとやり直しです。",
                  "That is not the number. After three wrong ones it begins "
                  "anew.")));
  }
  if (!IsOfTheCard(subject.status())) return subject.status();
  return Step(Anew(text, language, subject.status()));
}

absl::StatusOr<std::variant<openid::SignedIn, SignInForm>> CardSignIn::Continue(
    const std::string& text, const openid::Parameters& filled_in,
    Language language) {
  State state = Decode(text);
  if (state.way == kPaste || filled_in.Has("signed"))
    return TakeAnswer(text, filled_in.Get("signed"), language);
  if (filled_in.Get("way") == kPaste) {
    state.way = kPaste;
    return Step(PasteForm(state, language, Html()));
  }
  switch (arrivals_->Look(state.id)) {
    case CardArrivals::State::kWaiting:
      return Step(WaitingForm(state, language, Html()));
    case CardArrivals::State::kArrived:
      if (!filled_in.Has("number"))
        return Step(NumberForm(state, language, Html()));
      break;
    case CardArrivals::State::kOver:
      break;
  }
  return TakeNumber(text, filled_in.Get("number"), language);
}

}  // namespace psm::identity
