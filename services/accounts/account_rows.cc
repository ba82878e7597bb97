#include "services/accounts/account_rows.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/crypto/digest.h"

namespace psm {
namespace {

using accounts::v1::Account;
using accounts::v1::AccountChange;
using accounts::v1::Registration;

// Times are microseconds since 1970.
constexpr agency::Migration kMigrations[] = {
    {1,
     "CREATE TABLE accounts ("
     "  subject TEXT PRIMARY KEY,"
     "  bank_code TEXT NOT NULL,"
     "  branch_code TEXT NOT NULL,"
     "  type BIGINT NOT NULL,"
     "  number TEXT NOT NULL,"
     "  holder_kana TEXT NOT NULL,"
     "  register_time BIGINT NOT NULL);\n"
     "CREATE TABLE former_accounts ("
     "  subject TEXT NOT NULL,"
     "  bank_code TEXT NOT NULL,"
     "  branch_code TEXT NOT NULL,"
     "  type BIGINT NOT NULL,"
     "  number TEXT NOT NULL,"
     "  holder_kana TEXT NOT NULL,"
     "  register_time BIGINT NOT NULL,"
     "  replace_time BIGINT NOT NULL);\n"
     "CREATE INDEX former_accounts_by_subject ON former_accounts (subject);\n"},
    // Channels, ends and changes. What was there before came by the portal
    // (1) and was replaced (1).
    {2,
     "ALTER TABLE accounts ADD COLUMN channel BIGINT NOT NULL DEFAULT 1;\n"
     "ALTER TABLE accounts ADD COLUMN change BIGINT NOT NULL DEFAULT 0;\n"
     "ALTER TABLE accounts ADD COLUMN close_time BIGINT NOT NULL DEFAULT 0;\n"
     "ALTER TABLE former_accounts"
     "  ADD COLUMN channel BIGINT NOT NULL DEFAULT 1;\n"
     "ALTER TABLE former_accounts"
     "  ADD COLUMN end_reason BIGINT NOT NULL DEFAULT 1;\n"
     "CREATE TABLE changes ("
     "  number INTEGER PRIMARY KEY,"
     "  subject TEXT NOT NULL,"
     "  kind BIGINT NOT NULL,"
     "  change_time BIGINT NOT NULL);\n"
     "CREATE INDEX changes_by_subject ON changes (subject, change_time);\n"
     "CREATE TABLE given_accounts ("
     "  consumer TEXT NOT NULL,"
     "  subject TEXT NOT NULL,"
     "  give_time BIGINT NOT NULL,"
     "  PRIMARY KEY (consumer, subject));\n"},
    // `hold` as Registration.Hold. `deceased` are those who had an account.
    {3,
     "ALTER TABLE accounts ADD COLUMN hold BIGINT NOT NULL DEFAULT 0;\n"
     "CREATE TABLE deceased ("
     "  subject TEXT PRIMARY KEY,"
     "  hear_time BIGINT NOT NULL);\n"},
    // Kept for good: how long a consent holds is not known here.
    {4,
     "CREATE TABLE used_consents ("
     "  consent_id TEXT PRIMARY KEY);\n"},
    // The last move of those who have an account.
    {5,
     "CREATE TABLE holder_moves ("
     "  subject TEXT PRIMARY KEY,"
     "  move_date TEXT NOT NULL,"
     "  publish_time BIGINT NOT NULL);\n"},
    // Why a former account waited, as in `accounts`.
    {6,
     "ALTER TABLE former_accounts"
     "  ADD COLUMN hold BIGINT NOT NULL DEFAULT 0;\n"},
};

// Writers wait for one another, so numbers and times rise together, and a
// reader who has seen a time has seen all changes before it.
NotedChange NextChange(soci::session& sql, absl::Time now) {
  NotedChange change;
  sql << "SELECT COALESCE(MAX(number), 0), COALESCE(MAX(change_time), 0) FROM "
         "changes WHERE number = (SELECT MAX(number) FROM changes)",
      soci::into(change.number), soci::into(change.time);
  ++change.number;
  change.time = std::max<long long>(change.time + 1, absl::ToUnixMicros(now));
  return change;
}

}  // namespace

absl::Span<const agency::Migration> AccountMigrations() { return kMigrations; }

google::protobuf::Timestamp ToTimestamp(long long micros) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(micros);
}

Registration RegistrationRow::ToRegistration() const {
  Registration registration;
  Account& account = *registration.mutable_account();
  account.set_bank_code(bank);
  account.set_branch_code(branch);
  account.set_type(static_cast<Account::Type>(type));
  account.set_number(number);
  account.set_holder_kana(holder);
  registration.set_channel(static_cast<Registration::Channel>(channel));
  *registration.mutable_register_time() = ToTimestamp(register_time);
  return registration;
}

std::optional<PresentAccount> FindPresent(soci::session& sql,
                                          const std::string& subject) {
  RegistrationRow row;
  long long change = 0, close_time = 0, hold = 0;
  sql << "SELECT " << kRegistrationColumns
      << ", change, close_time, hold FROM accounts WHERE subject = :subject",
      soci::into(row.bank), soci::into(row.branch), soci::into(row.type),
      soci::into(row.number), soci::into(row.holder), soci::into(row.channel),
      soci::into(row.register_time), soci::into(change), soci::into(close_time),
      soci::into(hold), soci::use(subject);
  if (!sql.got_data()) return std::nullopt;
  PresentAccount present;
  present.registration = row.ToRegistration();
  if (close_time != 0) {
    present.registration.set_end(Registration::CLOSED);
    *present.registration.mutable_end_time() = ToTimestamp(close_time);
  }
  present.registration.set_hold(static_cast<Registration::Hold>(hold));
  present.etag = EtagOf(subject, change, row.register_time);
  return present;
}

void NoteMove(soci::session& sql, const std::string& subject,
              const std::string& move_date, absl::Time publish_time) {
  if (!FindPresent(sql, subject).has_value()) return;
  const long long time = absl::ToUnixMicros(publish_time);
  sql << "INSERT INTO holder_moves (subject, move_date, publish_time) VALUES "
         "(:subject, :date, :time) ON CONFLICT (subject) DO UPDATE SET "
         "move_date = excluded.move_date, publish_time = excluded.publish_time",
      soci::use(subject), soci::use(move_date), soci::use(time);
}

std::string MovedSince(soci::session& sql, const std::string& subject,
                       const google::protobuf::Timestamp& register_time) {
  const long long since =
      google::protobuf::util::TimeUtil::TimestampToMicroseconds(register_time);
  std::string date;
  sql << "SELECT move_date FROM holder_moves WHERE subject = :subject AND "
         "publish_time > :since",
      soci::into(date), soci::use(subject), soci::use(since);
  return sql.got_data() ? date : "";
}

PresentInserter::PresentInserter(soci::session& sql)
    : insert_(
          (sql.prepare << "INSERT INTO accounts (subject, "
                       << kRegistrationColumns
                       << ", change) VALUES (:subject, :bank, :branch, :type, "
                          ":number, :holder, :channel, :time, :change)",
           soci::use(subject_), soci::use(bank_), soci::use(branch_),
           soci::use(type_), soci::use(number_), soci::use(holder_),
           soci::use(channel_), soci::use(time_), soci::use(change_))) {}

void PresentInserter::Insert(absl::string_view subject, const Account& account,
                             Registration::Channel channel, long long time,
                             long long change) {
  subject_ = std::string(subject);
  bank_ = account.bank_code();
  branch_ = account.branch_code();
  type_ = account.type();
  number_ = account.number();
  holder_ = account.holder_kana();
  channel_ = channel;
  time_ = time;
  change_ = change;
  insert_.execute(true);
}

NotedChange NoteChange(soci::session& sql, const std::string& subject,
                       AccountChange::Kind kind, absl::Time now) {
  const NotedChange change = NextChange(sql, now);
  const long long kind_number = kind;
  sql << "INSERT INTO changes (number, subject, kind, change_time) VALUES "
         "(:number, :subject, :kind, :time)",
      soci::use(change.number), soci::use(subject), soci::use(kind_number),
      soci::use(change.time);
  return change;
}

void HoldAll(soci::session& sql, Registration::Hold why, absl::Time now) {
  const NotedChange first = NextChange(sql, now);
  const long long kind = AccountChange::HELD;
  sql << "INSERT INTO changes (number, subject, kind, change_time) SELECT "
         ":number + place, subject, :kind, :time + place FROM (SELECT subject, "
         "ROW_NUMBER() OVER (ORDER BY subject) - 1 AS place FROM accounts "
         "WHERE hold = 0)",
      soci::use(first.number, "number"), soci::use(kind, "kind"),
      soci::use(first.time, "time");
  const long long hold = why;
  sql << "UPDATE accounts SET hold = :hold, change = (SELECT MAX(c.number) "
         "FROM changes c WHERE c.subject = accounts.subject) WHERE hold = 0",
      soci::use(hold);
}

std::string EtagOf(absl::string_view subject, long long change,
                   long long register_time) {
  return absl::BytesToHexString(
      Sha256(absl::StrCat(subject, "\n", change, "\n", register_time))
          .substr(0, 8));
}

}  // namespace psm
