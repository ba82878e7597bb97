// The files by which one system proves who it is. The truth is identity.pem,
// replaced in one step; key.pem and chain.pem repeat its two halves for
// programs that want them apart.
#ifndef PSM_CERTS_SYSTEM_IDENTITY_H_
#define PSM_CERTS_SYSTEM_IDENTITY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"

namespace psm::pki {

struct SystemIdentity {
  std::unique_ptr<SigningKey> key;
  std::vector<Certificate> chain;  // leaf first, without the root
};

// <run>/pki/systems/<agency>/<system>.
std::string SystemFolder(absl::string_view run, absl::string_view system_id);

// Ids of all systems of a run that have a folder, sorted.
std::vector<std::string> SystemsOf(absl::string_view run);

// Puts a new identity in place of the old, making the folder where it is
// missing: identity.pem (0600), then key.pem (0600) and chain.pem. A crash
// leaves the old identity.pem or the new, whole; RepairIdentity ends what was
// begun. Does not look at what it is given: tests write bad identities with it.
absl::Status WriteIdentity(const std::string& folder, const SigningKey& key,
                           absl::Span<const Certificate> chain);

// What identity.pem holds. NOT_FOUND where there is none; FAILED_PRECONDITION
// where others may read it; INVALID_ARGUMENT where key and first certificate do
// not parse or do not belong together.
absl::StatusOr<SystemIdentity> ReadIdentity(const std::string& folder);

// Makes key.pem and chain.pem repeat identity.pem where they do not.
absl::Status RepairIdentity(const std::string& folder);

}  // namespace psm::pki

#endif  // PSM_CERTS_SYSTEM_IDENTITY_H_
