// The revocation list of the cards' certificates: made anew with each
// revocation, and daily. Knows no OCSP.
#ifndef PSM_SERVICES_IDENTITY_REVOCATION_LISTS_H_
#define PSM_SERVICES_IDENTITY_REVOCATION_LISTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/certificate_register.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class RevocationLists {
 public:
  // `file`: where the newest list lies for whoever verifies offline, PEM, mode
  // 0644.
  RevocationLists(const card::CardAuthority* authority,
                  CertificateRegister* certificates, const Clock* clock,
                  std::string file)
      : authority_(authority),
        certificates_(certificates),
        clock_(clock),
        file_(std::move(file)) {}

  // The list that is right now, PEM: the last one, or a new one, written to the
  // file first, where something was revoked since or half of its day has
  // passed. Errors of the database and the file; then the earlier list stays
  // where it is.
  absl::StatusOr<std::string> Current() PSM_EXCLUDES(mu_);

 private:
  const card::CardAuthority* const authority_;
  CertificateRegister* const certificates_;
  const Clock* const clock_;
  const std::string file_;
  Mutex mu_;
  std::string list_ PSM_GUARDED_BY(mu_);  // PEM; empty before the first
  absl::Time made_ PSM_GUARDED_BY(mu_);
  std::int64_t revoked_ PSM_GUARDED_BY(mu_) = -1;  // that it says
};

// The reverse of a certificate or list in PEM: its bytes in DER. `pem` must
// have one block.
absl::StatusOr<std::string> DerOfPem(absl::string_view pem);

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_REVOCATION_LISTS_H_
