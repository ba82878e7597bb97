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

constexpr char kRedeemTicket[] = "psm.gbizid.v1.ActingService/RedeemTicket";
constexpr char kCheckActing[] = "psm.gbizid.v1.ActingService/CheckActing";

// An account and what it acts under, and the persons that both businesses are,
// as far as they are persons who were identified.
struct Actor {
  v1::Account account;
  std::optional<v1::Delegation> delegation;
  std::string person;     // "": a corporation, or an Entry
  std::string principal;  // likewise; "" also without a delegation
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
  Actor actor{std::move(kept->account), std::nullopt, "", ""};
  // A Member's business is its Prime's.
  if (const std::optional<KeptAccount> business =
          AccountStore::Find(sql, PrimeIdOf(actor.account)))
    actor.person = business->account.subject();
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
  actor.principal = principal->account.subject();
  return actor;
}

// Where the corporations that it is of and acts for still are.
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
  // Nobody serves a call of the mesh here.
  PSM_RETURN_IF_ERROR(CheckInBeing(*parts.corporations, nullptr,
                                   actor.account.corporate_number()));
  if (actor.delegation) {
    PSM_RETURN_IF_ERROR(
        CheckInBeing(*parts.corporations, nullptr,
                     actor.delegation->principal_corporate_number()));
  }
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
  if (!actor.person.empty()) {
    PSM_RETURN_IF_ERROR(disclosures_.Disclose(
        {client.audience, client.affair, actor.person, kRedeemTicket, ""}));
  }
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
    if (!actor.person.empty()) {
      PSM_RETURN_IF_ERROR(
          disclosures_.Disclose({client.audience, client.affair, actor.person,
                                 kRedeemTicket, "holder"}));
    }
    if (!actor.principal.empty()) {
      PSM_RETURN_IF_ERROR(
          disclosures_.Disclose({client.audience, client.affair,
                                 actor.principal, kCheckActing, "acting"}));
    }
    const v1::Account& account = actor.account;
    json verified = {{"account_type", absl::StrCat(account.type())},
                     {"corp_type", absl::StrCat(account.corp_type())}};
    if (!account.corporate_number().empty())
      verified["corporate_number"] = account.corporate_number();
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
          {"name", actor.delegation->principal_name()},
          {"end_time", TimeUtil::ToString(actor.delegation->end_time())}};
      const std::string& number =
          actor.delegation->principal_corporate_number();
      if (!number.empty())
        claims["delegation_info"]["corporate_number"] = number;
    }
  }
  return claims;
}

}  // namespace psm::gbizid
