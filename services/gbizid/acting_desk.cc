// Every question is answered from the accounts and delegations as they are at
// that moment: nothing that was true when a ticket was issued is believed
// later.
#include "services/gbizid/acting_desk.h"

#include <optional>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "services/gbizid/account_rules.h"
#include "services/gbizid/acting_rules.h"
#include "services/gbizid/delegation_store.h"

namespace psm::gbizid {
namespace {

using google::protobuf::util::TimeUtil;

constexpr char kTicket[] = "ticket";

absl::Status Denied(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kPermissionDenied, reason, message);
}

// The account where it may do so much at the service at all.
absl::StatusOr<v1::Account> ActorOf(soci::session& sql,
                                    const v1::CheckActingRequest& request,
                                    const std::string& service) {
  std::optional<KeptAccount> kept =
      AccountStore::Find(sql, request.account_id());
  if (!kept || !AccountStore::IsUsable(sql, kept->account))
    return Denied("ACCOUNT_NOT_USABLE", "the account may not be used");
  if (kept->account.type() == v1::Account::ENTRY)
    return Denied("ACCOUNT_TYPE_INSUFFICIENT", "an Entry account acts nowhere");
  const v1::RoleGrant::Role has = RoleAt(kept->account, service);
  // Each role includes those before it; one that is not said is none.
  if (request.role() == v1::RoleGrant::ROLE_UNSPECIFIED || has < request.role())
    return Denied("ROLE_INSUFFICIENT", "the account lacks the role there");
  return std::move(kept->account);
}

// The Prime of the business that is named; nullopt where there is none.
std::optional<v1::Account> PrincipalOf(soci::session& sql,
                                       const v1::CheckActingRequest& request,
                                       const std::string& own_prime) {
  std::optional<KeptAccount> kept;
  if (!request.corporate_number().empty()) {
    kept = AccountStore::FindPrime(sql, request.corporate_number());
    if (kept && !request.principal_id().empty() &&
        kept->account.account_id() != request.principal_id())
      return std::nullopt;
  } else {
    kept = AccountStore::Find(sql, request.principal_id().empty()
                                       ? own_prime
                                       : request.principal_id());
  }
  if (!kept || kept->account.type() != v1::Account::PRIME ||
      kept->account.state() != v1::Account::ACTIVE)
    return std::nullopt;
  return std::move(kept->account);
}

}  // namespace

absl::StatusOr<v1::IssueTicketResponse> ActingDesk::Issue(
    const agency::CallContext& call, const v1::IssueTicketRequest& request) {
  if (!IsSystemId(request.relying_service()))
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "RELYING_SERVICE_MALFORMED",
                           "name a system: agency/system");
  const std::string id = NewUuid(*parts_.random);
  PSM_ASSIGN_OR_RETURN(
      v1::IssueTicketResponse response,
      AnswerOnce<v1::IssueTicketResponse>(
          parts_, "IssueTicket", call,
          [&](soci::session& sql,
              absl::Time now) -> absl::StatusOr<v1::IssueTicketResponse> {
            PSM_ASSIGN_OR_RETURN(
                const v1::Account account,
                parts_.sessions().AccountOf(sql, request.session(), now));
            const long long time = absl::ToUnixMicros(now);
            const long long expire = absl::ToUnixMicros(now + kTicketLifetime);
            sql << "DELETE FROM tickets WHERE expire_time <= :now",
                soci::use(time);
            sql << "INSERT INTO tickets (ticket_id, account_id, "
                   "relying_service, expire_time) VALUES (:id, :account, "
                   ":service, :expire)",
                soci::use(id), soci::use(account.account_id()),
                soci::use(request.relying_service()), soci::use(expire);
            v1::IssueTicketResponse answer;
            answer.set_ticket(id);
            return answer;
          }));
  response.set_ticket(parts_.tokens->Token(kTicket, response.ticket()));
  return response;
}

absl::StatusOr<v1::RedeemTicketResponse> ActingDesk::Redeem(
    const agency::CallContext& call, const v1::RedeemTicketRequest& request) {
  return AnswerOnce<v1::RedeemTicketResponse>(
      parts_, "RedeemTicket", call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::RedeemTicketResponse> {
        const absl::Status invalid =
            Denied("TICKET_INVALID", "there is no such ticket any more");
        const std::optional<std::string> id =
            parts_.tokens->IdIn(kTicket, request.ticket());
        if (!id) return invalid;
        const long long time = absl::ToUnixMicros(now);
        std::string account_id;
        sql << "SELECT account_id FROM tickets WHERE ticket_id = :id AND "
               "relying_service = :service AND expire_time > :now",
            soci::into(account_id), soci::use(*id), soci::use(call.consumer),
            soci::use(time);
        if (!sql.got_data()) return invalid;
        sql << "DELETE FROM tickets WHERE ticket_id = :id", soci::use(*id);
        const std::optional<KeptAccount> kept =
            AccountStore::Find(sql, account_id);
        if (!kept || !AccountStore::IsUsable(sql, kept->account))
          return invalid;
        v1::RedeemTicketResponse answer;
        answer.set_account_id(account_id);
        answer.set_type(kept->account.type());
        answer.set_corporate_number(kept->account.corporate_number());
        answer.set_subject(kept->account.subject());
        return answer;
      });
}

absl::StatusOr<v1::CheckActingResponse> ActingDesk::Check(
    const agency::CallContext& call, const v1::CheckActingRequest& request) {
  return AnswerFrom<v1::CheckActingResponse>(
      parts_,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::CheckActingResponse> {
        PSM_ASSIGN_OR_RETURN(const v1::Account actor,
                             ActorOf(sql, request, call.consumer));
        const std::string& own_prime = PrimeIdOf(actor);
        // One answer for a business without a Prime and one without a
        // delegation: nobody learns here who has an account.
        const absl::Status none = Denied("DELEGATION_NOT_IN_FORCE",
                                         "the business has not delegated this");
        const std::optional<v1::Account> principal =
            PrincipalOf(sql, request, own_prime);
        if (!principal) return none;
        v1::CheckActingResponse answer;
        answer.set_principal_id(principal->account_id());
        answer.set_corporate_number(principal->corporate_number());
        answer.set_subject(principal->subject());
        if (principal->corp_type() == v1::Account::SOLE_PROPRIETOR)
          answer.set_trade_name(principal->name());
        *answer.mutable_as_of_time() =
            TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(now));
        if (principal->account_id() == own_prime) return answer;

        const std::optional<v1::Delegation> delegation = DelegationStore::Open(
            sql, principal->account_id(), own_prime, call.consumer, now);
        if (!delegation || !IsInForce(*delegation, now)) return none;
        answer.set_delegation_id(delegation->delegation_id());
        answer.set_delegate_corporate_number(
            delegation->delegate_corporate_number());
        *answer.mutable_delegation_end_time() = delegation->end_time();
        return answer;
      });
}

}  // namespace psm::gbizid
