#include "services/identity/provider_subjects.h"

#include <map>
#include <optional>
#include <utility>

#include "mesh/base/status_macros.h"

namespace psm::identity {
namespace {

constexpr char kItemsMethod[] =
    "psm.identity.v1.BasicItemsService/GetBasicItems";
constexpr char kSignInAffair[] = "sign-in";

// ISO/IEC 5218 as OpenID Connect Core, 5.1 says it; "" where it is neither.
std::string GenderOf(int sex) {
  return sex == 1 ? "male" : sex == 2 ? "female" : "";
}

}  // namespace

absl::StatusOr<std::string> CardHolderSubjects::Disclose(
    const Disclosure& disclosure, const std::string& exchange_id) {
  // Serves no call of the mesh: an exchange of its own.
  agency::CallContext call;
  call.exchange_id = exchange_id.empty() ? NewUuid(*random_) : exchange_id;
  return disclosures_->Disclose(call, disclosure);
}

absl::StatusOr<std::string> CardHolderSubjects::SubFor(
    const openid::Client& client, const std::string& subject) {
  return Disclose({.audience = client.audience,
                   .affair = kSignInAffair,
                   .subject = subject,
                   .method = kItemsMethod,
                   .attributes = {}});
}

absl::StatusOr<nlohmann::json> CardHolderSubjects::Claims(
    const openid::Client& client, const std::string& subject,
    const std::vector<std::string>& scopes) {
  PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> holder,
                       holders_->Find(subject));
  if (!holder.has_value() || holder->died)
    return absl::PermissionDeniedError("nobody holds the card any more");
  nlohmann::json claims = nlohmann::json::object();
  Disclosure disclosure = {.audience = client.audience,
                           .affair = client.affair,
                           .subject = subject,
                           .method = kItemsMethod,
                           .attributes = {}};
  const auto tell = [&](const char* claim, const char* attribute,
                        nlohmann::json value) {
    disclosure.attributes.push_back(attribute);
    claims[claim] = std::move(value);
  };
  for (const std::string& scope : scopes) {
    // What is known to be another by now is not told.
    if ((scope == "name" && holder->name_outdated) ||
        (scope == "address" && holder->address_outdated))
      continue;
    if (scope == "name") {
      tell("name", "name", holder->name);
    } else if (scope == "address") {
      tell("address", "address", {{"formatted", holder->address}});
    } else if (scope == "birthdate") {
      tell("birthdate", "birth_date", holder->birth_date);
    } else if (scope == "gender") {
      const std::string gender = GenderOf(holder->sex);
      if (!gender.empty()) tell("gender", "sex", gender);
    }
  }
  if (!disclosure.attributes.empty())
    PSM_RETURN_IF_ERROR(Disclose(disclosure).status());
  return claims;
}

absl::Status CardHolderSubjects::DiscloseCertificate(
    const openid::Client& client, const std::string& subject,
    const std::string& exchange_id) {
  PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> holder,
                       holders_->Find(subject));
  // Who has died, or is called otherwise by now, has no certificate in force.
  if (!holder.has_value() || holder->died || holder->name_outdated ||
      holder->address_outdated)
    return absl::PermissionDeniedError("the certificate is not in force");
  return Disclose({.audience = client.audience,
                   .affair = client.affair,
                   .subject = subject,
                   .method = kItemsMethod,
                   .attributes = {"name", "address", "birth_date", "sex"}},
                  exchange_id)
      .status();
}

}  // namespace psm::identity
