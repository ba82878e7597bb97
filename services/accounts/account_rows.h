// The register's tables: its schema, and rows as messages. Decides nothing.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNT_ROWS_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNT_ROWS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/database.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "soci/soci.h"

namespace psm {

// Columns of an account's rows, in one order for all statements.
inline constexpr char kRegistrationColumns[] =
    "bank_code, branch_code, type, number, holder_kana, channel, register_time";

// A row of either table while it is read. Bind it with Into.
struct RegistrationRow {
  std::string bank, branch, number, holder;
  long long type = 0, channel = 0, register_time = 0;  // microseconds

  accounts::v1::Registration ToRegistration() const;
};

// A person's present account.
struct PresentAccount {
  accounts::v1::Registration registration;  // with end CLOSED where closed
  std::string etag;
};

absl::Span<const agency::Migration> AccountMigrations();

// Microseconds since 1970 as a proto's time.
google::protobuf::Timestamp ToTimestamp(long long micros);

// The person's present account; nullopt where there is none.
std::optional<PresentAccount> FindPresent(soci::session& sql,
                                          const std::string& subject);

// Keeps that the holder of a present account has moved, in place of an earlier
// move; nothing for who has none.
void NoteMove(soci::session& sql, const std::string& subject,
              const std::string& move_date, absl::Time publish_time);

// The day of the last move that was published after `register_time`; empty
// where there was none.
std::string MovedSince(soci::session& sql, const std::string& subject,
                       const google::protobuf::Timestamp& register_time);

// Writes rows into the table of present accounts; prepared once.
class PresentInserter {
 public:
  explicit PresentInserter(soci::session& sql);

  void Insert(absl::string_view subject, const accounts::v1::Account& account,
              accounts::v1::Registration::Channel channel, long long time,
              long long change);

 private:
  std::string subject_, bank_, branch_, number_, holder_;
  long long type_ = 0, channel_ = 0, time_ = 0, change_ = 0;
  soci::statement insert_;
};

// A change as it was noted.
struct NotedChange {
  long long number = 0;
  long long time = 0;  // microseconds; later than that of any change before
};

// Notes that the person's account changes.
NotedChange NoteChange(soci::session& sql, const std::string& subject,
                       accounts::v1::AccountChange::Kind kind, absl::Time now);

// Has every account wait that is paid into, and notes a change of each.
void HoldAll(soci::session& sql, accounts::v1::Registration::Hold why,
             absl::Time now);

// The name of a state: 16 hexadecimal digits that say nothing else. `change` is
// that which made it, or 0 of a seed.
std::string EtagOf(absl::string_view subject, long long change,
                   long long register_time);

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNT_ROWS_H_
