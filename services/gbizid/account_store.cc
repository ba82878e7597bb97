#include "services/gbizid/account_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/agency/call_context.h"
#include "services/gbizid/account_rules.h"

namespace psm::gbizid {
namespace {

constexpr char kSelect[] =
    "SELECT account_id, type, state, corp_type, corporate_number, subject, "
    "mail, name, parent_id, roles, password, last_step, tries, locked_until, "
    "revision FROM accounts WHERE ";

// What a row is read into.
struct Row {
  KeptAccount kept;
  std::string roles;
  long long type = 0, state = 0, corp_type = 0, revision = 0;

  KeptAccount Take() {
    v1::Account& account = kept.account;
    account.set_type(static_cast<v1::Account::Type>(type));
    account.set_state(static_cast<v1::Account::State>(state));
    account.set_corp_type(static_cast<v1::Account::CorpType>(corp_type));
    *account.mutable_roles() = DecodeRoles(roles);
    account.set_etag(absl::StrCat(revision));
    return kept;
  }
};

// `condition` is constant text with one value, :value.
soci::details::prepare_temp_type Select(soci::session& sql,
                                        const char* condition, Row& row,
                                        const std::string& value) {
  v1::Account& account = row.kept.account;
  return (sql.prepare << absl::StrCat(kSelect, condition),
          soci::into(*account.mutable_account_id()), soci::into(row.type),
          soci::into(row.state), soci::into(row.corp_type),
          soci::into(*account.mutable_corporate_number()),
          soci::into(*account.mutable_subject()),
          soci::into(*account.mutable_mail()),
          soci::into(*account.mutable_name()),
          soci::into(*account.mutable_parent_id()), soci::into(row.roles),
          soci::into(row.kept.password), soci::into(row.kept.last_step),
          soci::into(row.kept.tries), soci::into(row.kept.locked_until),
          soci::into(row.revision), soci::use(value));
}

std::optional<KeptAccount> FindOne(soci::session& sql, const char* condition,
                                   const std::string& value) {
  Row row;
  soci::statement rows = Select(sql, condition, row, value);
  if (!rows.execute(true)) return std::nullopt;
  return row.Take();
}

}  // namespace

std::optional<KeptAccount> AccountStore::Find(soci::session& sql,
                                              const std::string& account_id) {
  return FindOne(sql, "account_id = :value", account_id);
}

std::optional<KeptAccount> AccountStore::FindByMail(soci::session& sql,
                                                    const std::string& mail) {
  return FindOne(sql, "mail = :value", mail);
}

std::optional<KeptAccount> AccountStore::FindPrime(
    soci::session& sql, const std::string& corporate_number) {
  return FindOne(
      sql, "corporate_number = :value AND corporate_number <> '' AND type = 2",
      corporate_number);
}

std::optional<KeptAccount> AccountStore::FindPrimeOf(
    soci::session& sql, const std::string& subject) {
  return FindOne(sql, "subject = :value AND subject <> '' AND type = 2",
                 subject);
}

std::vector<v1::Account> AccountStore::MembersOf(soci::session& sql,
                                                 const std::string& parent_id) {
  std::vector<v1::Account> members;
  Row row;
  soci::statement rows =
      Select(sql, "parent_id = :value AND parent_id <> '' ORDER BY mail", row,
             parent_id);
  rows.execute();
  while (rows.fetch()) members.push_back(row.Take().account);
  return members;
}

void AccountStore::Insert(soci::session& sql, KeptAccount& kept,
                          absl::Time now) {
  v1::Account& account = kept.account;
  const long long type = account.type(), state = account.state(),
                  corp_type = account.corp_type(),
                  time = absl::ToUnixMicros(now);
  const std::string roles = EncodeRoles(account.roles()).value_or("");
  sql << "INSERT INTO accounts (account_id, type, state, corp_type, "
         "corporate_number, subject, mail, name, parent_id, roles, password, "
         "create_time) VALUES (:id, :type, :state, :corp_type, :number, "
         ":subject, :mail, :name, :parent, :roles, :password, :time)",
      soci::use(account.account_id()), soci::use(type), soci::use(state),
      soci::use(corp_type), soci::use(account.corporate_number()),
      soci::use(account.subject()), soci::use(account.mail()),
      soci::use(account.name()), soci::use(account.parent_id()),
      soci::use(roles), soci::use(kept.password), soci::use(time);
  account.set_etag("1");
}

void AccountStore::Change(soci::session& sql, v1::Account& account) {
  const long long type = account.type(), state = account.state();
  const std::string roles = EncodeRoles(account.roles()).value_or("");
  sql << "UPDATE accounts SET type = :type, state = :state, subject = "
         ":subject, name = :name, roles = :roles, revision = revision + 1 "
         "WHERE account_id = :id",
      soci::use(type), soci::use(state), soci::use(account.subject()),
      soci::use(account.name()), soci::use(roles),
      soci::use(account.account_id());
  long long revision = 0;
  sql << "SELECT revision FROM accounts WHERE account_id = :id",
      soci::into(revision), soci::use(account.account_id());
  account.set_etag(absl::StrCat(revision));
}

void AccountStore::SetPassword(soci::session& sql,
                               const std::string& account_id,
                               const std::string& password) {
  sql << "UPDATE accounts SET password = :password WHERE account_id = :id",
      soci::use(password), soci::use(account_id);
}

void AccountStore::SetTries(soci::session& sql, const std::string& account_id,
                            long long tries, long long locked_until,
                            long long last_step) {
  sql << "UPDATE accounts SET tries = :tries, locked_until = :locked, "
         "last_step = :step WHERE account_id = :id",
      soci::use(tries), soci::use(locked_until), soci::use(last_step),
      soci::use(account_id);
}

bool AccountStore::IsUsable(soci::session& sql, const v1::Account& account) {
  if (account.state() != v1::Account::ACTIVE) return false;
  if (account.type() != v1::Account::MEMBER) return true;
  const std::optional<KeptAccount> prime = Find(sql, account.parent_id());
  return prime && prime->account.type() == v1::Account::PRIME &&
         prime->account.state() == v1::Account::ACTIVE;
}

absl::Status CheckEtag(absl::string_view given, absl::string_view current) {
  if (given == current) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kAborted, "ETAG_STALE",
                         "somebody else has changed it: read it again");
}

}  // namespace psm::gbizid
