#include "services/gbizid/recovery_form.h"

#include "absl/strings/match.h"
#include "mesh/base/error.h"

namespace psm::gbizid {
namespace {

using openid::Html;
using openid::Language;
using openid::Markup;
using openid::SignInForm;

// `input` ends before its `>`; `hint` is the id of what describes it beside the
// note, or "".
Html Field(const Html& label, const Html& hint_text, Markup hint, Markup begin,
           Markup input, bool wrong) {
  Html field;
  field.Raw(begin).Append(label).Raw("</label>\n").Append(hint_text).Raw(input);
  return field.Append(openid::DescribedBy(hint, wrong)).Raw(" required>\n");
}

Html AskMail(Language language) {
  return Html()
      .Raw("<p>")
      .Say(language,
           "登録したメールアドレスに、再設定のためのコードを送ります。",
           "A code goes to the mail address of the account.")
      .Raw("</p>\n<label for=\"mail\">")
      .Say(language, "メールアドレス", "Mail address")
      .Raw(
          "</label>\n<input id=\"mail\" name=\"mail\" type=\"email\" required "
          "autofocus autocomplete=\"username\">\n");
}

Html AskProof(Language language, bool wrong) {
  Html html;
  html.Raw("<p role=\"status\">")
      .Say(
          language,
          "そのアドレスのアカウントがあれば、コードを送りました。15分以内に使え"
          "ます。プライムは、代表者のカードか書類による確認も必要です。",
          "If an account has that address, a code is on its way. Good for 15 "
          "minutes. A Prime also needs the representative's card, or "
          "documents.")
      .Raw("</p>\n");
  html.Append(
      Field(Html().Say(language, "メールのコード", "Code from the mail"),
            Html(), "", "<label for=\"mailed\">",
            "<input id=\"mailed\" name=\"mailed\" maxlength=\"20\" autofocus "
            "autocomplete=\"off\" autocapitalize=\"characters\" "
            "spellcheck=\"false\"",
            wrong));
  html.Append(Field(
      Html().Say(language, "ワンタイムパスワード", "One-time password"),
      Html()
          .Raw("<p class=\"hint\" id=\"code-hint\">")
          .Say(language, "認証アプリに表示される6桁の数字です。",
               "The 6 digits that your authenticator app shows.")
          .Raw("</p>\n"),
      "code-hint", "<label for=\"code\">",
      "<input id=\"code\" name=\"code\" inputmode=\"numeric\" "
      "pattern=\"[0-9]{6}\" maxlength=\"6\" autocomplete=\"one-time-code\"",
      wrong));
  html.Append(Field(
      Html().Say(language, "新しいパスワード", "New password"),
      Html()
          .Raw("<p class=\"hint\" id=\"password-hint\">")
          .Say(language, "12文字以上。メールアドレスを含めないでください。",
               "At least 12 characters, without the mail address.")
          .Raw("</p>\n"),
      "password-hint", "<label for=\"password\">",
      "<input id=\"password\" name=\"password\" type=\"password\" "
      "minlength=\"12\" maxlength=\"128\" autocomplete=\"new-password\"",
      wrong));
  return html;
}

}  // namespace

bool IsRecovery(const std::string& state) {
  return state == kForgot || absl::StartsWith(state, kRecover);
}

SignInForm RecoveryForm(const std::string& state, Language language,
                        const Html& wrong) {
  SignInForm form;
  form.title = {"パスワードの再設定", "Password recovery"};
  form.state = state;
  form.wrong = !wrong.empty();
  form.fields.Append(wrong).Append(
      state == kForgot ? AskMail(language) : AskProof(language, form.wrong));
  form.more
      .Raw(
          "<button class=\"second\" name=\"way\" value=\"back\" "
          "formnovalidate>")
      .Say(language, "サインインに戻る", "Back to sign-in")
      .Raw("</button>\n");
  return form;
}

Html RecoveryNote(const absl::Status& refusal, Language language) {
  const std::string reason = ReasonOf(refusal);
  if (reason == "RECOVERY_REFUSED") {
    return openid::WrongNote(
        language,
        "コードかワンタイムパスワードが違います。5回間違えると、コードを送り直"
        "す"
        "必要があります。",
        "Code or one-time password is wrong. After five wrong ones ask for "
        "another code.");
  }
  if (reason == "PASSWORD_UNSUITABLE") {
    return openid::WrongNote(
        language,
        "新しいパスワードは12文字以上128文字以下で、メールアドレスを含まないも"
        "の"
        "にしてください。",
        "The new password needs 12 to 128 characters, without the mail "
        "address.");
  }
  if (reason == "CARD_REQUIRED") {
    return openid::WrongNote(
        language,
        "プライムは、端末で代表者のカードを示すか、書類を事務局に出してください"
        "。",
        "A Prime shows its representative's card at a terminal, or hands "
        "documents to the office.");
  }
  return Html();
}

}  // namespace psm::gbizid
