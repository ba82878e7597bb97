#include "mesh/policy/representation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

constexpr char kParent[] = "parent";
constexpr char kGuardian[] = "guardian";

Representative CapacityOf(absl::string_view text) {
  if (text == kParent) return Representative::kParent;
  if (text == kGuardian) return Representative::kGuardian;
  return Representative::kNone;
}

}  // namespace

absl::Status RepresentationInvalid(absl::string_view what) {
  return TokenInvalid(kRepresentationForm, what);
}

absl::Status CheckRepresentation(const Representation& representation) {
  PSM_RETURN_IF_ERROR(CheckCommonClaims(
      {representation.id, representation.subject, representation.consumer,
       representation.issue_time, representation.expire_time},
      kMaxRepresentationDuration, "15 minutes"));
  if (!IsTokenName(representation.representative))
    return absl::InvalidArgumentError("its representative is not a name");
  if (representation.representative == representation.subject)
    return absl::InvalidArgumentError("it lets somebody represent himself");
  if (representation.capacity == Representative::kNone)
    return absl::InvalidArgumentError("it does not say as what");
  return absl::OkStatus();
}

std::string EncodeRepresentationPayload(const Representation& representation) {
  const nlohmann::ordered_json claims = {
      {"iss", kTokenIssuer},
      {"aud", kTokenAudience},
      {"sub", representation.subject},
      {"jti", representation.id},
      {"iat", absl::ToUnixSeconds(representation.issue_time)},
      {"exp", absl::ToUnixSeconds(representation.expire_time)},
      {"psm_consumer", representation.consumer},
      {"psm_representative", representation.representative},
      {"psm_capacity", representation.capacity == Representative::kParent
                           ? kParent
                           : kGuardian}};
  return claims.dump();
}

absl::StatusOr<Representation> ReadRepresentationClaims(
    absl::string_view payload) {
  Members members{FlatObject()};
  PSM_ASSIGN_OR_RETURN(
      CommonClaims common,
      TakeCommonClaims(kRepresentationForm, payload, &members));
  Representation representation;
  representation.id = std::move(common.id);
  representation.subject = std::move(common.subject);
  representation.consumer = std::move(common.consumer);
  representation.issue_time = common.issue_time;
  representation.expire_time = common.expire_time;
  std::string capacity;
  if (!members.Take("psm_representative", &representation.representative) ||
      !members.Take("psm_capacity", &capacity))
    return RepresentationInvalid("lacks a claim, or has one of another type");
  if (!members.empty())
    return RepresentationInvalid("has a claim that this mesh does not know");
  representation.capacity = CapacityOf(capacity);
  if (absl::Status status = CheckRepresentation(representation); !status.ok())
    return RepresentationInvalid(
        absl::StrCat("is malformed: ", status.message()));
  return representation;
}

absl::StatusOr<std::string> SignRepresentation(
    const Representation& representation, const SigningKey& key,
    absl::string_view kid) {
  Representation whole = representation;
  whole.issue_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(representation.issue_time));
  whole.expire_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(representation.expire_time));
  PSM_RETURN_IF_ERROR(CheckRepresentation(whole));
  return SignToken(kRepresentationForm, EncodeRepresentationPayload(whole), key,
                   kid);
}

}  // namespace psm
