#include "mesh/agency/session_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "soci/sqlite3/soci-sqlite3.h"

namespace psm::agency {
namespace {

// How long a writer waits for a lock that another process (a backup, a
// developer's shell) holds.
constexpr int kBusyTimeoutMilliseconds = 5000;

absl::Status Unavailable(absl::string_view message) {
  return MakeError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE",
                   Party::kProvider, message);
}

absl::Status FromSqlite(const soci::sqlite3_soci_error& error) {
  // Extended result codes are on, see OpenSession; the low byte is the primary
  // code. https://www.sqlite.org/rescode.html
  switch (error.result()) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return MakeError(absl::StatusCode::kAlreadyExists, "ROW_EXISTS",
                       Party::kProvider, "this is in the database already");
    default:
      break;
  }
  LogError("database_failed", {{"error", error.get_error_message()},
                               {"code", absl::StrCat(error.result())}});
  switch (error.result() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_NOTADB:
      return Unavailable("the database cannot be used now, try again later");
    default:
      return MakeError(absl::StatusCode::kInternal, "DATABASE_ERROR",
                       Party::kProvider, "a database statement failed");
  }
}

// Set while this thread is inside a transaction, of whichever database.
thread_local bool inside_transaction = false;

// Never throws: a session that cannot roll back is not used again.
bool RollBack(soci::session& session) {
  return CatchSoci([&] {
           session << "ROLLBACK";
           return absl::OkStatus();
         })
      .ok();
}

}  // namespace

absl::Status CatchSoci(absl::FunctionRef<absl::Status()> body) {
  try {
    return body();
  } catch (const soci::sqlite3_soci_error& error) {
    return FromSqlite(error);
  } catch (const soci::soci_error& error) {
    LogError("database_failed", {{"error", error.get_error_message()}});
    return MakeError(absl::StatusCode::kInternal, "DATABASE_ERROR",
                     Party::kProvider, "a database statement failed");
  } catch (const std::exception&) {
    LogError("database_failed", {{"error", "unexpected exception"}});
    return MakeError(absl::StatusCode::kInternal, "DATABASE_ERROR",
                     Party::kProvider, "a database statement failed");
  }
}

absl::StatusOr<std::unique_ptr<soci::session>> OpenSession(
    const std::string& file, Access access) {
  // SQLite would create the file with the umask's mode; what an agency knows of
  // persons is its own. SQLite gives -wal and -shm the mode of the database.
  if (file.find_first_of("\"\\") != std::string::npos)
    return absl::InvalidArgumentError("database file name holds a quote");
  if (file != ":memory:") {
    int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return Unavailable(absl::StrCat("cannot open the database file ", file,
                                      ": ", std::strerror(errno)));
    close(fd);
  }
  std::unique_ptr<soci::session> session;
  absl::Status opened = CatchSoci([&]() -> absl::Status {
    session = std::make_unique<soci::session>(
        soci::sqlite3, absl::StrCat("db=\"", file, "\""));
    auto* backend =
        static_cast<soci::sqlite3_session_backend*>(session->get_backend());
    sqlite_api::sqlite3_extended_result_codes(backend->conn_, 1);
    soci::session& sql = *session;
    sql << absl::StrCat("PRAGMA busy_timeout=", kBusyTimeoutMilliseconds);
    std::string journal;
    sql << "PRAGMA journal_mode=WAL", soci::into(journal);
    sql << "PRAGMA synchronous=FULL";
    sql << "PRAGMA foreign_keys=ON";
    if (access == Access::kRead) sql << "PRAGMA query_only=ON";
    // SQLite ignores a pragma that it cannot follow (a database in memory or on
    // a file system without shared memory has no WAL), so it is asked.
    int synchronous = -1;
    sql << "PRAGMA synchronous", soci::into(synchronous);
    if (journal != "wal" || synchronous < 2)
      return MakeError(
          absl::StatusCode::kFailedPrecondition, "DATABASE_NOT_DURABLE",
          Party::kProvider,
          "the database confirms neither WAL nor synchronous=FULL");
    return absl::OkStatus();
  });
  if (!opened.ok()) return opened;
  return session;
}

absl::StatusOr<std::unique_ptr<soci::session>> SessionPool::Take(
    Access access) {
  const int kind = static_cast<int>(access);
  const std::size_t limit = access == Access::kWrite ? 1 : kReaders;
  {
    MutexLock lock(mu_);
    while (lent_[kind] >= limit) returned_[kind].Wait(mu_);
    ++lent_[kind];
    if (!idle_[kind].empty()) {
      std::unique_ptr<soci::session> session = std::move(idle_[kind].back());
      idle_[kind].pop_back();
      return session;
    }
  }
  absl::StatusOr<std::unique_ptr<soci::session>> session =
      OpenSession(file_, access);
  if (!session.ok()) Return(access, nullptr);
  return session;
}

void SessionPool::Return(Access access,
                         std::unique_ptr<soci::session> session) {
  const int kind = static_cast<int>(access);
  {
    MutexLock lock(mu_);
    --lent_[kind];
    if (session != nullptr) idle_[kind].push_back(std::move(session));
  }
  returned_[kind].NotifyOne();
}

absl::Status SessionPool::Run(
    Access access, absl::FunctionRef<absl::Status(soci::session&)> body) {
  if (inside_transaction)
    return absl::InternalError("a transaction inside a transaction");
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<soci::session> session, Take(access));
  bool begun = false;
  inside_transaction = true;
  absl::Status status = CatchSoci([&]() -> absl::Status {
    *session << (access == Access::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
    begun = true;
    PSM_RETURN_IF_ERROR(body(*session));
    *session << "COMMIT";
    begun = false;
    return absl::OkStatus();
  });
  inside_transaction = false;
  // SQLite rolls back by itself after some errors (full, I/O) and then refuses
  // ROLLBACK: such a session is closed, not lent again.
  if (begun && !RollBack(*session)) session = nullptr;
  Return(access, std::move(session));
  return status;
}

}  // namespace psm::agency
