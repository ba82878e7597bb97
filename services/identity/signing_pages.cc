#include "services/identity/signing_pages.h"

#include <memory>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "nlohmann/json.hpp"
#include "services/openid/jws.h"
#include "services/openid/pages.h"
#include "services/openid/parameters.h"

namespace psm::identity {
namespace {

using nlohmann::json;
using openid::BothTexts;
using openid::Html;
using openid::HttpAnswer;
using openid::HttpRequest;
using openid::Language;

constexpr int kLookAgainSeconds = 3;
constexpr char kRequestPart[] = "/request";
constexpr char kSignaturePart[] = "/signature";

HttpAnswer Error(int status, absl::string_view what) {
  return openid::Json(status, json({{"error", std::string(what)}}).dump());
}

HttpAnswer Over() {
  return Error(409, "this was answered before, or its time is over");
}

HttpAnswer Later(const absl::Status& status) {
  LogError("signing_failed", {{"code", absl::StatusCodeToString(status.code())},
                              {"reason", ReasonOf(status)}});
  return Error(503, "nobody can sign now; try again later");
}

Language LanguageOf(const HttpRequest& request) {
  const std::optional<openid::Parameters> query =
      openid::Parameters::Parse(request.query);
  return openid::ChooseLanguage(query.has_value() ? query->Get("lang") : "",
                                request.Header("accept-language"));
}

// Where the page is, in a language.
Html AddressOf(const SignRequest& asked, Language language) {
  Html html;
  html.Raw("/sign/").Text(asked.id).Say(language, "?lang=ja", "?lang=en");
  return html;
}

// What it is, or was, about.
Html Facts(const SignRequest& asked, const BothTexts& service, bool waits,
           Language language) {
  Html html;
  html.Raw("<p>").Text(service.In(language));
  if (waits) {
    html.Say(language, "が次の文書への電子署名を求めています。</p>\n",
             " asks you to sign this document.</p>\n");
  } else {
    html.Say(language, "が次の文書への電子署名を求めました。</p>\n",
             " asked you to sign this document.</p>\n");
  }
  html.Raw("<p><strong>").Text(asked.title).Raw("</strong></p>\n");
  html.Raw("<p class=\"hint\">")
      .Say(language, "サービスの登録名", "The service is registered as")
      .Raw("</p>\n<code lang=\"en\">")
      .Text(asked.client_id)
      .Raw("</code>\n");
  html.Raw("<p class=\"hint\">SHA-256</p>\n<code lang=\"en\">")
      .Text(absl::BytesToHexString(asked.digest))
      .Raw("</code>\n");
  return html;
}

// How, and what goes with it.
Html Instructions(const SignRequest& asked, Language language) {
  Html html;
  html.Raw("<p>")
      .Say(language,
           "署名には署名用電子証明書が付き、<strong>氏名・住所・生年月日・性別"
           "</strong>がサービスに渡ります。渡したことは記録に残り、あなたの履歴"
           "で確かめられます。",
           "Your signature carries your certificate: the service will learn "
           "your <strong>name, address, date of birth and sex</strong>. That "
           "it did is recorded; your history shows it.")
      .Raw("</p>\n<p>")
      .Say(language,
           "署名するには、カードのある端末で次のコマンドを実行し、署名用の"
           "パスワード(6〜16文字)を入力してください。5回続けて間違えると"
           "ロックされます。",
           "To sign, run this command where your card is, and give it the "
           "password for signatures (6 to 16 characters). Five wrong ones in "
           "a row lock it.")
      .Raw(
          "</p>\n<code lang=\"en\">psm-authenticator --card CARD --run RUN "
          "<span>--sign=")
      .Text(asked.id)
      .Raw("</span></code>\n<p role=\"status\">")
      .Say(
          language,
          "署名を待っています。署名できたかどうかはコマンドが示します。サービス"
          "が署名を受け取ると、このページは自動的に変わります(3秒ごとに確かめ"
          "ます)。",
          "Waiting. The command says whether you have signed; this page "
          "changes by itself when the service has your signature. It looks "
          "every 3 seconds.")
      .Raw("</p>\n");
  return html;
}

Html DeclineForm(const SignRequest& asked, Language language) {
  Html html;
  html.Raw("<form method=\"post\" action=\"")
      .Append(AddressOf(asked, language))
      .Raw("\"><button class=\"second\" name=\"decline\" value=\"yes\">")
      .Say(language, "署名しない", "Do not sign")
      .Raw("</button></form>\n");
  return html;
}

Html OtherLanguage(const SignRequest& asked, Language language) {
  const bool japanese = language == Language::kJapanese;
  Html html;
  html.Raw("<p><a href=\"")
      .Append(AddressOf(asked,
                        japanese ? Language::kEnglish : Language::kJapanese));
  return japanese ? html.Raw("\" lang=\"en\" hreflang=\"en\">English</a></p>\n")
                  : html.Raw("\" lang=\"ja\" hreflang=\"ja\">日本語</a></p>\n");
}

Html Sentence(Language language, openid::Markup ja, openid::Markup en) {
  return Html().Raw("<p role=\"status\">").Say(language, ja, en).Raw("</p>\n");
}

}  // namespace

bool SigningPages::IsFor(const HttpRequest& request) {
  return absl::StartsWith(request.path, kSigningPath);
}

BothTexts SigningPages::NameOf(const SignRequest& asked) {
  const std::shared_ptr<const openid::Client> client =
      clients_->Find(asked.client_id);
  return client == nullptr ? BothTexts{asked.client_id, asked.client_id}
                           : client->name;
}

HttpAnswer SigningPages::Answer(const HttpRequest& request) {
  return Route(request)
      .With("Cache-Control", "no-store")
      .With("X-Content-Type-Options", "nosniff")
      // The address is all that it takes to decline.
      .With("Referrer-Policy", "same-origin");
}

HttpAnswer SigningPages::Route(const HttpRequest& request) {
  absl::string_view id = request.path;
  id.remove_prefix(sizeof(kSigningPath) - 1);
  const bool describes = absl::ConsumeSuffix(&id, kRequestPart);
  const bool brings = !describes && absl::ConsumeSuffix(&id, kSignaturePart);
  const absl::StatusOr<std::optional<SignRequest>> found = requests_->Find(id);
  if (!found.ok()) return Later(found.status());
  if (!found->has_value()) {
    return describes || brings
               ? Error(404, "there is no such request; copy all of the command")
               : openid::ErrorPage(
                     404, *profile_, LanguageOf(request),
                     {"この依頼はありません。サービスに戻ってやり直してくださ"
                      "い。",
                      "There is no such request. Go back to the service and "
                      "try again."},
                     "");
  }
  const SignRequest& asked = **found;
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (describes) return get ? Describe(asked) : openid::MethodNotAllowed("GET");
  if (brings)
    return post ? Take(request, asked) : openid::MethodNotAllowed("POST");
  if (get) return Show(request, asked);
  return post ? Decline(request, asked) : openid::MethodNotAllowed("GET, POST");
}

HttpAnswer SigningPages::Show(const HttpRequest& request,
                              const SignRequest& asked) {
  const Language language = LanguageOf(request);
  const bool waits = asked.SeemsToWait(clock_->Now());
  Html body = Facts(asked, NameOf(asked), waits, language);
  Html head;
  BothTexts title = {"電子署名の依頼", "A request for your signature"};
  if (waits) {
    body.Append(Instructions(asked, language))
        .Append(DeclineForm(asked, language));
    head.Raw("<meta http-equiv=\"refresh\" content=\"")
        .Text(absl::StrCat(kLookAgainSeconds))
        .Raw("; url=")
        .Append(AddressOf(asked, language))
        .Raw("\">\n");
  } else if (asked.collect_time.has_value()) {
    title = {"署名しました", "You have signed"};
    body.Append(Sentence(
        language, "署名をサービスに渡しました。サービスに戻ってください。",
        "The service has your signature. Go back to it."));
  } else if (asked.state == SignRequest::State::kDeclined) {
    title = {"署名しませんでした", "You have not signed"};
    body.Append(Sentence(language, "署名しないことをサービスに伝えます。",
                         "The service is told that you do not sign."));
  } else {
    title = {"依頼は終わりました", "The request has ended"};
    body.Append(Sentence(language,
                         "期限が過ぎました。サービスに戻ってください。",
                         "Its time is over. Go back to the service."));
  }
  body.Append(OtherLanguage(asked, language));
  return openid::Page(200, *profile_, language, title, body, "", head);
}

HttpAnswer SigningPages::Decline(const HttpRequest& request,
                                 SignRequest asked) {
  const absl::Status declined = requests_->Answer(asked.id, "", clock_->Now());
  // What was answered before shows on the page.
  if (!declined.ok() && !absl::IsFailedPrecondition(declined))
    return Later(declined);
  return openid::SeeOther(AddressOf(asked, LanguageOf(request)).text());
}

HttpAnswer SigningPages::Describe(const SignRequest& asked) {
  if (!asked.SeemsToWait(clock_->Now())) return Over();
  const BothTexts service = NameOf(asked);
  return openid::Json(
      200, json({{"service", {{"ja", service.ja}, {"en", service.en}}},
                 {"client", asked.client_id},
                 {"title", asked.title},
                 {"digest", openid::Base64Url(asked.digest)},
                 {"blind", openid::Base64Url(asked.blind)},
                 {"expires_at", absl::ToUnixSeconds(asked.expire_time)}})
               .dump());
}

HttpAnswer SigningPages::Take(const HttpRequest& request,
                              const SignRequest& asked) {
  if (!asked.SeemsToWait(clock_->Now())) return Over();
  const std::optional<openid::Parameters> form =
      openid::Parameters::Parse(request.body);
  const std::optional<std::string> signature =
      form.has_value() ? openid::FromBase64Url(form->Get("signature"))
                       : std::nullopt;
  if (!signature.has_value() || signature->empty())
    return Error(400, "that is not a signature");
  const absl::StatusOr<SignatureJudge::Judged> judged =
      judge_->OfRequest(asked.digest, {asked.client_id, asked.id}, *signature);
  if (absl::IsPermissionDenied(judged.status()))
    return Error(403, judged.status().message());
  if (!judged.ok()) return Later(judged.status());
  // One that was made before she was asked was made for something else: nobody
  // brings an old one here in her place.
  if (judged->signer.signing_time < asked.request_time - card::kClockSkew)
    return Error(403, "the signature is older than the request");
  // Whose it is instead is told nobody.
  if (judged->subject != asked.subject)
    return Error(403, "the request is for somebody else's signature");
  return Keep(asked, *signature);
}

HttpAnswer SigningPages::Keep(const SignRequest& asked,
                              const std::string& signature) {
  if (asked.state != SignRequest::State::kPending) return Over();
  const std::shared_ptr<const openid::Client> client =
      clients_->Find(asked.client_id);
  if (client == nullptr)
    return Error(403, "the service is not registered any more");
  const absl::Status told =
      subjects_->DiscloseCertificate(*client, asked.subject, asked.exchange_id);
  if (absl::IsPermissionDenied(told) || absl::IsFailedPrecondition(told)) {
    LogWarning("signature_not_taken",
               {{"client", client->id}, {"reason", ReasonOf(told)}});
    return Error(403,
                 "what your certificate says may not go to this service; it is "
                 "told nothing, and its request goes on waiting");
  }
  if (!told.ok()) return Later(told);
  const absl::Status signed_now =
      requests_->Answer(asked.id, signature, clock_->Now());
  if (absl::IsFailedPrecondition(signed_now)) return Over();
  if (!signed_now.ok()) return Later(signed_now);
  return openid::Json(200, json({{"state", "signed"}}).dump());
}

}  // namespace psm::identity
