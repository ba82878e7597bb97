#include "services/identity/relying_party_requests.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_split.h"
#include "mesh/base/log.h"
#include "nlohmann/json.hpp"
#include "services/identity/relying_party_form.h"

namespace psm::identity {
namespace {

using nlohmann::json;
using openid::HttpAnswer;

constexpr char kItemsMethod[] =
    "psm.identity.v1.BasicItemsService/GetBasicItems";

HttpAnswer Error(const absl::Status& status) {
  if (absl::IsNotFound(status))
    return FormError(404, "not_found", "there is no such request");
  if (absl::IsAlreadyExists(status))
    return FormError(409, "invalid_request", status.message());
  if (absl::IsResourceExhausted(status))
    return FormError(429, "too_many_requests",
                     "wait until the person has answered the others");
  if (absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status))
    return FormError(400, "invalid_request", status.message());
  LogError("consent_request_failed",
           {{"code", absl::StatusCodeToString(status.code())}});
  return FormError(503, "temporarily_unavailable", "try again later");
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
  return IsAt(request, kConsentRequestsPath);
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
  std::variant<RelyingPartyForm, HttpAnswer> read =
      ReadRelyingPartyForm(request, absl::Seconds(1), kLongestConsent);
  if (auto* refusal = std::get_if<HttpAnswer>(&read))
    return std::move(*refusal);
  const RelyingPartyForm& form = std::get<RelyingPartyForm>(read);
  const AskingClient client = {bearer.client->id, form.id};
  v1::RequestConsentRequest asked;
  asked.set_subject(bearer.grant.subject);
  asked.set_affair(bearer.client->affair);
  asked.set_method(kItemsMethod);
  asked.set_purpose(form.fields.Get("purpose"));
  for (absl::string_view attribute :
       absl::StrSplit(form.fields.Get("attributes"), ' ', absl::SkipEmpty()))
    asked.add_attributes(std::string(attribute));
  if (form.duration.has_value()) {
    asked.mutable_duration()->set_seconds(absl::ToInt64Seconds(*form.duration));
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
