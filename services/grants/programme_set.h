// The programmes of subsidies: one JSON file each, and no code. Knows no
// applications.
#ifndef PSM_SERVICES_GRANTS_PROGRAMME_SET_H_
#define PSM_SERVICES_GRANTS_PROGRAMME_SET_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "psm/grants/v1/grants.pb.h"

namespace psm::grants {

// Whether a programme takes applications on a day.
bool IsOpen(const v1::Programme& programme, absl::CivilDay day);

// Immutable, thread-safe.
class ProgrammeSet {
 public:
  // Reads every *.json of a folder (psm.grants.v1.Programme). NOT_FOUND where
  // there is none; INVALID_ARGUMENT, naming the file, where one does not parse,
  // has no id or title, dates that are none or in the wrong order, or an amount
  // below 1; or where two have one id.
  static absl::StatusOr<ProgrammeSet> Load(const std::string& folder);

  // Null where there is none.
  const v1::Programme* Find(const std::string& id) const;
  // By id.
  const std::map<std::string, v1::Programme>& all() const { return all_; }

 private:
  std::map<std::string, v1::Programme> all_;
};

}  // namespace psm::grants

#endif  // PSM_SERVICES_GRANTS_PROGRAMME_SET_H_
