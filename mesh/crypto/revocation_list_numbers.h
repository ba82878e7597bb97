// Which revocation lists a process has seen, so that an older one that takes
// their place is told for what it is: revocations taken back.
#ifndef PSM_MESH_CRYPTO_REVOCATION_LIST_NUMBERS_H_
#define PSM_MESH_CRYPTO_REVOCATION_LIST_NUMBERS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/certificate.h"

namespace psm {

// Lives as long as the process: after a restart there is nothing to compare
// with. Thread-safe.
class RevocationListNumbers {
 public:
  // Takes notice of the lists of a text, PEM, by their numbers (RFC 5280,
  // 5.2.3). Only of those that one of `issuers` signed: who cannot sign cannot
  // have a number remembered. FAILED_PRECONDITION, reason CRL_OLDER, where a
  // list has a lower number than its issuer's last: nothing is remembered then.
  // INVALID_ARGUMENT where a list does not parse or there is none.
  absl::Status Take(absl::string_view pem,
                    absl::Span<const Certificate> issuers) PSM_EXCLUDES(mu_);

  // The highest number seen; 0 before there was one.
  std::uint64_t highest() const PSM_EXCLUDES(mu_);

 private:
  mutable Mutex mu_;
  // By the DER of the issuer's name and key: another authority of that name
  // counts for itself.
  std::map<std::string, std::uint64_t> seen_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_REVOCATION_LIST_NUMBERS_H_
