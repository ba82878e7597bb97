// Whose signature of a document it is. Knows no transport.
#ifndef PSM_SERVICES_IDENTITY_SIGNATURE_JUDGE_H_
#define PSM_SERVICES_IDENTITY_SIGNATURE_JUDGE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/clock.h"
#include "services/identity/card/document_signature.h"
#include "services/identity/card_holders.h"
#include "services/identity/certificate_register.h"
#include "services/identity/revocation_lists.h"

namespace psm::identity {

// Verifies as any agency can, offline, with the newest list
// (card/document_signature.h), and adds what only identity knows: whose card it
// is, and whether the certificate was revoked just now. Thread-safe. What it is
// given must outlive it.
class SignatureJudge {
 public:
  // `authority_pem`: the authority's certificate.
  SignatureJudge(std::string authority_pem, RevocationLists* lists,
                 CertificateRegister* certificates, CardHolders* holders,
                 const Clock* clock)
      : authority_pem_(std::move(authority_pem)),
        lists_(lists),
        certificates_(certificates),
        holders_(holders),
        clock_(clock) {}

  struct Judged {
    std::string subject;  // identity's code
    card::DocumentSigner signer;
  };
  // Who signed, now. Errors as DocumentTrust::Verify, CERTIFICATE_NOT_ACCEPTED
  // also where the certificate is not in force or nobody's; those of the
  // database.
  absl::StatusOr<Judged> OfDocument(absl::string_view document,
                                    absl::string_view signature) const;
  // Who signed for a request, by the document's SHA-256, 32 bytes. Errors as
  // DocumentTrust::VerifyRequested, and as above.
  absl::StatusOr<Judged> OfRequest(absl::string_view digest,
                                   const card::SignedFor& whom,
                                   absl::string_view signature) const;

 private:
  absl::StatusOr<std::unique_ptr<card::DocumentTrust>> Trust() const;
  // Whose card it is, and whether its certificate is in force just now.
  absl::StatusOr<Judged> Judge(card::DocumentSigner signer) const;

  const std::string authority_pem_;
  RevocationLists* const lists_;
  CertificateRegister* const certificates_;
  CardHolders* const holders_;
  const Clock* const clock_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGNATURE_JUDGE_H_
