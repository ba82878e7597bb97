// An agency's own database: pooled SOCI sessions, transactions, numbered
// forward-only migrations, answers kept for retries. Knows no agency.
#ifndef PSM_MESH_AGENCY_DATABASE_H_
#define PSM_MESH_AGENCY_DATABASE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/call_context.h"
#include "soci/soci.h"

namespace psm::agency {

// One step of the schema. Never edited once released: add another.
struct Migration {
  int number;       // 1, 2, 3, ... without gaps
  const char* sql;  // one or more statements, each ended by `;` at a line's end
};

// SQLite in WAL mode, synchronous=FULL, foreign keys on. Thread-safe: sessions
// are pooled, writers wait for one another.
//
// SOCI's traps, and how each is fenced. Numbers: read through a typed into(),
// never soci::row; whole-number columns are declared BIGINT (Open refuses
// INTEGER but for a primary key, because soci::row reads it as 32 bits and
// gives 0 beyond). Exceptions: caught in Write and Read, nowhere else; a body
// lets them pass. A select that finds no row leaves into() variables as they
// were: look at session.got_data(). NULL into a variable without an indicator
// throws. One `session << "..."` runs one statement: what follows a `;` is
// ignored. In loops prepare once: one-shot statements cost seven times as
// much. Values are bound with use(), never put into the text.
class Database {
 public:
  // Opens or creates, and applies the migrations that are missing, each in a
  // transaction. FAILED_PRECONDITION DATABASE_NEWER where the database is newer
  // than the program; DATABASE_NOT_DURABLE where SQLite does not confirm WAL
  // and synchronous=FULL; INVALID_ARGUMENT MIGRATION_INVALID for numbers with
  // gaps or an INTEGER column; else as Write.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& file, absl::Span<const Migration> migrations);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs `body` in one transaction (BEGIN IMMEDIATE) and commits, durably, when
  // it returns OK; rolls back and gives the body's status otherwise. SOCI's
  // exceptions become UNAVAILABLE DATABASE_UNAVAILABLE (full, locked, I/O) or
  // INTERNAL DATABASE_ERROR; a violated unique constraint becomes
  // ALREADY_EXISTS ROW_EXISTS. `body` must not keep the session, nor use the
  // database otherwise (INTERNAL), nor wait for anything slower than a disk:
  // all other writers wait for it.
  absl::Status Write(absl::FunctionRef<absl::Status(soci::session&)> body);

  // Runs `body` on one consistent snapshot, beside writers and other readers.
  // Statements that write fail. Errors as Write.
  absl::Status Read(absl::FunctionRef<absl::Status(soci::session&)> body);

  // Makes a WRITE method idempotent: where the call's exchange was answered
  // before by `method`, gives that answer again; else runs `body` in a
  // transaction and keeps the serialised answer it gives in the same
  // transaction (table answered_exchanges, which the database makes itself). An
  // error is not kept. Exchange ids are the consumer's own, so another
  // consumer's equal id is another exchange. INVALID_ARGUMENT
  // EXCHANGE_ID_MISSING where the call has none. Answers are kept for 48 h, as
  // counted by `now`: twice as long as the gateway keeps the ids.
  absl::StatusOr<std::string> Once(
      absl::string_view method, const CallContext& call, absl::Time now,
      absl::FunctionRef<absl::StatusOr<std::string>(soci::session&)> body);

  // The answer that Once would give again, without running anything; nullopt
  // where there is none. For methods that ask others before they write: a
  // retry need not ask again.
  absl::StatusOr<std::optional<std::string>> Answered(absl::string_view method,
                                                      const CallContext& call);

 private:
  class Pool;
  explicit Database(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_DATABASE_H_
