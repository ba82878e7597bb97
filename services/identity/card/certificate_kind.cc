#include "services/identity/card/certificate_kind.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace psm::card {

absl::string_view NameOf(CertificateKind kind) {
  return kind == CertificateKind::kSignature ? "signature" : "authentication";
}

absl::StatusOr<CertificateKind> CertificateKindOf(absl::string_view name) {
  for (const CertificateKind kind :
       {CertificateKind::kAuthentication, CertificateKind::kSignature}) {
    if (name == NameOf(kind)) return kind;
  }
  return absl::InvalidArgumentError(
      "a kind of certificate is \"authentication\" or \"signature\"");
}

bool IsPinOf(CertificateKind kind, absl::string_view pin) {
  if (kind == CertificateKind::kAuthentication) {
    return pin.size() == 4 && std::all_of(pin.begin(), pin.end(), [](char c) {
             return absl::ascii_isdigit(static_cast<unsigned char>(c));
           });
  }
  return pin.size() >= 6 && pin.size() <= 16 &&
         std::all_of(pin.begin(), pin.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c));
         });
}

int MaxTriesOf(CertificateKind kind) {
  return kind == CertificateKind::kAuthentication ? 3 : 5;
}

}  // namespace psm::card
