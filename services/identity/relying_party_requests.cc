#include "services/identity/relying_party_requests.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mesh/base/log.h"
#include "nlohmann/json.hpp"

namespace psm::identity {
namespace {

using nlohmann::json;
using openid::HttpAnswer;

constexpr char kItemsMethod[] =
    "psm.identity.v1.BasicItemsService/GetBasicItems";
constexpr std::int64_t kMaxSeconds = 365 * 24 * 3600;
constexpr std::size_t kMaxReference = 64;

// RFC 3986's unreserved characters, as everywhere a relying party names
// something.
bool IsReference(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxReference &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("-._~", c);
         });
}

HttpAnswer Error(int status, const char* error, absl::string_view description) {
  return openid::Json(
      status,
      json({{"error", error}, {"error_description", std::string(description)}})
          .dump());
}

HttpAnswer Error(const absl::Status& status) {
  if (absl::IsNotFound(status))
    return Error(404, "not_found", "there is no such request");
  if (absl::IsAlreadyExists(status))
    return Error(409, "invalid_request", status.message());
  if (absl::IsResourceExhausted(status))
    return Error(429, "too_many_requests",
                 "wait until the person has answered the others");
  if (absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status))
    return Error(400, "invalid_request", status.message());
  LogError("consent_request_failed",
           {{"code", absl::StatusCodeToString(status.code())}});
  return Error(503, "temporarily_unavailable", "try again later");
}

const char* NameOf(v1::CollectConsentResponse::State state) {
  switch (state) {
    case v1::CollectConsentResponse::GRANTED:
      return "granted";
    case v1::CollectConsentResponse::DECLINED:
      return "declined";
    case v1::CollectConsentResponse::EXPIRED:
      return "expired";
    default:
      return "pending";
  }
}

}  // namespace

bool RelyingPartyRequests::IsFor(const openid::HttpRequest& request) {
  absl::string_view path = request.path;
  return absl::ConsumePrefix(&path, kConsentRequestsPath) &&
         (path.empty() || path[0] == '/');
}

agency::CallContext RelyingPartyRequests::CallOf(
    const openid::Provider::Bearer& bearer) const {
  agency::CallContext call;
  call.consumer = bearer.client->audience;
  call.affair = bearer.client->affair;
  call.exchange_id = NewUuid(*random_);
  call.attributes = {"token"};
  return call;
}

HttpAnswer RelyingPartyRequests::Answer(
    const openid::HttpRequest& request,
    const openid::Provider::Bearer& bearer) {
  absl::string_view id = request.path;
  id.remove_prefix(sizeof(kConsentRequestsPath) - 1);
  if (id.empty()) {
    return request.method == "POST" ? Ask(request, bearer)
                                    : openid::MethodNotAllowed("POST");
  }
  id.remove_prefix(1);
  return request.method == "GET" ? Collect(std::string(id), bearer)
                                 : openid::MethodNotAllowed("GET");
}

HttpAnswer RelyingPartyRequests::Ask(const openid::HttpRequest& request,
                                     const openid::Provider::Bearer& bearer) {
  const std::optional<openid::Parameters> form =
      absl::StartsWith(request.Header("content-type"),
                       "application/x-www-form-urlencoded")
          ? openid::Parameters::Parse(request.body)
          : std::nullopt;
  if (!form.has_value() || form->AnyRepeated())
    return Error(400, "invalid_request",
                 "the body is not a form, or a parameter came twice");
  const AskingClient client = {bearer.client->id, form->Get("id")};
  if (!IsReference(client.reference))
    return Error(400, "invalid_request",
                 "id is 1 to 64 of A-Z, a-z, 0-9, -, ., _, ~");
  v1::RequestConsentRequest asked;
  asked.set_subject(bearer.grant.subject);
  asked.set_affair(bearer.client->affair);
  asked.set_method(kItemsMethod);
  asked.set_purpose(form->Get("purpose"));
  for (absl::string_view attribute :
       absl::StrSplit(form->Get("attributes"), ' ', absl::SkipEmpty()))
    asked.add_attributes(std::string(attribute));
  if (form->Has("duration")) {
    std::int64_t seconds = 0;
    if (!absl::SimpleAtoi(form->Get("duration"), &seconds) || seconds < 1 ||
        seconds > kMaxSeconds)
      return Error(400, "invalid_request", "duration is 1 to 31536000 seconds");
    asked.mutable_duration()->set_seconds(seconds);
  }
  const absl::StatusOr<v1::RequestConsentResponse> made =
      requests_->Request(CallOf(bearer), asked, client);
  if (!made.ok()) return Error(made.status());
  return openid::Json(201, json({{"request_id", made->request_id()},
                                 {"expires_at", made->expire_time().seconds()}})
                               .dump());
}

HttpAnswer RelyingPartyRequests::Collect(
    const std::string& id, const openid::Provider::Bearer& bearer) {
  v1::CollectConsentRequest request;
  request.set_subject(bearer.grant.subject);
  request.set_request_id(id);
  const absl::StatusOr<v1::CollectConsentResponse> found =
      requests_->Collect(CallOf(bearer), request, bearer.client->id);
  if (!found.ok()) return Error(found.status());
  json answer = {{"state", NameOf(found->state())}};
  if (found->state() == v1::CollectConsentResponse::GRANTED) {
    answer["attributes"] = json::array();
    for (const std::string& attribute : found->attributes())
      answer["attributes"].push_back(attribute);
    answer["consent"] = found->token();
  }
  return openid::Json(200, answer.dump());
}

}  // namespace psm::identity
