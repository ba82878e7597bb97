#include "services/gbizid/provider_subjects.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/crypto/base32.h"
#include "services/gbizid/account_rules.h"
#include "services/gbizid/acting_rules.h"
#include "services/gbizid/delegation_store.h"
#include "services/gbizid/provider_profile.h"
#include "services/gbizid/provider_sign_in.h"

namespace psm::gbizid {
namespace {

using google::protobuf::util::TimeUtil;
using nlohmann::json;

// An account and what it acts under.
struct Actor {
  v1::Account account;
  std::optional<v1::Delegation> delegation;
};

absl::Status Denied(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kPermissionDenied, reason, message);
}

absl::StatusOr<Actor> FindActor(soci::session& sql,
                                const openid::Client& client,
                                const std::string& subject, absl::Time now) {
  const ActingAccount acting = DecodeActing(subject);
  std::optional<KeptAccount> kept = AccountStore::Find(sql, acting.account_id);
  if (!kept || !AccountStore::IsUsable(sql, kept->account))
    return Denied("ACCOUNT_NOT_USABLE", "the account may not be used");
  if (kept->account.corp_type() != v1::Account::CORPORATION)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "SOLE_PROPRIETOR_NOT_DISCLOSED",
                           "gbizid may not tell of persons here");
  Actor actor{std::move(kept->account), std::nullopt};
  if (acting.delegation_id.empty()) return actor;

  actor.delegation = DelegationStore::Find(sql, acting.delegation_id);
  const std::optional<KeptAccount> principal =
      actor.delegation
          ? AccountStore::Find(sql, actor.delegation->principal_id())
          : std::nullopt;
  if (!principal || principal->account.state() != v1::Account::ACTIVE ||
      actor.delegation->relying_service() != client.audience ||
      !MayActUnder(actor.account, *actor.delegation, now))
    return Denied("DELEGATION_NOT_IN_FORCE",
                  "the business has not delegated this");
  // Its principal may be a person.
  if (principal->account.corp_type() != v1::Account::CORPORATION)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "SOLE_PROPRIETOR_NOT_DISCLOSED",
                           "gbizid may not tell of persons here");
  return actor;
}

absl::StatusOr<Actor> ActorOf(const DeskParts& parts,
                              const openid::Client& client,
                              const std::string& subject) {
  Actor actor;
  PSM_RETURN_IF_ERROR(
      parts.database->Read([&](soci::session& sql) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(
            actor, FindActor(sql, client, subject, parts.clock->Now()));
        return absl::OkStatus();
      }));
  return actor;
}

// Of an Entry and of a Member nobody was identified.
const char* AssuranceOf(const v1::Account& account) {
  return account.type() == v1::Account::PRIME ? "ial2" : "ial1";
}

const char* RoleName(v1::RoleGrant::Role role) {
  return role == v1::RoleGrant::APPLICANT ? "applicant"
         : role == v1::RoleGrant::VIEWER  ? "viewer"
                                          : "";
}

}  // namespace

absl::StatusOr<std::string> BusinessSubjects::SubFor(
    const openid::Client& client, const std::string& subject) {
  PSM_ASSIGN_OR_RETURN(const Actor actor, ActorOf(parts_, client, subject));
  return Base32Encode(
      parts_.tokens
          ->Derive(absl::StrCat("sub ", client.id.size(), " ", client.id, " ",
                                actor.account.account_id()),
                   20)
          .Reveal());
}

absl::StatusOr<json> BusinessSubjects::Claims(
    const openid::Client& client, const std::string& subject,
    const std::vector<std::string>& scopes) {
  PSM_ASSIGN_OR_RETURN(const Actor actor, ActorOf(parts_, client, subject));
  json claims = json::object();
  for (const std::string& scope : scopes) {
    if (scope != kIdaScope) continue;
    const v1::Account& account = actor.account;
    json verified = {{"account_type", absl::StrCat(account.type())},
                     {"corp_type", absl::StrCat(account.corp_type())},
                     {"corporate_number", account.corporate_number()}};
    if (!account.parent_id().empty())
      verified["parent_id"] = account.parent_id();
    claims["verified_claims"] = {{"verification",
                                  {{"trust_framework", "jp_gbizid"},
                                   {"assurance_level", AssuranceOf(account)}}},
                                 {"claims", std::move(verified)}};
    claims["role"] = RoleName(RoleAt(account, client.audience));
    claims["delegation_info"] = json::object();
    if (actor.delegation) {
      claims["delegation_info"] = {
          {"delegation_id", actor.delegation->delegation_id()},
          {"corporate_number", actor.delegation->principal_corporate_number()},
          {"name", actor.delegation->principal_name()},
          {"end_time", TimeUtil::ToString(actor.delegation->end_time())}};
    }
  }
  return claims;
}

}  // namespace psm::gbizid
