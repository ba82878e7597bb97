#include "services/gbizid/delegation_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"

namespace psm::gbizid {
namespace {

using google::protobuf::util::TimeUtil;

std::vector<std::string> IdsOf(soci::session& sql, const std::string& prime_id,
                               long long most) {
  std::vector<std::string> ids;
  std::string id;
  soci::statement rows =
      (sql.prepare << "SELECT delegation_id FROM delegations WHERE "
                      "principal_id = :principal OR delegate_id = :delegate "
                      "ORDER BY number DESC LIMIT :most",
       soci::into(id), soci::use(prime_id), soci::use(prime_id),
       soci::use(most));
  rows.execute();
  while (rows.fetch()) ids.push_back(id);
  return ids;
}

}  // namespace

std::optional<v1::Delegation> DelegationStore::Find(
    soci::session& sql, const std::string& delegation_id) {
  v1::Delegation found;
  long long start = 0, end = 0, state = 0, revision = 0;
  sql << "SELECT d.delegation_id, d.principal_id, p.name, p.corporate_number, "
         "d.delegate_id, q.name, q.corporate_number, d.relying_service, "
         "d.start_time, d.end_time, d.state, d.revision FROM delegations d "
         "JOIN accounts p ON p.account_id = d.principal_id "
         "JOIN accounts q ON q.account_id = d.delegate_id "
         "WHERE d.delegation_id = :id",
      soci::into(*found.mutable_delegation_id()),
      soci::into(*found.mutable_principal_id()),
      soci::into(*found.mutable_principal_name()),
      soci::into(*found.mutable_principal_corporate_number()),
      soci::into(*found.mutable_delegate_id()),
      soci::into(*found.mutable_delegate_name()),
      soci::into(*found.mutable_delegate_corporate_number()),
      soci::into(*found.mutable_relying_service()), soci::into(start),
      soci::into(end), soci::into(state), soci::into(revision),
      soci::use(delegation_id);
  if (!sql.got_data()) return std::nullopt;
  *found.mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(start);
  *found.mutable_end_time() = TimeUtil::MicrosecondsToTimestamp(end);
  found.set_state(static_cast<v1::Delegation::State>(state));
  found.set_etag(absl::StrCat(revision));
  return found;
}

std::vector<v1::Delegation> DelegationStore::Of(soci::session& sql,
                                                const std::string& prime_id,
                                                int limit) {
  std::vector<v1::Delegation> delegations;
  for (const std::string& id : IdsOf(sql, prime_id, limit))
    if (std::optional<v1::Delegation> found = Find(sql, id))
      delegations.push_back(*std::move(found));
  return delegations;
}

std::optional<v1::Delegation> DelegationStore::Open(
    soci::session& sql, const std::string& principal_id,
    const std::string& delegate_id, const std::string& relying_service,
    absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  const long long offered = v1::Delegation::OFFERED;
  const long long accepted = v1::Delegation::ACCEPTED;
  std::string id;
  sql << "SELECT delegation_id FROM delegations WHERE "
         "principal_id = :principal AND delegate_id = :delegate AND "
         "relying_service = :service AND end_time > :now AND "
         "state IN (:offered, :accepted) ORDER BY number DESC LIMIT 1",
      soci::into(id), soci::use(principal_id), soci::use(delegate_id),
      soci::use(relying_service), soci::use(time), soci::use(offered),
      soci::use(accepted);
  if (!sql.got_data()) return std::nullopt;
  return Find(sql, id);
}

void DelegationStore::Insert(soci::session& sql,
                             const v1::Delegation& delegation, absl::Time now) {
  const long long start =
      TimeUtil::TimestampToMicroseconds(delegation.start_time());
  const long long end =
      TimeUtil::TimestampToMicroseconds(delegation.end_time());
  const long long state = delegation.state(), time = absl::ToUnixMicros(now);
  sql << "INSERT INTO delegations (delegation_id, principal_id, delegate_id, "
         "relying_service, start_time, end_time, state, offer_time) VALUES "
         "(:id, :principal, :delegate, :service, :start, :end, :state, :time)",
      soci::use(delegation.delegation_id()),
      soci::use(delegation.principal_id()), soci::use(delegation.delegate_id()),
      soci::use(delegation.relying_service()), soci::use(start), soci::use(end),
      soci::use(state), soci::use(time);
}

v1::Delegation DelegationStore::SetState(soci::session& sql,
                                         const std::string& delegation_id,
                                         v1::Delegation::State state,
                                         absl::Time now) {
  const long long number = state, time = absl::ToUnixMicros(now);
  if (state == v1::Delegation::ENDED) {
    sql << "UPDATE delegations SET state = :state, ended_time = :time, "
           "revision = revision + 1 WHERE delegation_id = :id",
        soci::use(number), soci::use(time), soci::use(delegation_id);
  } else {
    sql << "UPDATE delegations SET state = :state, answer_time = :time, "
           "revision = revision + 1 WHERE delegation_id = :id",
        soci::use(number), soci::use(time), soci::use(delegation_id);
  }
  return Find(sql, delegation_id).value_or(v1::Delegation());
}

}  // namespace psm::gbizid
