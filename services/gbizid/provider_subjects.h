// What relying parties learn of an account at gbizid's OpenID provider.
#ifndef PSM_SERVICES_GBIZID_PROVIDER_SUBJECTS_H_
#define PSM_SERVICES_GBIZID_PROVIDER_SUBJECTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "services/gbizid/desk_parts.h"
#include "services/openid/subjects.h"

namespace psm::gbizid {

// Corporations alone: what is told of one is its public number and what its
// account may do. A sole proprietor is a person, whose claims only an agency
// that discloses may tell (DisclosureService), and gbizid is none:
// FAILED_PRECONDITION SOLE_PROPRIETOR_NOT_DISCLOSED. Every question is answered
// from accounts and delegations as they are at that moment: PERMISSION_DENIED
// for an account that may not be used any more, and for a delegation that is
// not in force or is for another service than the client's. Thread-safe.
class BusinessSubjects final : public openid::Subjects {
 public:
  explicit BusinessSubjects(DeskParts parts) : parts_(parts) {}

  // Another name at every client: derived, kept nowhere.
  absl::StatusOr<std::string> SubFor(const openid::Client& client,
                                     const std::string& subject) override;

  absl::StatusOr<nlohmann::json> Claims(
      const openid::Client& client, const std::string& subject,
      const std::vector<std::string>& scopes) override;

 private:
  const DeskParts parts_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PROVIDER_SUBJECTS_H_
