// Fills an empty register from seeds, within one transaction.
#ifndef PSM_SERVICES_RESIDENTS_REGISTER_IMPORT_H_
#define PSM_SERVICES_RESIDENTS_REGISTER_IMPORT_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "psm/seed/v1/seed.pb.h"
#include "services/residents/register_facts.h"
#include "soci/soci.h"

namespace psm {

// Thread-compatible; lives no longer than the transaction.
class RegisterImport {
 public:
  // `entry` is the one under which all facts begin.
  RegisterImport(soci::session& sql, const EntryMark& entry);

  // INVALID_ARGUMENT SEED_INVALID where the resident lacks a required item or
  // its household has another address; ALREADY_EXISTS ROW_EXISTS for a subject
  // that was added before.
  absl::Status Add(const seed::v1::Resident& resident);

  // INVALID_ARGUMENT SEED_INVALID where a household has no head, or two.
  absl::Status Finish() const;

 private:
  struct Household {
    std::string address;
    std::string move_in_date;
    int heads = 0;
  };

  void Insert(const std::string& owner, const char* item,
              const std::string& value, const std::string& from,
              const std::string& to);

  absl::flat_hash_map<std::string, Household> households_;
  absl::flat_hash_set<std::string> subjects_;
  // Bound to the statement.
  std::string owner_, item_, value_, from_, to_;
  long long entry_ = 0, end_entry_ = 0;
  soci::statement insert_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_REGISTER_IMPORT_H_
