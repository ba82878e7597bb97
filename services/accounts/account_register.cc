#include "services/accounts/account_register.h"

#include <utility>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/account.h"
#include "services/accounts/account_rows.h"
#include "soci/soci.h"

namespace psm {
namespace {

using accounts::v1::Account;
using accounts::v1::AccountChange;
using accounts::v1::ConfirmAccountResponse;
using accounts::v1::DeleteAccountResponse;
using accounts::v1::GetAccountResponse;
using accounts::v1::GetRegistrationResponse;
using accounts::v1::RegisterAccountResponse;
using accounts::v1::Registration;
using accounts::v1::ReportReturnedTransferResponse;

constexpr char kRegister[] = "RegisterAccount";
constexpr char kConfirm[] = "ConfirmAccount";

absl::Status SeedInvalid() {
  return MakeError(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                   Party::kProvider, "a seeded account lacks a required item");
}

absl::Status NotRegistered() {
  return agency::Refusal(absl::StatusCode::kNotFound, "ACCOUNT_NOT_REGISTERED",
                         "no account is registered");
}

absl::Status Stale() {
  return agency::Refusal(absl::StatusCode::kAborted, "ETAG_STALE",
                         "the person's account is another by now");
}

absl::Status Enter(PresentInserter& inserter,
                   const seed::v1::RegisteredAccount& seed) {
  Account account;
  account.set_bank_code(seed.bank_code());
  account.set_branch_code(seed.branch_code());
  account.set_type(static_cast<Account::Type>(seed.type()));
  account.set_number(seed.number());
  account.set_holder_kana(seed.holder_kana());
  PSM_ASSIGN_OR_RETURN(account, CheckedAccount(account));
  absl::Time time;
  std::string ignored;
  if (seed.subject().empty() ||
      !absl::ParseTime(absl::RFC3339_full, seed.register_time(), &time,
                       &ignored))
    return SeedInvalid();
  inserter.Insert(seed.subject(), account, Registration::PORTAL,
                  absl::ToUnixMicros(time), 0);
  return absl::OkStatus();
}

absl::Status Deceased() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "HOLDER_DECEASED", "the person has died");
}

absl::Status ConsentUsed() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, "CONSENT_USED",
                         "the consent has served for another registration");
}

bool IsUsed(soci::session& sql, const std::string& consent_id) {
  long long used = 0;
  sql << "SELECT EXISTS (SELECT 1 FROM used_consents WHERE consent_id = :id)",
      soci::into(used), soci::use(consent_id);
  return used != 0;
}

// First of all in its transaction, so that it is refused in the same way
// whatever has become of the person; who is refused later rolls it back.
absl::Status UseConsent(soci::session& sql, const std::string& consent_id) {
  if (consent_id.empty()) return absl::OkStatus();
  if (IsUsed(sql, consent_id)) return ConsentUsed();
  sql << "INSERT INTO used_consents (consent_id) VALUES (:id)",
      soci::use(consent_id);
  return absl::OkStatus();
}

bool HasDied(soci::session& sql, const std::string& subject) {
  long long died = 0;
  sql << "SELECT EXISTS (SELECT 1 FROM deceased WHERE subject = :subject)",
      soci::into(died), soci::use(subject);
  return died != 0;
}

// Keeps the state that the person's account is in, as history.
void KeepFormer(soci::session& sql, const std::string& subject,
                Registration::End end, long long time) {
  const long long reason = end;
  sql << "INSERT INTO former_accounts (subject, bank_code, branch_code, type, "
         "number, holder_kana, channel, register_time, hold, replace_time, "
         "end_reason) SELECT subject, bank_code, branch_code, type, number, "
         "holder_kana, channel, register_time, hold, "
         "CASE WHEN close_time > 0 THEN close_time ELSE :time END, "
         "CASE WHEN close_time > 0 THEN 3 ELSE :reason END "
         "FROM accounts WHERE subject = :subject",
      soci::use(time), soci::use(reason), soci::use(subject);
}

// Moves the person's account into the history.
void Retire(soci::session& sql, const std::string& subject,
            Registration::End end, long long time) {
  KeepFormer(sql, subject, end, time);
  sql << "DELETE FROM accounts WHERE subject = :subject", soci::use(subject);
}

// What a write is about that must name the state it changes.
absl::Status CheckNamed(soci::session& sql, const std::string& subject,
                        absl::string_view etag) {
  if (etag.empty())
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "ETAG_MISSING",
                           "say which state of the account is meant");
  const std::optional<PresentAccount> present = FindPresent(sql, subject);
  if (!present.has_value()) return NotRegistered();
  return present->etag == std::string(etag) ? absl::OkStatus() : Stale();
}

}  // namespace

absl::Span<const agency::Migration> AccountRegister::Migrations() {
  return AccountMigrations();
}

absl::Status AccountRegister::ImportOnce(
    absl::FunctionRef<absl::Status(Take)> each) {
  return database_.Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    // Whoever removes the last account does not bring the seeds back.
    sql << "SELECT EXISTS (SELECT 1 FROM accounts) OR "
           "EXISTS (SELECT 1 FROM former_accounts)",
        soci::into(known);
    if (known > 0) return absl::OkStatus();
    PresentInserter inserter(sql);
    return each([&](const seed::v1::RegisteredAccount& account) {
      return Enter(inserter, account);
    });
  });
}

absl::StatusOr<GetRegistrationResponse> AccountRegister::FindRegistration(
    absl::string_view subject) {
  GetRegistrationResponse response;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    std::optional<PresentAccount> present =
        FindPresent(sql, std::string(subject));
    if (!present.has_value()) return NotRegistered();
    *response.mutable_as_of_time() = present->registration.register_time();
    response.set_moved_date(
        MovedSince(sql, std::string(subject), response.as_of_time()));
    *response.mutable_registration() = std::move(present->registration);
    response.set_etag(std::move(present->etag));
    return absl::OkStatus();
  }));
  return response;
}

absl::StatusOr<GetAccountResponse> AccountRegister::Find(
    absl::string_view subject) {
  PSM_ASSIGN_OR_RETURN(GetRegistrationResponse found,
                       FindRegistration(subject));
  // Who has died is told to register no other account.
  if (found.registration().end() != Registration::END_UNSPECIFIED &&
      found.registration().hold() != Registration::HOLDER_DIED)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "ACCOUNT_CLOSED",
                           "a transfer to the account came back");
  switch (found.registration().hold()) {
    case Registration::HOLDER_DIED:
      return Deceased();
    case Registration::NAME_CHANGED:
      return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                             "ACCOUNT_UNCONFIRMED",
                             "the person's name has changed since");
    default:
      break;
  }
  GetAccountResponse response;
  response.mutable_account()->Swap(
      found.mutable_registration()->mutable_account());
  *response.mutable_as_of_time() = found.as_of_time();
  response.set_etag(found.etag());
  return response;
}

absl::StatusOr<RegisterAccountResponse> AccountRegister::Register(
    const agency::CallContext& call, absl::string_view subject,
    const Account& account, Registration::Channel channel,
    absl::string_view etag, absl::Time now) {
  const std::string key(subject);
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_.Once(
          kRegister, call, now,
          [&](soci::session& sql) -> absl::StatusOr<std::string> {
            PSM_RETURN_IF_ERROR(UseConsent(sql, call.consent_id));
            if (HasDied(sql, key)) return Deceased();
            const std::optional<PresentAccount> present = FindPresent(sql, key);
            if (!etag.empty() &&
                (!present.has_value() || present->etag != std::string(etag)))
              return Stale();
            const NotedChange change =
                NoteChange(sql, key, AccountChange::REGISTERED, now);
            if (present.has_value())
              Retire(sql, key, Registration::REPLACED, change.time);
            PresentInserter(sql).Insert(key, account, channel, change.time,
                                        change.number);
            RegisterAccountResponse response;
            response.set_replaced(present.has_value());
            *response.mutable_register_time() = ToTimestamp(change.time);
            response.set_etag(EtagOf(key, change.number, change.time));
            return response.SerializeAsString();
          }));
  return agency::ParseAnswer<RegisterAccountResponse>(answer);
}

absl::StatusOr<std::optional<RegisterAccountResponse>>
AccountRegister::Registered(const agency::CallContext& call) {
  // Before the answer is looked for: the exchange that uses a consent keeps its
  // answer with it, so a retry finds it however the two meet.
  bool used = false;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) {
    used = IsUsed(sql, call.consent_id);
    return absl::OkStatus();
  }));
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> kept,
                       database_.Answered(kRegister, call));
  if (!kept.has_value() && used) return ConsentUsed();
  if (!kept.has_value()) return std::nullopt;
  return agency::ParseAnswer<RegisterAccountResponse>(*kept);
}

absl::StatusOr<DeleteAccountResponse> AccountRegister::Delete(
    const agency::CallContext& call, absl::string_view subject,
    absl::string_view etag, absl::Time now) {
  const std::string key(subject);
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_.Once("DeleteAccount", call, now,
                     [&](soci::session& sql) -> absl::StatusOr<std::string> {
                       PSM_RETURN_IF_ERROR(CheckNamed(sql, key, etag));
                       if (HasDied(sql, key)) return Deceased();
                       const NotedChange change =
                           NoteChange(sql, key, AccountChange::DELETED, now);
                       Retire(sql, key, Registration::DELETED, change.time);
                       DeleteAccountResponse response;
                       *response.mutable_delete_time() =
                           ToTimestamp(change.time);
                       return response.SerializeAsString();
                     }));
  return agency::ParseAnswer<DeleteAccountResponse>(answer);
}

absl::StatusOr<ReportReturnedTransferResponse> AccountRegister::Close(
    const agency::CallContext& call, absl::string_view subject,
    absl::string_view etag, absl::Time now) {
  const std::string key(subject);
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_.Once(
          "ReportReturnedTransfer", call, now,
          [&](soci::session& sql) -> absl::StatusOr<std::string> {
            PSM_RETURN_IF_ERROR(CheckNamed(sql, key, etag));
            const NotedChange change =
                NoteChange(sql, key, AccountChange::CLOSED, now);
            sql << "UPDATE accounts SET close_time = :time, change = :change "
                   "WHERE subject = :subject",
                soci::use(change.time), soci::use(change.number),
                soci::use(key);
            ReportReturnedTransferResponse response;
            *response.mutable_close_time() = ToTimestamp(change.time);
            return response.SerializeAsString();
          }));
  return agency::ParseAnswer<ReportReturnedTransferResponse>(answer);
}

absl::Status AccountRegister::CheckState(absl::string_view subject,
                                         absl::string_view etag) {
  return database_.Read([&](soci::session& sql) {
    return CheckNamed(sql, std::string(subject), etag);
  });
}

absl::StatusOr<ConfirmAccountResponse> AccountRegister::Confirm(
    const agency::CallContext& call, absl::string_view subject,
    absl::string_view etag, const std::string& holder_kana, absl::Time now) {
  const std::string key(subject);
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_.Once(
          kConfirm, call, now,
          [&](soci::session& sql) -> absl::StatusOr<std::string> {
            PSM_RETURN_IF_ERROR(CheckNamed(sql, key, etag));
            if (HasDied(sql, key)) return Deceased();
            const std::optional<PresentAccount> present = FindPresent(sql, key);
            if (present->registration.hold() != Registration::NAME_CHANGED ||
                present->registration.end() != Registration::END_UNSPECIFIED)
              return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                     "NOTHING_TO_CONFIRM",
                                     "the account waits for no confirmation");
            const NotedChange change =
                NoteChange(sql, key, AccountChange::CONFIRMED, now);
            KeepFormer(sql, key, Registration::CONFIRMED, change.time);
            sql << "UPDATE accounts SET hold = 0, holder_kana = :kana, change "
                   "= :change WHERE subject = :subject",
                soci::use(holder_kana), soci::use(change.number),
                soci::use(key);
            ConfirmAccountResponse response;
            *response.mutable_confirm_time() = ToTimestamp(change.time);
            response.set_etag(EtagOf(
                key, change.number,
                google::protobuf::util::TimeUtil::TimestampToMicroseconds(
                    present->registration.register_time())));
            return response.SerializeAsString();
          }));
  return agency::ParseAnswer<ConfirmAccountResponse>(answer);
}

absl::StatusOr<std::optional<ConfirmAccountResponse>>
AccountRegister::Confirmed(const agency::CallContext& call) {
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> kept,
                       database_.Answered(kConfirm, call));
  if (!kept.has_value()) return std::nullopt;
  return agency::ParseAnswer<ConfirmAccountResponse>(*kept);
}

void AccountRegister::Hold(soci::session& sql, const std::string& subject,
                           Registration::Hold why, absl::Time publish_time,
                           absl::Time now) {
  if (why == Registration::HOLDER_DIED) {
    const long long time = absl::ToUnixMicros(now);
    sql << "INSERT INTO deceased (subject, hear_time) VALUES (:subject, :time) "
           "ON CONFLICT (subject) DO NOTHING",
        soci::use(subject), soci::use(time);
  }
  const std::optional<PresentAccount> present = FindPresent(sql, subject);
  if (!present.has_value()) return;
  const Registration& registration = present->registration;
  // Of the two reasons death is the one that stays.
  if (registration.hold() == Registration::HOLDER_DIED ||
      registration.hold() == why)
    return;
  // What was registered after the change has the new name already.
  if (why == Registration::NAME_CHANGED &&
      google::protobuf::util::TimeUtil::TimestampToMicroseconds(
          registration.register_time()) > absl::ToUnixMicros(publish_time))
    return;
  const NotedChange change = NoteChange(sql, subject, AccountChange::HELD, now);
  const long long hold = why;
  sql << "UPDATE accounts SET hold = :hold, change = :change WHERE subject = "
         ":subject",
      soci::use(hold), soci::use(change.number), soci::use(subject);
}

}  // namespace psm
