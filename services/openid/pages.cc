#include "services/openid/pages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace psm::openid {
namespace {

constexpr char kStyle[] = R"(:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 40rem; color: #1a1a1c; background: #fff; font: 1rem/1.7 sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.5; }
header { padding-bottom: .5rem; border-bottom: 1px solid #767676; font-weight: bold; }
.notice { margin: 0 0 1rem; padding: .5rem 1rem; border-left: .5rem solid #b78f00; background: #fbf5e0; }
.notice p, .wrong p { margin: 0; }
.wrong { margin: 0 0 1rem; padding: .5rem 1rem; border-left: .5rem solid #ec0000; }
label { display: block; margin: 1rem 0 .5rem; font-weight: bold; }
fieldset { margin: 1rem 0 0; padding: 0 1rem 1rem; border: 1px solid #767676; border-radius: .5rem; }
legend { padding: 0 .5rem; font-weight: bold; }
.choice { display: flex; gap: .75rem; align-items: center; min-height: 2.75rem; margin: .5rem 0 0; font-weight: normal; }
.choice input { flex: none; width: 1.5rem; min-height: 1.5rem; height: 1.5rem; margin: 0; }
.choice small { display: block; color: #4d4d4d; font-size: .875rem; }
.hint { margin: 0 0 .75rem; color: #4d4d4d; }
fieldset + .hint { margin-top: .5rem; }
input, textarea { width: 100%; min-height: 3rem; padding: .5rem; border: 1px solid #1a1a1c; border-radius: .5rem; font: inherit; }
textarea, code { font-family: monospace; }
code { display: block; padding: .5rem; background: #f2f2f2; }
code + .hint { margin-top: 1rem; }
code span { display: inline-block; word-break: break-all; }
button { min-height: 3rem; margin: 1rem .5rem 0 0; padding: .5rem 1.5rem; border: 1px solid #0017c1; border-radius: .5rem; color: #fff; background: #0017c1; font: inherit; font-weight: bold; }
button.second { color: #0017c1; background: #fff; }
a { color: #0017c1; }
:focus-visible { outline: .25rem solid #000; outline-offset: .125rem; box-shadow: 0 0 0 .125rem #ffd43d; }
)";

// The id is base32 and the secret base64url: neither needs escaping, both get
// it.
Html FormBegin(const Ticket& ticket, Markup step) {
  Html html;
  html.Raw("<form method=\"post\" action=\"/interaction/")
      .Text(ticket.id)
      .Raw(step)
      .Raw("\"><input type=\"hidden\" name=\"form\" value=\"")
      .Text(ticket.form)
      .Raw("\">\n");
  return html;
}

Html OtherLanguage(const Ticket& ticket, Language language) {
  const bool japanese = language == Language::kJapanese;
  Html html;
  html.Raw("<p><a href=\"/interaction/").Text(ticket.id);
  if (japanese) {
    html.Raw("?lang=en\" lang=\"en\" hreflang=\"en\">English</a></p>\n");
  } else {
    html.Raw("?lang=ja\" lang=\"ja\" hreflang=\"ja\">日本語</a></p>\n");
  }
  return html;
}

Html CancelForm(const Ticket& ticket, Language language) {
  Html html = FormBegin(ticket, "/cancel");
  html.Raw("<button class=\"second\">")
      .Say(language, "やめる", "Cancel")
      .Raw("</button></form>\n");
  return html;
}

}  // namespace

HttpAnswer StyleSheet() {
  HttpAnswer answer;
  answer.With("Content-Type", "text/css; charset=utf-8");
  answer.With("Cache-Control", "max-age=3600");
  answer.body = kStyle;
  return answer;
}

HttpAnswer Page(int status, const Profile& profile, Language language,
                const BothTexts& title, const Html& body,
                const std::string& form_target, const Html& head) {
  Html html;
  html.Raw("<!doctype html>\n<html lang=\"")
      .Say(language, "ja", "en")
      .Raw(
          "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
          "content=\"width=device-width, initial-scale=1\">\n<title>")
      .Text(title.In(language))
      .Raw(" - ")
      .Text(profile.name.In(language))
      .Raw("</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n")
      .Append(head)
      .Raw("</head>\n<body>\n<aside class=\"notice\" aria-label=\"")
      .Say(language, "お知らせ", "Notice")
      .Raw(
          "\">"
          "<p "
          "lang=\"ja\">非公式の試作品です。デジタル庁ほか実在の機関とは関係あ"
          "りません。登場する人物と事業者はすべて架空です。</p>"
          "<p lang=\"en\">Unofficial prototype, not connected with the Digital "
          "Agency or any other body. All persons and businesses are invented."
          "</p></aside>\n<header>")
      .Text(profile.name.In(language))
      .Raw("</header>\n<main>\n<h1>")
      .Text(title.In(language))
      .Raw("</h1>\n")
      .Append(body)
      .Raw("</main>\n</body>\n</html>\n");
  HttpAnswer answer;
  answer.status = status;
  answer.With("Content-Type", "text/html; charset=utf-8");
  answer.With("Content-Language", TagOf(language));
  answer.With(
      "Content-Security-Policy",
      absl::StrCat("default-src 'none'; style-src 'self'; form-action 'self'",
                   form_target.empty() ? "" : " ", form_target,
                   "; frame-ancestors 'none'; base-uri 'none'"));
  answer.With("X-Frame-Options", "DENY");
  answer.With("Cross-Origin-Opener-Policy", "same-origin");
  answer.body = html.text();
  return answer;
}

HttpAnswer SignInPage(const Profile& profile, const Interaction& interaction,
                      const Ticket& ticket, const SignInForm& form) {
  const Language language = interaction.language;
  Html body;
  Html head;
  if (form.look_again_seconds > 0) {
    // Not this address again: it may be one that only takes forms.
    head.Raw("<meta http-equiv=\"refresh\" content=\"")
        .Text(absl::StrCat(form.look_again_seconds))
        .Raw("; url=/interaction/")
        .Text(ticket.id)
        .Raw("\">\n");
  }
  body.Raw("<p>").Text(interaction.request.client->name.In(language));
  body.Say(language, "がサインインを求めています。</p>\n",
           " asks you to sign in.</p>\n");
  body.Append(FormBegin(ticket, "/sign-in"))
      .Append(form.fields)
      .Raw("<button>")
      .Say(language, "次へ", "Continue")
      .Raw("</button>\n")
      .Append(form.more)
      .Raw("</form>\n")
      .Append(CancelForm(ticket, language))
      .Append(OtherLanguage(ticket, language));
  BothTexts title = form.title;
  if (form.wrong)
    title = {absl::StrCat("エラー: ", title.ja),
             absl::StrCat("Error: ", title.en)};
  return Page(200, profile, language, title, body,
              OriginOf(interaction.request.redirect_uri), head);
}

HttpAnswer ConsentPage(const Profile& profile, const Interaction& interaction,
                       const Ticket& ticket) {
  const Language language = interaction.language;
  const AuthorizationRequest& request = interaction.request;
  Html body;
  body.Raw("<p>").Text(request.client->name.In(language));
  body.Say(language, "に次の情報を渡します。", " will learn the following. ");
  body.Text(profile.consent_note.In(language)).Raw("</p>\n");
  body.Append(FormBegin(ticket, "/consent"))
      .Raw("<fieldset><legend>")
      .Say(language, "渡す情報", "What it will learn")
      .Raw("</legend>\n");
  for (const Scope& scope : profile.scopes) {
    if (std::find(request.scopes.begin(), request.scopes.end(), scope.id) ==
        request.scopes.end())
      continue;
    body.Raw("<label class=\"choice\"><input type=\"checkbox\"");
    if (scope.id == kOpenIdScope) {
      body.Raw(" checked disabled><span>")
          .Text(scope.name.In(language))
          .Raw("<small>")
          .Say(language, "サインインに必要です", "needed to sign you in")
          .Raw("</small>");
    } else {
      body.Raw(" name=\"")
          .Text(BoxOf(scope.id))
          .Raw("\" value=\"yes\" checked><span>")
          .Text(scope.name.In(language));
    }
    body.Raw("</span></label>\n");
  }
  body.Raw("</fieldset>\n");
  if (request.scopes.size() > 1) {
    body.Raw("<p class=\"hint\">")
        .Say(language, "渡したくないものは外せます。",
             "Untick what you do not want to give.")
        .Raw("</p>\n");
  }
  body.Raw("<button>")
      .Say(language, "同意する", "Agree")
      .Raw("</button></form>\n")
      .Append(CancelForm(ticket, language))
      .Append(OtherLanguage(ticket, language));
  return Page(200, profile, language, {"情報を渡す同意", "Your consent"}, body,
              OriginOf(request.redirect_uri));
}

std::string BoxOf(const std::string& scope) {
  return absl::StrCat("scope.", scope);
}

HttpAnswer ErrorPage(int status, const Profile& profile, Language language,
                     const BothTexts& what, const std::string& detail) {
  Html body;
  body.Raw("<div class=\"wrong\" role=\"alert\"><p>")
      .Text(what.In(language))
      .Raw("</p></div>\n");
  if (!detail.empty())
    body.Raw("<p lang=\"en\"><code>").Text(detail).Raw("</code></p>\n");
  return Page(status, profile, language, {"続けられません", "Cannot go on"},
              body);
}

HttpAnswer SignedOutPage(const Profile& profile, Language language) {
  Html body;
  body.Raw("<p>").Say(
      language,
      "このサインインで渡した許可は終わりました。このページを閉じてください。",
      "What this sign-in allowed has ended. You can close this page.");
  body.Raw("</p>\n");
  return Page(200, profile, language, {"サインアウト", "Signed out"}, body);
}

}  // namespace psm::openid
