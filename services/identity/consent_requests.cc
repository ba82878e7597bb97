#include "services/identity/consent_requests.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm::identity {
namespace {

constexpr char kColumns[] =
    "SELECT request_id, subject, consumer, affair, method, attributes, "
    "duration, purpose, request_time, expire_time, state, granted, token, "
    "client_id, reference FROM consent_requests ";

// A row as it lies in the table, and the statement that fills it.
struct Row {
  std::string id, subject, consumer, affair, method, attributes, purpose,
      granted, token, client_id, reference;
  long long duration = 0, request = 0, expire = 0, state = 0;

  StoredRequest Value() const {
    StoredRequest request_row;
    request_row.id = id;
    request_row.client = {client_id, reference};
    request_row.terms = {subject,
                         consumer,
                         affair,
                         method,
                         absl::StrSplit(attributes, ',', absl::SkipEmpty()),
                         absl::Seconds(duration)};
    request_row.purpose = purpose;
    request_row.request_time = absl::FromUnixMicros(request);
    request_row.expire_time = absl::FromUnixMicros(expire);
    request_row.state = static_cast<RequestState>(state);
    request_row.granted = absl::StrSplit(granted, ',', absl::SkipEmpty());
    request_row.token = token;
    return request_row;
  }
};

// Runs a select of kColumns with values to bind.
template <typename... Use>
std::vector<StoredRequest> Select(soci::session& sql, const std::string& where,
                                  const Use&... use) {
  Row row;
  std::vector<StoredRequest> requests;
  soci::statement select(sql);
  (select.exchange(soci::use(use)), ...);
  select.exchange(soci::into(row.id));
  select.exchange(soci::into(row.subject));
  select.exchange(soci::into(row.consumer));
  select.exchange(soci::into(row.affair));
  select.exchange(soci::into(row.method));
  select.exchange(soci::into(row.attributes));
  select.exchange(soci::into(row.duration));
  select.exchange(soci::into(row.purpose));
  select.exchange(soci::into(row.request));
  select.exchange(soci::into(row.expire));
  select.exchange(soci::into(row.state));
  select.exchange(soci::into(row.granted));
  select.exchange(soci::into(row.token));
  select.exchange(soci::into(row.client_id));
  select.exchange(soci::into(row.reference));
  select.alloc();
  select.prepare(kColumns + where);
  select.define_and_bind();
  select.execute();
  while (select.fetch()) requests.push_back(row.Value());
  return requests;
}

// Whether both ask for the same in the same words.
bool SameWords(const StoredRequest& one, const StoredRequest& other) {
  const ConsentTerms& a = one.terms;
  const ConsentTerms& b = other.terms;
  return a.consumer == b.consumer && a.affair == b.affair &&
         a.method == b.method && a.attributes == b.attributes &&
         a.duration == b.duration && one.purpose == other.purpose;
}

}  // namespace

absl::StatusOr<StoredRequest> ConsentRequests::Insert(
    soci::session& sql, const StoredRequest& request, absl::Time now) {
  if (!request.client.id.empty()) {
    const std::vector<StoredRequest> before = Select(
        sql,
        "WHERE client_id = :client AND subject = :subject AND reference = "
        ":reference",
        request.client.id, request.terms.subject, request.client.reference);
    if (!before.empty()) {
      if (SameWords(before.front(), request)) return before.front();
      return absl::AlreadyExistsError(
          "the id stands for another request; choose a new one");
    }
  }
  const long long at = absl::ToUnixMicros(now);
  long long pending = 0;
  sql << "SELECT COUNT(*) FROM consent_requests WHERE subject = :subject AND "
         "consumer = :consumer AND state = 1 AND expire_time > :now",
      soci::into(pending), soci::use(request.terms.subject),
      soci::use(request.terms.consumer), soci::use(at);
  if (pending >= kMostPending) {
    return agency::Refusal(absl::StatusCode::kResourceExhausted,
                           "TOO_MANY_REQUESTS",
                           "earlier requests still wait for an answer");
  }
  const std::string attributes = absl::StrJoin(request.terms.attributes, ",");
  const long long duration = absl::ToInt64Seconds(request.terms.duration);
  const long long made = absl::ToUnixMicros(request.request_time);
  const long long expire = absl::ToUnixMicros(request.expire_time);
  sql << "INSERT INTO consent_requests (request_id, subject, consumer, affair, "
         "method, attributes, duration, purpose, request_time, expire_time, "
         "state, granted, token, client_id, reference) VALUES (:id, :subject, "
         ":consumer, :affair, :method, :attributes, :duration, :purpose, "
         ":made, :expire, 1, '', '', :client, :reference)",
      soci::use(request.id), soci::use(request.terms.subject),
      soci::use(request.terms.consumer), soci::use(request.terms.affair),
      soci::use(request.terms.method), soci::use(attributes),
      soci::use(duration), soci::use(request.purpose), soci::use(made),
      soci::use(expire), soci::use(request.client.id),
      soci::use(request.client.reference);
  return request;
}

absl::StatusOr<std::optional<StoredRequest>> ConsentRequests::Find(
    absl::string_view id, absl::string_view subject) {
  const std::string wanted(id), person(subject);
  std::vector<StoredRequest> found;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    found = Select(sql, "WHERE request_id = :id AND subject = :subject", wanted,
                   person);
    return absl::OkStatus();
  }));
  if (found.empty()) return std::nullopt;
  return found.front();
}

absl::StatusOr<std::vector<StoredRequest>> ConsentRequests::Pending(
    absl::string_view subject, absl::Time now) {
  const std::string person(subject);
  const long long at = absl::ToUnixMicros(now);
  std::vector<StoredRequest> found;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    found = Select(sql,
                   "WHERE subject = :subject AND expire_time > :now AND state "
                   "= 1 ORDER BY request_time, request_id",
                   person, at);
    return absl::OkStatus();
  }));
  return found;
}

absl::Status ConsentRequests::Answer(soci::session& sql, absl::string_view id,
                                     const std::vector<std::string>& granted,
                                     absl::string_view token, absl::Time now) {
  const std::string wanted(id), text(token);
  const std::string attributes = absl::StrJoin(granted, ",");
  const long long state = static_cast<long long>(
      granted.empty() ? RequestState::kDeclined : RequestState::kGranted);
  const long long at = absl::ToUnixMicros(now);
  soci::statement update =
      (sql.prepare << "UPDATE consent_requests SET state = :state, granted = "
                      ":granted, token = :token WHERE request_id = :id AND "
                      "state = 1 AND expire_time > :now",
       soci::use(state), soci::use(attributes), soci::use(text),
       soci::use(wanted), soci::use(at));
  update.execute(true);
  if (update.get_affected_rows() == 1) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "REQUEST_ANSWERED",
                         "the request waits for no answer any more");
}

}  // namespace psm::identity
