// Which card certificates were issued: a line each, beside the authority that
// issued them. Who issues (psm-cards) writes, identity reads; what identity
// itself issues or revokes stands in its database alone.
#ifndef PSM_SERVICES_IDENTITY_CARD_ISSUED_FILE_H_
#define PSM_SERVICES_IDENTITY_CARD_ISSUED_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/crypto/certificate.h"
#include "services/identity/card/certificate_kind.h"

namespace psm::card {

// The file's name in the authority's folder.
inline constexpr char kIssuedFile[] = "issued.jsonl";

struct IssuedCertificate {
  std::string serial;  // lower-case hexadecimal, as Certificate::serial()
  CertificateKind kind = CertificateKind::kAuthentication;
  std::string card_serial;
  absl::Time issue_time;
  absl::Time expire_time;  // the certificate's not_after; whole seconds
};

// What the file is to say of a certificate.
IssuedCertificate Issued(const Certificate& certificate, CertificateKind kind,
                         const std::string& card_serial, absl::Time now);

// Adds lines, durably, before the certificates are handed out: one that nobody
// has is harmless, one of which identity does not know opens nothing. Writers
// wait for one another.
absl::Status AppendIssued(const std::string& folder,
                          const std::vector<IssuedCertificate>& issued);

// All lines, in their order; empty where there is no file. DATA_LOSS, with the
// number of the line, for one that this did not write.
absl::StatusOr<std::vector<IssuedCertificate>> ReadIssued(
    const std::string& folder);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_ISSUED_FILE_H_
