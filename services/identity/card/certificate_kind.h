// The two kinds of certificate that a card holds.
#ifndef PSM_SERVICES_IDENTITY_CARD_CERTIFICATE_KIND_H_
#define PSM_SERVICES_IDENTITY_CARD_CERTIFICATE_KIND_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::card {

// What a card holds two of. The numbers are kept in databases and files.
enum class CertificateKind {
  kAuthentication = 1,  // 利用者証明用: says which card it is, not whose
  kSignature = 2,       // 署名用: carries the four basic items
};

// "authentication", "signature".
absl::string_view NameOf(CertificateKind kind);

// The reverse. INVALID_ARGUMENT for any other text.
absl::StatusOr<CertificateKind> CertificateKindOf(absl::string_view name);

// Whether a text can be the PIN of that kind: four ASCII digits for
// authentication, 6 to 16 ASCII letters and digits for the signature.
bool IsPinOf(CertificateKind kind, absl::string_view pin);

// Wrong PINs in a row after which that key locks, as on the real card: 3 and 5.
int MaxTriesOf(CertificateKind kind);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_CERTIFICATE_KIND_H_
