#include "services/identity/signature_judge.h"

#include <memory>
#include <optional>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"

namespace psm::identity {

absl::StatusOr<SignatureJudge::Judged> SignatureJudge::OfDocument(
    absl::string_view document, absl::string_view signature) const {
  if (document.size() > card::kMaxDocumentSize) {
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "SIGNATURE_INVALID", "the document is too large");
  }
  return OfDigest(Sha256(document), signature);
}

absl::StatusOr<SignatureJudge::Judged> SignatureJudge::OfDigest(
    absl::string_view digest, absl::string_view signature) const {
  PSM_ASSIGN_OR_RETURN(const std::string list, lists_->Current());
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<card::DocumentTrust> trust,
                       card::DocumentTrust::Create(authority_pem_, list));
  PSM_ASSIGN_OR_RETURN(card::DocumentSigner signer,
                       trust->VerifyDigest(digest, signature, clock_->Now()));
  PSM_ASSIGN_OR_RETURN(const std::optional<RegisteredCertificate> registered,
                       certificates_->Find(signer.certificate_serial));
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> subject,
                       holders_->SubjectOfCard(signer.card_serial));
  if (!registered.has_value() || registered->revoke_time.has_value() ||
      registered->card_serial != signer.card_serial || !subject.has_value()) {
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "CERTIFICATE_NOT_ACCEPTED",
                           "the signer's certificate is not in force");
  }
  return Judged{*std::move(subject), std::move(signer)};
}

}  // namespace psm::identity
