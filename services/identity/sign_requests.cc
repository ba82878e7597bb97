#include "services/identity/sign_requests.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/openid/jws.h"
#include "soci/soci.h"

namespace psm::identity {
namespace {

constexpr char kColumns[] =
    "SELECT id, client_id, reference, subject, digest, title, request_time, "
    "expire_time, state, signature, blind, exchange_id, collect_time FROM "
    "sign_requests ";

// As they lie in the table: bytes in base64url.
struct Row {
  std::string id, client_id, reference, subject, digest, title, signature;
  std::string blind, exchange_id;
  long long request = 0, expire = 0, state = 0, collect = 0;

  SignRequest Value() const {
    SignRequest value;
    value.id = id;
    value.client_id = client_id;
    value.reference = reference;
    value.subject = subject;
    value.digest = openid::FromBase64Url(digest).value_or("");
    value.title = title;
    value.request_time = absl::FromUnixMicros(request);
    value.expire_time = absl::FromUnixMicros(expire);
    value.state = static_cast<SignRequest::State>(state);
    value.signature = openid::FromBase64Url(signature).value_or("");
    value.blind = openid::FromBase64Url(blind).value_or("");
    value.exchange_id = exchange_id;
    if (collect != 0) value.collect_time = absl::FromUnixMicros(collect);
    return value;
  }
};

// The first row of a select with texts to bind.
template <typename... Use>
std::optional<SignRequest> SelectOne(soci::session& sql,
                                     const std::string& where,
                                     const Use&... use) {
  Row row;
  soci::statement select(sql);
  (select.exchange(soci::use(use)), ...);
  select.exchange(soci::into(row.id));
  select.exchange(soci::into(row.client_id));
  select.exchange(soci::into(row.reference));
  select.exchange(soci::into(row.subject));
  select.exchange(soci::into(row.digest));
  select.exchange(soci::into(row.title));
  select.exchange(soci::into(row.request));
  select.exchange(soci::into(row.expire));
  select.exchange(soci::into(row.state));
  select.exchange(soci::into(row.signature));
  select.exchange(soci::into(row.blind));
  select.exchange(soci::into(row.exchange_id));
  select.exchange(soci::into(row.collect));
  select.alloc();
  select.prepare(kColumns + where);
  select.define_and_bind();
  if (!select.execute(true)) return std::nullopt;
  return row.Value();
}

constexpr char kByReference[] =
    "WHERE client_id = :client AND subject = :subject AND reference = :ref";

// Those that ended long ago, whoever asked.
void Forget(soci::session& sql, absl::Time now) {
  const long long before = absl::ToUnixMicros(now - kSignatureKept);
  sql << "DELETE FROM sign_requests WHERE expire_time < :before",
      soci::use(before);
}

// Those that were declined count until their time is over: whoever asks knows
// the address at which one declines. Those that were signed, until they are
// collected: else one more request would tell whether she has signed.
long long CountOpen(soci::session& sql, const SignRequest& wanted) {
  const long long now = absl::ToUnixMicros(wanted.request_time);
  long long open = 0;
  sql << "SELECT COUNT(*) FROM sign_requests WHERE client_id = :client AND "
         "subject = :subject AND collect_time = 0 AND expire_time > :now",
      soci::into(open), soci::use(wanted.client_id), soci::use(wanted.subject),
      soci::use(now);
  return open;
}

void Insert(soci::session& sql, const SignRequest& request) {
  const std::string digest = openid::Base64Url(request.digest);
  const std::string blind = openid::Base64Url(request.blind);
  const long long made = absl::ToUnixMicros(request.request_time);
  const long long expire = absl::ToUnixMicros(request.expire_time);
  sql << "INSERT INTO sign_requests (id, client_id, reference, subject, "
         "digest, title, request_time, expire_time, state, signature, blind, "
         "exchange_id) VALUES (:id, :client, :ref, :subject, :digest, :title, "
         ":made, :expire, 1, '', :blind, :exchange)",
      soci::use(request.id), soci::use(request.client_id),
      soci::use(request.reference), soci::use(request.subject),
      soci::use(digest), soci::use(request.title), soci::use(made),
      soci::use(expire), soci::use(blind), soci::use(request.exchange_id);
}

absl::Status Answered() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "REQUEST_ANSWERED",
                         "the request waits for no answer any more");
}

}  // namespace

std::string IdOf(const SignRequest& request) {
  std::string all = "psm sign request";
  // Each with its length: what is the end of one is not the start of another.
  for (const std::string* part :
       {&request.blind, &request.client_id, &request.digest, &request.title})
    absl::StrAppend(&all, " ", part->size(), ":", *part);
  return openid::Base64Url(Sha256(all));
}

absl::StatusOr<SignRequest> SignRequests::Add(SignRequest wanted) {
  wanted.blind = random_->Bytes(32);
  wanted.id = IdOf(wanted);
  wanted.exchange_id = NewUuid(*random_);
  SignRequest kept;
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    Forget(sql, wanted.request_time);
    const std::optional<SignRequest> before = SelectOne(
        sql, kByReference, wanted.client_id, wanted.subject, wanted.reference);
    if (before.has_value()) {
      if (before->digest != wanted.digest || before->title != wanted.title) {
        return agency::Refusal(
            absl::StatusCode::kAlreadyExists, "REFERENCE_REUSED",
            "this id was used for another document; use a new one");
      }
      kept = *before;
      return absl::OkStatus();
    }
    if (CountOpen(sql, wanted) >= kMostSignRequests) {
      return agency::Refusal(absl::StatusCode::kResourceExhausted,
                             "TOO_MANY_REQUESTS",
                             "earlier requests still wait for the person");
    }
    Insert(sql, wanted);
    kept = wanted;
    return absl::OkStatus();
  }));
  return kept;
}

absl::StatusOr<std::optional<SignRequest>> SignRequests::Find(
    absl::string_view id) {
  const std::string wanted(id);
  std::optional<SignRequest> found;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    found = SelectOne(sql, "WHERE id = :id", wanted);
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<std::optional<SignRequest>> SignRequests::FindOf(
    absl::string_view client_id, absl::string_view subject,
    absl::string_view reference) {
  const std::string client(client_id), person(subject), wanted(reference);
  std::optional<SignRequest> found;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    found = SelectOne(sql, kByReference, client, person, wanted);
    return absl::OkStatus();
  }));
  return found;
}

absl::Status SignRequests::Answer(absl::string_view id,
                                  absl::string_view signature, absl::Time now) {
  const std::string wanted(id), bytes = openid::Base64Url(signature);
  const bool declined = signature.empty();
  const long long state = static_cast<long long>(
      declined ? SignRequest::State::kDeclined : SignRequest::State::kSigned);
  // Of what waits, and of this: she may take back what nobody has.
  const long long also = static_cast<long long>(
      declined ? SignRequest::State::kSigned : SignRequest::State::kPending);
  const long long at = absl::ToUnixMicros(now);
  return database_->Write([&](soci::session& sql) -> absl::Status {
    soci::statement update =
        (sql.prepare << "UPDATE sign_requests SET state = :state, signature = "
                        ":signature WHERE id = :id AND (state = 1 OR state = "
                        ":also) AND collect_time = 0 AND expire_time > "
                        ":now",
         soci::use(state), soci::use(bytes), soci::use(wanted), soci::use(also),
         soci::use(at));
    update.execute(true);
    return update.get_affected_rows() == 1 ? absl::OkStatus() : Answered();
  });
}

absl::Status SignRequests::Collect(absl::string_view id, absl::Time now) {
  const std::string wanted(id);
  const long long at = absl::ToUnixMicros(now);
  return database_->Write([&](soci::session& sql) -> absl::Status {
    soci::statement update =
        (sql.prepare << "UPDATE sign_requests SET collect_time = "
                        ":now WHERE id = :id AND state = 2",
         soci::use(at), soci::use(wanted));
    update.execute(true);
    return update.get_affected_rows() == 1 ? absl::OkStatus() : Answered();
  });
}

absl::Status SignRequests::Withhold(absl::string_view id) {
  const std::string wanted(id);
  return database_->Write([&](soci::session& sql) -> absl::Status {
    sql << "UPDATE sign_requests SET state = 1, signature = '' WHERE id = :id "
           "AND state = 2 AND collect_time = 0",
        soci::use(wanted);
    return absl::OkStatus();
  });
}

}  // namespace psm::identity
