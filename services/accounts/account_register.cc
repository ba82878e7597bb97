#include "services/accounts/account_register.h"

#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/account.h"
#include "soci/soci.h"

namespace psm {
namespace {

using accounts::v1::Account;
using accounts::v1::GetAccountResponse;
using accounts::v1::RegisterAccountResponse;
using google::protobuf::util::TimeUtil;

constexpr char kRegister[] = "RegisterAccount";

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
};

absl::Status SeedInvalid() {
  return MakeError(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                   Party::kProvider, "a seeded account lacks a required item");
}

// Writes rows into the table of current accounts; prepared once.
class Inserter {
 public:
  explicit Inserter(soci::session& sql)
      : insert_((sql.prepare
                     << "INSERT INTO accounts (subject, bank_code, "
                        "branch_code, type, number, holder_kana, "
                        "register_time) VALUES (:subject, :bank, :branch, "
                        ":type, :number, :holder, :time)",
                 soci::use(subject_), soci::use(bank_), soci::use(branch_),
                 soci::use(type_), soci::use(number_), soci::use(holder_),
                 soci::use(time_))) {}

  void Insert(absl::string_view subject, const Account& account,
              absl::Time time) {
    subject_ = std::string(subject);
    bank_ = account.bank_code();
    branch_ = account.branch_code();
    type_ = account.type();
    number_ = account.number();
    holder_ = account.holder_kana();
    time_ = absl::ToUnixMicros(time);
    insert_.execute(true);
  }

 private:
  std::string subject_, bank_, branch_, number_, holder_;
  long long type_ = 0, time_ = 0;
  soci::statement insert_;
};

absl::Status Enter(Inserter& inserter,
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
  inserter.Insert(seed.subject(), account, time);
  return absl::OkStatus();
}

// Moves the person's account, where there is one, into the history.
bool Retire(soci::session& sql, const std::string& subject, absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  soci::statement retire =
      (sql.prepare << "INSERT INTO former_accounts SELECT subject, bank_code, "
                      "branch_code, type, number, holder_kana, register_time, "
                      ":time FROM accounts WHERE subject = :subject",
       soci::use(time), soci::use(subject));
  retire.execute(true);
  if (retire.get_affected_rows() == 0) return false;
  sql << "DELETE FROM accounts WHERE subject = :subject", soci::use(subject);
  return true;
}

absl::StatusOr<RegisterAccountResponse> Parse(const std::string& bytes) {
  RegisterAccountResponse response;
  if (!response.ParseFromString(bytes))
    return absl::InternalError("a kept answer does not parse");
  return response;
}

}  // namespace

absl::Span<const agency::Migration> AccountRegister::Migrations() {
  return kMigrations;
}

absl::Status AccountRegister::ImportOnce(
    absl::FunctionRef<absl::Status(Take)> each) {
  return database_.Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    sql << "SELECT EXISTS (SELECT 1 FROM accounts)", soci::into(known);
    if (known > 0) return absl::OkStatus();
    Inserter inserter(sql);
    return each([&](const seed::v1::RegisteredAccount& account) {
      return Enter(inserter, account);
    });
  });
}

absl::StatusOr<GetAccountResponse> AccountRegister::Find(
    absl::string_view subject) {
  GetAccountResponse response;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    const std::string key(subject);
    Account& account = *response.mutable_account();
    long long type = 0, time = 0;
    sql << "SELECT bank_code, branch_code, type, number, holder_kana, "
           "register_time FROM accounts WHERE subject = :subject",
        soci::into(*account.mutable_bank_code()),
        soci::into(*account.mutable_branch_code()), soci::into(type),
        soci::into(*account.mutable_number()),
        soci::into(*account.mutable_holder_kana()), soci::into(time),
        soci::use(key);
    if (!sql.got_data())
      return agency::Refusal(absl::StatusCode::kNotFound,
                             "ACCOUNT_NOT_REGISTERED",
                             "no account is registered");
    account.set_type(static_cast<Account::Type>(type));
    *response.mutable_as_of_time() = TimeUtil::MicrosecondsToTimestamp(time);
    return absl::OkStatus();
  }));
  return response;
}

absl::StatusOr<RegisterAccountResponse> AccountRegister::Register(
    const agency::CallContext& call, absl::string_view subject,
    const Account& account, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_.Once(kRegister, call, now, [&](soci::session& sql) {
        RegisterAccountResponse response;
        response.set_replaced(Retire(sql, std::string(subject), now));
        Inserter(sql).Insert(subject, account, now);
        *response.mutable_register_time() =
            TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(now));
        return absl::StatusOr<std::string>(response.SerializeAsString());
      }));
  return Parse(answer);
}

absl::StatusOr<std::optional<RegisterAccountResponse>>
AccountRegister::Registered(const agency::CallContext& call) {
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> kept,
                       database_.Answered(kRegister, call));
  if (!kept.has_value()) return std::nullopt;
  return Parse(*kept);
}

}  // namespace psm
