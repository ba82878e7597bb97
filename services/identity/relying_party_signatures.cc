// Whom the mesh does not let a signature go, a protected person's above all,
// must not learn that there is one: a refusal would say that the person is
// special. So the mesh is asked when she signs, while nobody but her hears the
// answer (signing_pages.cc), and what it refuses is never kept: the request
// goes on waiting, in the same row, with the same answers for the same work,
// until its time is over. What comes between signing and collecting (a
// protection, a new name, an agreement that ended) is found at the first look.
// Until then a signature shows nowhere (SignRequest::SeemsToWait): whoever asks
// has the page's address, too, could look there, decline, bring something, or
// count how many requests still fit. That look forgets it, and from the next on
// there is again no difference at all. It alone takes an exchange with the mesh
// longer, as does every first look at what was signed. Who has collected knows
// that she has signed; an hour later nobody gets it again, so that nobody finds
// out by asking every day since when she is special.
#include "services/identity/relying_party_signatures.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "nlohmann/json.hpp"
#include "services/identity/relying_party_form.h"
#include "services/identity/signing_pages.h"
#include "services/openid/jws.h"
#include "services/openid/parameters.h"

namespace psm::identity {
namespace {

using nlohmann::json;
using openid::HttpAnswer;

constexpr std::size_t kDigestSize = 32;

HttpAnswer Malformed(absl::string_view what) {
  return FormError(400, "invalid_request", what);
}

HttpAnswer Later(const absl::Status& status) {
  LogError("sign_request_failed",
           {{"code", absl::StatusCodeToString(status.code())},
            {"reason", ReasonOf(status)}});
  return FormError(503, "temporarily_unavailable", "try again later");
}

HttpAnswer NoSuchRequest() {
  return FormError(404, "not_found", "there is no such request");
}

HttpAnswer State(const char* state) {
  return openid::Json(200, json({{"state", state}}).dump());
}

// Whether a text is shown in the order in which it is written, on one line: it
// has no control characters of Unicode (C0, DEL, C1) or of the direction of
// text, and no separators of lines.
bool IsOneLine(absl::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(text[at]))) return false;
    const absl::string_view rest = text.substr(at);
    if (rest.size() > 1 && rest[0] == '\xc2' &&
        static_cast<unsigned char>(rest[1]) < 0xa0)
      return false;
    for (const char* turning :
         {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b",
          "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068",
          "\u2069"}) {
      if (absl::StartsWith(rest, turning)) return false;
    }
  }
  return true;
}

// It is shown on a page and in a terminal, to somebody who decides by it.
bool IsTitle(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxTitle && openid::IsText(text) &&
         IsOneLine(text);
}

}  // namespace

bool RelyingPartySignatures::IsFor(const openid::HttpRequest& request) {
  return IsAt(request, kSignRequestsPath);
}

HttpAnswer RelyingPartySignatures::Answer(
    const openid::HttpRequest& request,
    const openid::Provider::Bearer& bearer) {
  const auto& scopes = bearer.grant.scopes;
  if (std::find(scopes.begin(), scopes.end(), kSignScope) == scopes.end()) {
    return FormError(403, "insufficient_scope",
                     "the person has not granted the scope sign")
        .With("WWW-Authenticate",
              "Bearer error=\"insufficient_scope\", scope=\"sign\"");
  }
  absl::string_view reference = request.path;
  reference.remove_prefix(sizeof(kSignRequestsPath) - 1);
  if (reference.empty()) {
    return request.method == "POST" ? Ask(request, bearer)
                                    : openid::MethodNotAllowed("POST");
  }
  reference.remove_prefix(1);
  return request.method == "GET" ? Collect(std::string(reference), bearer)
                                 : openid::MethodNotAllowed("GET");
}

HttpAnswer RelyingPartySignatures::Ask(const openid::HttpRequest& request,
                                       const openid::Provider::Bearer& bearer) {
  std::variant<RelyingPartyForm, HttpAnswer> read =
      ReadRelyingPartyForm(request, kShortestSignRequest, kLongestSignRequest);
  if (auto* refusal = std::get_if<HttpAnswer>(&read))
    return std::move(*refusal);
  const RelyingPartyForm& form = std::get<RelyingPartyForm>(read);
  const std::optional<std::string> digest =
      openid::FromBase64Url(form.fields.Get("digest"));
  if (!digest.has_value() || digest->size() != kDigestSize)
    return Malformed("digest is the document's SHA-256 in base64url");
  if (!IsTitle(form.fields.Get("title")))
    return Malformed("title is 1 to 200 bytes without control characters");
  SignRequest wanted;
  wanted.client_id = bearer.client->id;
  wanted.reference = form.id;
  wanted.subject = bearer.grant.subject;
  wanted.digest = *digest;
  wanted.title = form.fields.Get("title");
  wanted.request_time = clock_->Now();
  wanted.expire_time =
      wanted.request_time + form.duration.value_or(kSignRequestLife);
  const absl::StatusOr<SignRequest> kept = requests_->Add(std::move(wanted));
  if (absl::IsAlreadyExists(kept.status()))
    return FormError(409, "invalid_request", kept.status().message());
  if (absl::IsResourceExhausted(kept.status()))
    return FormError(429, "too_many_requests", kept.status().message());
  if (!kept.ok()) return Later(kept.status());
  return openid::Json(
      201, json({{"url", absl::StrCat(origin_, kSigningPath, kept->id)},
                 {"expires_at", absl::ToUnixSeconds(kept->expire_time)}})
               .dump());
}

HttpAnswer RelyingPartySignatures::Collect(
    const std::string& reference, const openid::Provider::Bearer& bearer) {
  const absl::StatusOr<std::optional<SignRequest>> found =
      requests_->FindOf(bearer.client->id, bearer.grant.subject, reference);
  if (!found.ok()) return Later(found.status());
  if (!found->has_value()) return NoSuchRequest();
  const SignRequest& asked = **found;
  return asked.state == SignRequest::State::kSigned
             ? HandOver(asked, *bearer.client)
             : Unsigned(asked);
}

HttpAnswer RelyingPartySignatures::Unsigned(const SignRequest& asked) const {
  if (asked.state == SignRequest::State::kDeclined) return State("declined");
  return State(clock_->Now() < asked.expire_time ? "pending" : "expired");
}

HttpAnswer RelyingPartySignatures::Unanswered(const std::string& id) {
  const absl::StatusOr<std::optional<SignRequest>> found = requests_->Find(id);
  if (!found.ok()) return Later(found.status());
  return found->has_value() ? Unsigned(**found) : NoSuchRequest();
}

HttpAnswer RelyingPartySignatures::HandOver(const SignRequest& asked,
                                            const openid::Client& client) {
  const absl::Time now = clock_->Now();
  const bool before = asked.collect_time.has_value();
  if (before && now >= *asked.collect_time + kCollectedAgain)
    return State("signed");
  const absl::Status told = subjects_->DiscloseCertificate(
      client, asked.subject, before ? "" : asked.exchange_id);
  if (absl::IsPermissionDenied(told) || absl::IsFailedPrecondition(told)) {
    LogWarning("signature_withheld",
               {{"client", client.id}, {"reason", ReasonOf(told)}});
    if (before) return State("signed");
    const absl::Status withheld = requests_->Withhold(asked.id);
    return withheld.ok() ? Unsigned(asked) : Later(withheld);
  }
  if (!told.ok()) return Later(told);
  if (!before) {
    const absl::Status collected = requests_->Collect(asked.id, now);
    // Taken back meanwhile, or withheld from another look.
    if (absl::IsFailedPrecondition(collected)) return Unanswered(asked.id);
    if (!collected.ok()) return Later(collected);
  }
  return openid::Json(200,
                      json({{"state", "signed"},
                            {"signature", absl::Base64Escape(asked.signature)}})
                          .dump());
}

}  // namespace psm::identity
