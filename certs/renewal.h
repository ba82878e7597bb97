// Renews what is due while a mesh is up, so that nobody has to think of it.
#ifndef PSM_CERTS_RENEWAL_H_
#define PSM_CERTS_RENEWAL_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "certs/mesh_authority.h"
#include "certs/running_mesh.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/certificate.h"

namespace psm::pki {

// When a certificate is renewed by itself: at half of its life, give or take a
// twentieth of it, always the same for the same certificate. Certificates that
// were issued together are so spread over a tenth of their life.
absl::Time RenewTime(const Certificate& certificate);

// The renewals of one run folder: systems' certificates, revocation lists, and
// the authorities, which are rotated in full (rotation.h). What happens is
// logged, errors with what to do. Thread-compatible; `clock` and `mesh` must
// outlive it.
class Renewal {
 public:
  Renewal(std::string run, const Clock& clock, RunningMesh& mesh);

  // Renews what is due now, and says when to look again: at the next time that
  // something is due, soon after an error (5 s, doubled up to 5 minutes while
  // there are errors), within 10 minutes in any case.
  absl::Time Look();

  // Looks when it is time, and when somebody has changed authorities, lists or
  // issued certificates, and writes down in <run>/in-force/mesh/pki (JSON:
  // "looked", "next", and how many "errors" in a row) when it has; until `wait`
  // says that it is over: it returns after the time that it is given, or at
  // once with true.
  void Follow(absl::FunctionRef<bool(absl::Duration)> wait);

 private:
  bool RenewSystems(MeshAuthority& authority, absl::Time* next);
  bool RotateIfDue(absl::Time* next);
  std::string Fingerprint() const;
  void WriteReport(absl::Time next) const;

  const std::string run_;
  const Clock& clock_;
  RunningMesh& mesh_;
  int errors_ = 0;  // in a row
  std::uint64_t list_number_ = 0;
  bool rotation_begun_ = false;  // by us, and not ended
};

}  // namespace psm::pki

#endif  // PSM_CERTS_RENEWAL_H_
