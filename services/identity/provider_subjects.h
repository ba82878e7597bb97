// Card holders as relying parties know them: every name and every claim goes
// through the mesh, which authorises and records it first.
#ifndef PSM_SERVICES_IDENTITY_PROVIDER_SUBJECTS_H_
#define PSM_SERVICES_IDENTITY_PROVIDER_SUBJECTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/crypto/digest.h"
#include "services/identity/card_holders.h"
#include "services/identity/mesh_services.h"
#include "services/openid/subjects.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class CardHolderSubjects final : public openid::Subjects {
 public:
  CardHolderSubjects(CardHolders* holders, Disclosures* disclosures,
                     Random* random)
      : holders_(holders), disclosures_(disclosures), random_(random) {}

  // The code that the mesh has for the client's system, pairwise by its making.
  // Under the affair `sign-in`, for which a relying party's agreement grants no
  // attribute: it may learn who signed in, and nothing else.
  absl::StatusOr<std::string> SubFor(const openid::Client& client,
                                     const std::string& subject) override;

  // name, address (formatted; OpenID Connect Core, 5.1.1), birthdate, gender
  // ("male", "female"), under the client's affair: one record a call, which
  // lists what was told. Nothing is asked of the mesh where no scope has a
  // claim. PERMISSION_DENIED where the person holds no card any more, or
  // has died.
  absl::StatusOr<nlohmann::json> Claims(
      const openid::Client& client, const std::string& subject,
      const std::vector<std::string>& scopes) override;

  // Tells the mesh that the client gets a signature of the person, whose
  // certificate says all four basic items, under the client's affair: one
  // record an exchange id. PERMISSION_DENIED or FAILED_PRECONDITION where the
  // agreement does not cover them all, the person holds no card any more, or is
  // protected; UNAVAILABLE where that cannot be found out now.
  absl::Status DiscloseCertificate(const openid::Client& client,
                                   const std::string& subject,
                                   const std::string& exchange_id);

 private:
  // Under an exchange id of its own where that is empty.
  absl::StatusOr<std::string> Disclose(const Disclosure& disclosure,
                                       const std::string& exchange_id = "");

  CardHolders* const holders_;
  Disclosures* const disclosures_;
  Random* const random_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_PROVIDER_SUBJECTS_H_
