// The authorities of one mesh, as files: <folder>/root-<n>.pem and
// intermediate-<n>.pem. The highest number issues; those before it stay trusted
// until they are removed.
#ifndef PSM_CERTS_AUTHORITY_FOLDER_H_
#define PSM_CERTS_AUTHORITY_FOLDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/authority.h"

namespace psm::pki {

struct NumberedAuthority {
  std::string name;  // "root-1", "intermediate-2": the file without ".pem"
  int number = 0;
  std::unique_ptr<Authority> authority;
};

// Thread-compatible. Whoever may read the folder owns the mesh.
class AuthorityFolder {
 public:
  // Reads all authorities. The folder may be empty but must exist.
  static absl::StatusOr<AuthorityFolder> Open(std::string folder);

  // In the order of their numbers; empty in a new folder.
  const std::vector<NumberedAuthority>& roots() const { return roots_; }
  const std::vector<NumberedAuthority>& intermediates() const {
    return intermediates_;
  }

  // Makes and stores the next root.
  absl::Status AddRoot(absl::Time now);

  // Makes the next intermediate under the newest root; FAILED_PRECONDITION
  // where that would expire first. Stored by Keep, so that its serial can be
  // written down before it can issue.
  absl::StatusOr<NumberedAuthority> NewIntermediate(absl::Time now) const;
  absl::Status Keep(NumberedAuthority intermediate);

  // Removes all but the newest intermediate, the root that issued it, and the
  // newest root. Returns the names of what is gone.
  absl::StatusOr<std::vector<std::string>> RemoveOld();

 private:
  explicit AuthorityFolder(std::string folder) : folder_(std::move(folder)) {}
  absl::Status Store(const NumberedAuthority& authority) const;

  std::string folder_;
  std::vector<NumberedAuthority> roots_;
  std::vector<NumberedAuthority> intermediates_;
};

}  // namespace psm::pki

#endif  // PSM_CERTS_AUTHORITY_FOLDER_H_
