// An agency's own database: pooled SOCI sessions, transactions, numbered
// forward-only migrations. Knows no agency.
#ifndef PSM_MESH_AGENCY_DATABASE_H_
#define PSM_MESH_AGENCY_DATABASE_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "soci/session.h"

namespace psm::agency {

// One step of the schema. Never edited once released: add another.
struct Migration {
  int number;       // 1, 2, 3, ... without gaps
  const char* sql;  // one or more statements, separated by `;` at line ends
};

// SQLite in WAL mode, synchronous=FULL, foreign keys on. Thread-safe: sessions
// are pooled, writers wait for one another.
class Database {
 public:
  // Opens or creates, and applies the migrations that are missing, each in a
  // transaction. FAILED_PRECONDITION where the database is newer than the
  // program, or not durable enough.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& file, absl::Span<const Migration> migrations);
  ~Database();

  // Runs `body` in one transaction (BEGIN IMMEDIATE) and commits when it
  // returns OK; rolls back otherwise. SOCI's exceptions become UNAVAILABLE
  // DATABASE_UNAVAILABLE (full, locked, I/O) or INTERNAL; a violated unique
  // constraint becomes ALREADY_EXISTS. `body` must not keep the session.
  absl::Status Write(absl::FunctionRef<absl::Status(soci::session&)> body);

  // Runs `body` on one consistent snapshot.
  absl::Status Read(absl::FunctionRef<absl::Status(soci::session&)> body);

  // Makes a WRITE method idempotent: where `exchange_id` was answered before by
  // `method`, gives that answer again; else runs `body` in a transaction and
  // keeps the serialised answer it gives in the same transaction (table
  // answered_exchanges, which the database makes itself). An error is not kept.
  absl::StatusOr<std::string> Once(
      absl::string_view method, absl::string_view exchange_id, absl::Time now,
      absl::FunctionRef<absl::StatusOr<std::string>(soci::session&)> body);

 private:
  struct Pool;
  explicit Database(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_DATABASE_H_
