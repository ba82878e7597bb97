#include "mesh/agency/database.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/agency/session_pool.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"

namespace psm::agency {
namespace {

constexpr absl::Duration kAnswersKept = absl::Hours(48);

absl::Status Invalid(absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, "MIGRATION_INVALID",
                   Party::kProvider, message);
}

// SOCI runs the first statement of a text and ignores the rest without a word,
// so texts are cut here, at each `;` that ends a line.
std::vector<std::string> Statements(absl::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  for (absl::string_view line : absl::StrSplit(sql, '\n')) {
    absl::StrAppend(&statement, line, "\n");
    if (!absl::EndsWith(absl::StripAsciiWhitespace(line), ";")) continue;
    statements.push_back(std::move(statement));
    statement.clear();
  }
  if (!absl::StripAsciiWhitespace(statement).empty())
    statements.push_back(std::move(statement));
  return statements;
}

absl::Status Apply(SessionPool& pool, const Migration& migration) {
  return pool.Run(Access::kWrite, [&](soci::session& sql) -> absl::Status {
    for (const std::string& statement : Statements(migration.sql))
      sql << statement;
    sql << "INSERT INTO psm_migrations (number) VALUES (:number)",
        soci::use(migration.number);
    return absl::OkStatus();
  });
}

absl::Status RefuseIntegerColumns(SessionPool& pool) {
  return pool.Run(Access::kRead, [](soci::session& sql) -> absl::Status {
    std::string table, column;
    sql << "SELECT t.name, c.name FROM sqlite_master t, "
           "pragma_table_info(t.name) c WHERE t.type = 'table' AND "
           "t.name NOT LIKE 'sqlite_%' AND c.pk = 0 AND "
           "upper(c.type) IN ('INTEGER', 'INT') LIMIT 1",
        soci::into(table), soci::into(column);
    if (!sql.got_data()) return absl::OkStatus();
    return Invalid(
        absl::StrCat("declare ", table, ".", column, " BIGINT, not INTEGER"));
  });
}

absl::Status Migrate(SessionPool& pool,
                     absl::Span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (static_cast<std::size_t>(migrations[i].number) != i + 1)
      return Invalid(absl::StrCat("migration ", i + 1, " is numbered ",
                                  migrations[i].number));
  }
  std::size_t applied = 0;
  PSM_RETURN_IF_ERROR(
      pool.Run(Access::kWrite, [&](soci::session& sql) -> absl::Status {
        sql << "CREATE TABLE IF NOT EXISTS psm_migrations "
               "(number BIGINT PRIMARY KEY)";
        // The answer is hexadecimal text: text travels unharmed through every
        // backend of SOCI, bytes do not.
        sql << "CREATE TABLE IF NOT EXISTS answered_exchanges ("
               "method TEXT NOT NULL, consumer TEXT NOT NULL, "
               "exchange_id TEXT NOT NULL, answer_time BIGINT NOT NULL, "
               "answer TEXT NOT NULL, "
               "PRIMARY KEY (method, consumer, exchange_id))";
        sql << "CREATE INDEX IF NOT EXISTS answered_exchanges_by_time "
               "ON answered_exchanges (answer_time)";
        long long last = 0;
        sql << "SELECT COALESCE(MAX(number), 0) FROM psm_migrations",
            soci::into(last);
        applied = static_cast<std::size_t>(last);
        return absl::OkStatus();
      }));
  if (applied > migrations.size())
    return MakeError(absl::StatusCode::kFailedPrecondition, "DATABASE_NEWER",
                     Party::kProvider,
                     "the database is newer than the program: use a newer "
                     "program or another run folder",
                     {{"database", absl::StrCat(applied)},
                      {"program", absl::StrCat(migrations.size())}});
  for (std::size_t i = applied; i < migrations.size(); ++i)
    PSM_RETURN_IF_ERROR(Apply(pool, migrations[i]));
  return RefuseIntegerColumns(pool);
}

// The kept answer of an exchange, if there is one.
std::optional<std::string> FindAnswer(soci::session& sql,
                                      const std::string& method,
                                      const CallContext& call) {
  std::string answer;
  sql << "SELECT answer FROM answered_exchanges WHERE method = :method AND "
         "consumer = :consumer AND exchange_id = :exchange_id",
      soci::into(answer), soci::use(method), soci::use(call.consumer),
      soci::use(call.exchange_id);
  if (!sql.got_data()) return std::nullopt;
  return absl::HexStringToBytes(answer);
}

absl::Status NeedExchangeId(const CallContext& call) {
  if (!call.exchange_id.empty()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, "EXCHANGE_ID_MISSING",
                   Party::kConsumer, "a write needs an exchange id");
}

}  // namespace

class Database::Pool : public SessionPool {
 public:
  using SessionPool::SessionPool;
};

Database::Database(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    const std::string& file, absl::Span<const Migration> migrations) {
  auto pool = std::make_unique<Pool>(file);
  PSM_RETURN_IF_ERROR(Migrate(*pool, migrations));
  return std::unique_ptr<Database>(new Database(std::move(pool)));
}

absl::Status Database::Write(
    absl::FunctionRef<absl::Status(soci::session&)> body) {
  return pool_->Run(Access::kWrite, body);
}

absl::Status Database::Read(
    absl::FunctionRef<absl::Status(soci::session&)> body) {
  return pool_->Run(Access::kRead, body);
}

absl::StatusOr<std::string> Database::Once(
    absl::string_view method, const CallContext& call, absl::Time now,
    absl::FunctionRef<absl::StatusOr<std::string>(soci::session&)> body) {
  PSM_RETURN_IF_ERROR(NeedExchangeId(call));
  const std::string name(method);
  std::string answer;
  PSM_RETURN_IF_ERROR(Write([&](soci::session& sql) -> absl::Status {
    if (std::optional<std::string> kept = FindAnswer(sql, name, call)) {
      answer = *std::move(kept);
      return absl::OkStatus();
    }
    PSM_ASSIGN_OR_RETURN(answer, body(sql));
    const std::string hex = absl::BytesToHexString(answer);
    const long long time = absl::ToUnixSeconds(now);
    const long long expired = absl::ToUnixSeconds(now - kAnswersKept);
    sql << "DELETE FROM answered_exchanges WHERE answer_time < :expired",
        soci::use(expired);
    sql << "INSERT INTO answered_exchanges (method, consumer, exchange_id, "
           "answer_time, answer) VALUES (:method, :consumer, :exchange_id, "
           ":answer_time, :answer)",
        soci::use(name), soci::use(call.consumer), soci::use(call.exchange_id),
        soci::use(time), soci::use(hex);
    return absl::OkStatus();
  }));
  return answer;
}

absl::StatusOr<std::optional<std::string>> Database::Answered(
    absl::string_view method, const CallContext& call) {
  PSM_RETURN_IF_ERROR(NeedExchangeId(call));
  std::optional<std::string> answer;
  PSM_RETURN_IF_ERROR(Read([&](soci::session& sql) -> absl::Status {
    answer = FindAnswer(sql, std::string(method), call);
    return absl::OkStatus();
  }));
  return answer;
}

}  // namespace psm::agency
