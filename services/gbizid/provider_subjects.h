// What relying parties learn of an account at gbizid's OpenID provider.
#ifndef PSM_SERVICES_GBIZID_PROVIDER_SUBJECTS_H_
#define PSM_SERVICES_GBIZID_PROVIDER_SUBJECTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "services/gbizid/desk_parts.h"
#include "services/gbizid/disclosures.h"
#include "services/openid/subjects.h"

namespace psm::gbizid {

// What is told of a corporation is its public number and what its account may
// do. A sole proprietor is a person: what is told of one who was identified,
// also as a principal or by the account of a Member, is disclosed first, under
// the client's affair, and refused with the mesh's error where no agreement
// lets the client's system redeem a ticket (its name), know its holder (claims)
// and check who acts for whom (delegation). An Entry names nobody whom the mesh
// knows. Every question is answered from accounts and delegations as they are
// at that moment: PERMISSION_DENIED for an account that may not be used any
// more, and for a delegation that is not in force or is for another service
// than the client's. Of a corporation the registry is asked each time whether
// it still is, of the principal's, too: errors as CorporationSource::InBeing.
// Thread-safe. `disclosures` must outlive it.
class BusinessSubjects final : public openid::Subjects {
 public:
  BusinessSubjects(DeskParts parts, Disclosures* disclosures)
      : parts_(parts), disclosures_(*disclosures) {}

  // Another name at every client: derived from the account, kept nowhere, the
  // same before and after its holder was identified.
  absl::StatusOr<std::string> SubFor(const openid::Client& client,
                                     const std::string& subject) override;

  absl::StatusOr<nlohmann::json> Claims(
      const openid::Client& client, const std::string& subject,
      const std::vector<std::string>& scopes) override;

 private:
  const DeskParts parts_;
  Disclosures& disclosures_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PROVIDER_SUBJECTS_H_
