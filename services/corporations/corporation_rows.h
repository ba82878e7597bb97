// Corporations and changes as rows of the registry's tables. Decides nothing.
#ifndef PSM_SERVICES_CORPORATIONS_CORPORATION_ROWS_H_
#define PSM_SERVICES_CORPORATIONS_CORPORATION_ROWS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/agency/database.h"
#include "psm/corporations/v1/corporations.pb.h"
#include "soci/soci.h"

namespace psm::corporations {

// One corporation with all that is registered. Times are microseconds since
// 1970, days YYYY-MM-DD.
struct Corporation {
  std::string number;
  std::string name;
  std::string kana;
  std::string name_en;
  std::string address;
  v1::AddressIds ids;
  std::string representative;
  std::string establishment_date;
  v1::Status status = v1::ACTIVE;
  std::string close_date;      // "" while it exists
  std::string successor;       // "" unless MERGED
  std::string effective_date;  // of the last change
  long long version = 1;       // rises with each change
  long long register_time = 0;
};

// What a change is, beside the corporation as it is after it.
struct ChangeRow {
  long long sequence = 0;
  v1::Change::Kind kind = v1::Change::KIND_UNSPECIFIED;
  std::string other_number;
};

// The tables; nobody can alter or remove a row of changes.
absl::Span<const agency::Migration> CorporationMigrations();

// Of a state that an officer saw: opaque, different for every version.
std::string EtagOf(const Corporation& corporation);

// All within the caller's transaction; SOCI's exceptions pass.

// Nullopt where there is none.
std::optional<Corporation> FindRow(soci::session& sql,
                                   const std::string& number);

// Writes a new corporation, or one whose row is there, by its number.
void InsertRow(soci::session& sql, const Corporation& corporation);
void UpdateRow(soci::session& sql, const Corporation& corporation);

// Appends a change of `after` and returns its sequence: one more than the last.
long long AppendChange(soci::session& sql, const Corporation& after,
                       v1::Change::Kind kind, const std::string& other_number);

// A change as the public may know it.
v1::Change ToChange(const ChangeRow& change, const Corporation& after);

// Reads rows of `SELECT ` + kChangeColumns: bind, execute, then fetch.
class ChangeReader {
 public:
  static const char kColumns[];

  explicit ChangeReader(soci::statement& statement);
  // After a fetch that gave a row. The representative is in `representative()`.
  v1::Change Read() const;
  const std::string& representative() const { return row_.representative; }

 private:
  Corporation row_;
  ChangeRow change_;
  long long kind_ = 0;
};

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_CORPORATION_ROWS_H_
