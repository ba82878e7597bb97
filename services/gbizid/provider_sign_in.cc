// The state of the first form is empty, that of the second names the account
// that has signed in; of recovery's it is "forgot", then "recover <mail
// address>". States stay on the server, so nobody makes one.
#include "services/gbizid/provider_sign_in.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mesh/base/error.h"
#include "services/gbizid/acting_rules.h"
#include "services/gbizid/delegation_store.h"
#include "services/gbizid/provider_profile.h"
#include "services/gbizid/recovery_form.h"

namespace psm::gbizid {
namespace {

using openid::Html;
using openid::Language;
using openid::SignedIn;
using openid::SignInForm;

constexpr char kChoice[] = "choice ";
constexpr int kMaxChoices = 100;

// Nothing that was typed is shown again. Which of the three was wrong is not
// said, so all of them have the note as their description.
SignInForm PasswordForm(Language language, const Html& wrong) {
  SignInForm form;
  form.more
      .Raw(
          "<button class=\"second\" name=\"way\" value=\"forgot\" "
          "formnovalidate>")
      .Say(language, "パスワードを忘れた", "I forgot the password")
      .Raw("</button>\n");
  form.wrong = !wrong.empty();
  const Html tie = openid::DescribedBy("", form.wrong);
  form.fields.Append(wrong)
      .Raw("<label for=\"mail\">")
      .Say(language, "メールアドレス", "Mail address")
      .Raw(
          "</label>\n<input id=\"mail\" name=\"mail\" type=\"email\" required "
          "autocomplete=\"username\"")
      .Append(tie)
      .Raw(form.wrong ? openid::Markup(" autofocus") : openid::Markup(""))
      .Raw(">\n<label for=\"password\">")
      .Say(language, "パスワード", "Password")
      .Raw(
          "</label>\n<input id=\"password\" name=\"password\" "
          "type=\"password\" required autocomplete=\"current-password\"")
      .Append(tie)
      .Raw(">\n<label for=\"code\">")
      .Say(language, "ワンタイムパスワード", "One-time password")
      .Raw("</label>\n<p class=\"hint\" id=\"code-hint\">")
      .Say(language, "認証アプリに表示される6桁の数字です。",
           "The 6 digits that your authenticator app shows.")
      .Raw(
          "</p>\n<input id=\"code\" name=\"code\" inputmode=\"numeric\" "
          "pattern=\"[0-9]{6}\" maxlength=\"6\" required "
          "autocomplete=\"one-time-code\"")
      .Append(openid::DescribedBy("code-hint", form.wrong))
      .Raw(">\n");
  return form;
}

SignInForm ChoiceForm(const std::string& account_id,
                      const std::vector<v1::Delegation>& choices,
                      Language language, const Html& wrong) {
  SignInForm form;
  form.wrong = !wrong.empty();
  form.state = absl::StrCat(kChoice, account_id);
  Html& html = form.fields;
  html.Append(wrong)
      .Raw("<fieldset><legend>")
      .Say(language, "どの事業者として手続を行いますか",
           "For which business do you act?")
      .Raw(
          "</legend>\n<label class=\"choice\"><input type=\"radio\" "
          "name=\"acting\" value=\"own\" checked><span>")
      .Say(language, "自らの事業者", "Your own")
      .Raw("</span></label>\n");
  for (const v1::Delegation& choice : choices) {
    html.Raw(
            "<label class=\"choice\"><input type=\"radio\" name=\"acting\" "
            "value=\"")
        .Text(choice.delegation_id())
        .Raw("\"><span><span lang=\"ja\">")
        .Text(choice.principal_name())
        .Raw("</span><small>")
        .Say(language, "委任された手続: ", "delegated for ")
        .Text(choice.relying_service())
        .Raw("</small></span></label>\n");
  }
  html.Raw("</fieldset>\n");
  return form;
}

}  // namespace

std::string EncodeActing(const ActingAccount& acting) {
  return acting.delegation_id.empty()
             ? acting.account_id
             : absl::StrCat(acting.account_id, " ", acting.delegation_id);
}

ActingAccount DecodeActing(absl::string_view text) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(text, absl::MaxSplits(' ', 1));
  return {parts.first, parts.second};
}

SignInForm BusinessSignIn::Begin(Language language) {
  return PasswordForm(language, Html());
}

SignInForm BusinessSignIn::Again(const std::string& state, Language language) {
  if (IsRecovery(state)) return RecoveryForm(state, language, Html());
  absl::string_view account_id = state;
  if (!absl::ConsumePrefix(&account_id, kChoice)) return Begin(language);
  const auto choices = ChoicesOf(std::string(account_id));
  return ChoiceForm(std::string(account_id),
                    choices.ok() ? *choices : std::vector<v1::Delegation>(),
                    language, Html());
}

absl::StatusOr<std::vector<v1::Delegation>> BusinessSignIn::ChoicesOf(
    const std::string& account_id) {
  std::vector<v1::Delegation> choices;
  const absl::Time now = parts_.clock->Now();
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        const std::optional<KeptAccount> kept =
            AccountStore::Find(sql, account_id);
        if (!kept) return absl::OkStatus();
        for (v1::Delegation& delegation :
             DelegationStore::Of(sql, PrimeIdOf(kept->account), kMaxChoices)) {
          if (MayActUnder(kept->account, delegation, now))
            choices.push_back(std::move(delegation));
        }
        return absl::OkStatus();
      }));
  return choices;
}

absl::StatusOr<BusinessSignIn::Step> BusinessSignIn::Continue(
    const std::string& state, const openid::Parameters& filled_in,
    Language language) {
  if (IsRecovery(state) || filled_in.Get("way") == kForgot)
    return TakeRecovery(state, filled_in, language);
  absl::string_view account_id = state;
  if (absl::ConsumePrefix(&account_id, kChoice))
    return TakeChoice(std::string(account_id), filled_in, language);
  return TakePassword(filled_in, language);
}

absl::StatusOr<BusinessSignIn::Step> BusinessSignIn::TakePassword(
    const openid::Parameters& filled_in, Language language) {
  const absl::StatusOr<v1::Account> account = desk_.Admit(
      filled_in.Get("mail"), filled_in.Get("password"), filled_in.Get("code"));
  const std::string reason = ReasonOf(account.status());
  if (reason == "SIGN_IN_REFUSED") {
    return Step(PasswordForm(
        language,
        openid::WrongNote(
            language,
            "メールアドレス、パスワード、ワンタイムパスワードのいずれかが違い"
            "ます。5回続けて間違えると15分間使えません。",
            "Mail address, password or one-time password is wrong. After "
            "five wrong tries wait 15 minutes.")));
  }
  if (reason == "ACCOUNT_SUSPENDED") {
    return Step(PasswordForm(
        language, openid::WrongNote(language, "このアカウントは停止中です。",
                                    "This account is suspended.")));
  }
  if (!account.ok()) return account.status();
  PSM_ASSIGN_OR_RETURN(const std::vector<v1::Delegation> choices,
                       ChoicesOf(account->account_id()));
  if (choices.empty())
    return Step(SignedIn{EncodeActing({account->account_id(), ""}), kAcr});
  return Step(ChoiceForm(account->account_id(), choices, language, Html()));
}

absl::StatusOr<BusinessSignIn::Step> BusinessSignIn::TakeRecovery(
    const std::string& state, const openid::Parameters& filled_in,
    Language language) {
  if (filled_in.Get("way") == kBack)
    return Step(PasswordForm(language, Html()));
  absl::string_view mail = state;
  if (!IsRecovery(state)) return Step(RecoveryForm(kForgot, language, Html()));
  if (!absl::ConsumePrefix(&mail, kRecover)) {
    const std::string given = filled_in.Get("mail");
    // What is no address goes on like any: its code never comes.
    const absl::Status begun = recoveries_.BeginAt(given);
    if (!begun.ok() && !absl::IsInvalidArgument(begun)) return begun;
    return Step(RecoveryForm(absl::StrCat(kRecover, given), language, Html()));
  }
  const absl::Status recovered =
      recoveries_.RecoverAt(std::string(mail), filled_in.Get("mailed"),
                            filled_in.Get("code"), filled_in.Get("password"));
  if (recovered.ok()) {
    SignInForm form = PasswordForm(language, Html());
    form.fields =
        Html()
            .Raw("<p role=\"status\">")
            .Say(language,
                 "パスワードを変更しました。新しいパスワードと次のワン"
                 "タイムパスワードでサインインしてください。",
                 "The password is changed. Sign in with it and the "
                 "next one-time password.")
            .Raw("</p>\n")
            .Append(form.fields);
    return Step(std::move(form));
  }
  const Html wrong = RecoveryNote(recovered, language);
  if (wrong.empty()) return recovered;
  return Step(RecoveryForm(state, language, wrong));
}

absl::StatusOr<BusinessSignIn::Step> BusinessSignIn::TakeChoice(
    const std::string& account_id, const openid::Parameters& filled_in,
    Language language) {
  const std::string chosen = filled_in.Get("acting");
  if (chosen == "own")
    return Step(SignedIn{EncodeActing({account_id, ""}), kAcr});
  PSM_ASSIGN_OR_RETURN(const std::vector<v1::Delegation> choices,
                       ChoicesOf(account_id));
  for (const v1::Delegation& choice : choices) {
    if (choice.delegation_id() == chosen)
      return Step(SignedIn{EncodeActing({account_id, chosen}), kAcr});
  }
  return Step(ChoiceForm(account_id, choices, language,
                         openid::WrongNote(language, "もう一度選んでください。",
                                           "Please choose again.")));
}

}  // namespace psm::gbizid
