#include "services/gbizid/delegation_desk.h"

#include <optional>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "services/gbizid/account_rules.h"
#include "services/gbizid/delegation_store.h"

namespace psm::gbizid {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr int kMaxListed = 100;

absl::Status Malformed() {
  return agency::Refusal(
      absl::StatusCode::kInvalidArgument, "DELEGATION_MALFORMED",
      "name a relying service, another business and a period");
}

absl::Status DelegationUnknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "DELEGATION_UNKNOWN",
                         "there is no such delegation");
}

// A Prime by its corporate number, or a sole proprietor's by its id.
std::optional<v1::Account> FindDelegate(soci::session& sql,
                                        const std::string& named) {
  std::optional<KeptAccount> found = AccountStore::FindPrime(sql, named);
  if (!found) {
    found = AccountStore::Find(sql, named);
    if (found && found->account.corp_type() != v1::Account::SOLE_PROPRIETOR)
      return std::nullopt;
  }
  if (!found || found->account.type() != v1::Account::PRIME ||
      found->account.state() != v1::Account::ACTIVE)
    return std::nullopt;
  return std::move(found->account);
}

// One between this Prime and another, whose principal the request names.
std::optional<v1::Delegation> FindOwn(soci::session& sql, const std::string& id,
                                      const v1::Account& prime,
                                      const std::string& corporate_number) {
  std::optional<v1::Delegation> found = DelegationStore::Find(sql, id);
  if (!found || found->principal_corporate_number() != corporate_number)
    return std::nullopt;
  if (found->principal_id() != prime.account_id() &&
      found->delegate_id() != prime.account_id())
    return std::nullopt;
  return found;
}

// The two businesses of a delegation.
struct Parties {
  v1::Account principal;
  v1::Account delegate;
};

// Whether both still are; a sole proprietor has no number. Not inside a
// transaction.
absl::Status CheckBoth(const DeskParts& parts, const agency::CallContext& call,
                       const std::string& principal,
                       const std::string& delegate) {
  PSM_RETURN_IF_ERROR(CheckInBeing(*parts.corporations, &call, principal));
  return CheckInBeing(*parts.corporations, &call, delegate);
}

// In microseconds; nullopt for what is no time: timestamp.proto allows the
// years 1 to 9999.
std::optional<absl::Time> TimeOf(const Timestamp& time) {
  if (time.seconds() < TimeUtil::kTimestampMinSeconds ||
      time.seconds() > TimeUtil::kTimestampMaxSeconds || time.nanos() < 0 ||
      time.nanos() > 999'999'999)
    return std::nullopt;
  return absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(time));
}

Timestamp TimestampOf(absl::Time time) {
  return TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

// From when until when it would hold; nullopt for what is no period.
std::optional<std::pair<absl::Time, absl::Time>> PeriodOf(
    const v1::OfferDelegationRequest& request, absl::Time now) {
  const std::optional<absl::Time> start =
      request.has_start_time() ? TimeOf(request.start_time()) : now;
  const std::optional<absl::Time> end =
      request.has_end_time() ? TimeOf(request.end_time()) : std::nullopt;
  if (!start || !end || *end <= *start || *end <= now ||
      *end - *start > kMaxDelegation)
    return std::nullopt;
  return std::pair(*start, *end);
}

// Who would delegate to whom.
absl::StatusOr<Parties> PartiesOf(const DeskParts& parts, soci::session& sql,
                                  const v1::OfferDelegationRequest& request,
                                  absl::Time now) {
  Parties both;
  PSM_ASSIGN_OR_RETURN(both.principal,
                       parts.sessions().PrimeOf(sql, request.session(), now));
  if (!PeriodOf(request, now) || !IsSystemId(request.relying_service()) ||
      request.corporate_number() != both.principal.corporate_number())
    return Malformed();
  std::optional<v1::Account> delegate = FindDelegate(sql, request.delegate());
  if (!delegate)
    return agency::Refusal(absl::StatusCode::kNotFound, "DELEGATE_UNKNOWN",
                           "no Prime has this number or id");
  both.delegate = *std::move(delegate);
  const std::string& id = both.delegate.account_id();
  if (id == both.principal.account_id()) return Malformed();
  if (DelegationStore::Open(sql, both.principal.account_id(), id,
                            request.relying_service(), now))
    return agency::Refusal(absl::StatusCode::kAlreadyExists,
                           "DELEGATION_EXISTS",
                           "there is such a delegation already");
  return both;
}

// One that is offered to who is signed in, as it was read.
absl::StatusOr<v1::Delegation> OfferedTo(
    const DeskParts& parts, soci::session& sql,
    const v1::AnswerDelegationRequest& request, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(const v1::Account prime,
                       parts.sessions().PrimeOf(sql, request.session(), now));
  std::optional<v1::Delegation> found =
      FindOwn(sql, request.delegation_id(), prime, request.corporate_number());
  if (!found || found->delegate_id() != prime.account_id())
    return DelegationUnknown();
  PSM_RETURN_IF_ERROR(CheckEtag(request.etag(), found->etag()));
  if (found->state() != v1::Delegation::OFFERED)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "DELEGATION_ANSWERED",
                           "it is answered, or was ended");
  return *std::move(found);
}

}  // namespace

absl::StatusOr<v1::OfferDelegationResponse> DelegationDesk::Offer(
    const agency::CallContext& call,
    const v1::OfferDelegationRequest& request) {
  constexpr char kMethod[] = "OfferDelegation";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<v1::OfferDelegationResponse>(*kept);
  PSM_ASSIGN_OR_RETURN(
      const Parties named,
      AnswerFrom<Parties>(parts_, [&](soci::session& sql, absl::Time now) {
        return PartiesOf(parts_, sql, request, now);
      }));
  PSM_RETURN_IF_ERROR(CheckBoth(parts_, call,
                                named.principal.corporate_number(),
                                named.delegate.corporate_number()));
  const std::string id = NewUuid(*parts_.random);
  return AnswerOnce<v1::OfferDelegationResponse>(
      parts_, kMethod, call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::OfferDelegationResponse> {
        PSM_ASSIGN_OR_RETURN(const Parties both,
                             PartiesOf(parts_, sql, request, now));
        const auto period = PeriodOf(request, now);
        if (!period) return Malformed();
        v1::Delegation offered;
        offered.set_delegation_id(id);
        offered.set_principal_id(both.principal.account_id());
        offered.set_delegate_id(both.delegate.account_id());
        offered.set_relying_service(request.relying_service());
        *offered.mutable_start_time() = TimestampOf(period->first);
        *offered.mutable_end_time() = TimestampOf(period->second);
        offered.set_state(v1::Delegation::OFFERED);
        DelegationStore::Insert(sql, offered, now);
        v1::OfferDelegationResponse answer;
        *answer.mutable_delegation() =
            DelegationStore::Find(sql, id).value_or(offered);
        return answer;
      });
}

absl::StatusOr<v1::AnswerDelegationResponse> DelegationDesk::Answer(
    const agency::CallContext& call,
    const v1::AnswerDelegationRequest& request) {
  constexpr char kMethod[] = "AnswerDelegation";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<v1::AnswerDelegationResponse>(*kept);
  if (request.accept()) {
    PSM_ASSIGN_OR_RETURN(const v1::Delegation open,
                         AnswerFrom<v1::Delegation>(
                             parts_, [&](soci::session& sql, absl::Time now) {
                               return OfferedTo(parts_, sql, request, now);
                             }));
    PSM_RETURN_IF_ERROR(CheckBoth(parts_, call,
                                  open.principal_corporate_number(),
                                  open.delegate_corporate_number()));
  }
  return AnswerOnce<v1::AnswerDelegationResponse>(
      parts_, kMethod, call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::AnswerDelegationResponse> {
        PSM_ASSIGN_OR_RETURN(const v1::Delegation found,
                             OfferedTo(parts_, sql, request, now));
        v1::AnswerDelegationResponse answer;
        *answer.mutable_delegation() = DelegationStore::SetState(
            sql, found.delegation_id(),
            request.accept() ? v1::Delegation::ACCEPTED
                             : v1::Delegation::DECLINED,
            now);
        return answer;
      });
}

absl::StatusOr<v1::EndDelegationResponse> DelegationDesk::End(
    const agency::CallContext& call, const v1::EndDelegationRequest& request) {
  return AnswerOnce<v1::EndDelegationResponse>(
      parts_, "EndDelegation", call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::EndDelegationResponse> {
        PSM_ASSIGN_OR_RETURN(
            const v1::Account prime,
            parts_.sessions().PrimeOf(sql, request.session(), now));
        const std::optional<v1::Delegation> found = FindOwn(
            sql, request.delegation_id(), prime, request.corporate_number());
        if (!found) return DelegationUnknown();
        v1::EndDelegationResponse answer;
        *answer.mutable_delegation() = *found;
        // Ended or declined already: as it was asked for.
        if (found->state() == v1::Delegation::ENDED ||
            found->state() == v1::Delegation::DECLINED)
          return answer;
        PSM_RETURN_IF_ERROR(CheckEtag(request.etag(), found->etag()));
        *answer.mutable_delegation() = DelegationStore::SetState(
            sql, found->delegation_id(), v1::Delegation::ENDED, now);
        return answer;
      });
}

absl::StatusOr<v1::ListDelegationsResponse> DelegationDesk::List(
    const agency::CallContext&, const v1::ListDelegationsRequest& request) {
  return AnswerFrom<v1::ListDelegationsResponse>(
      parts_,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::ListDelegationsResponse> {
        PSM_ASSIGN_OR_RETURN(
            const v1::Account account,
            parts_.sessions().AccountOf(sql, request.session(), now));
        const std::string& prime_id = account.parent_id().empty()
                                          ? account.account_id()
                                          : account.parent_id();
        v1::ListDelegationsResponse answer;
        for (v1::Delegation& delegation :
             DelegationStore::Of(sql, prime_id, kMaxListed))
          *answer.add_delegations() = std::move(delegation);
        return answer;
      });
}

}  // namespace psm::gbizid
