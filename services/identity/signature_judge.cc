#include "services/identity/signature_judge.h"

#include <optional>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"

namespace psm::identity {

absl::StatusOr<std::unique_ptr<card::DocumentTrust>> SignatureJudge::Trust()
    const {
  PSM_ASSIGN_OR_RETURN(const std::string list, lists_->Current());
  return card::DocumentTrust::Create(authority_pem_, list);
}

absl::StatusOr<SignatureJudge::Judged> SignatureJudge::OfDocument(
    absl::string_view document, absl::string_view signature) const {
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<card::DocumentTrust> trust,
                       Trust());
  PSM_ASSIGN_OR_RETURN(card::DocumentSigner signer,
                       trust->Verify(document, signature, clock_->Now()));
  return Judge(std::move(signer));
}

absl::StatusOr<SignatureJudge::Judged> SignatureJudge::OfRequest(
    absl::string_view digest, const card::SignedFor& whom,
    absl::string_view signature) const {
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<card::DocumentTrust> trust,
                       Trust());
  PSM_ASSIGN_OR_RETURN(
      card::DocumentSigner signer,
      trust->VerifyRequested(digest, whom, signature, clock_->Now()));
  return Judge(std::move(signer));
}

absl::StatusOr<SignatureJudge::Judged> SignatureJudge::Judge(
    card::DocumentSigner signer) const {
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
