#include "services/identity/signature_service.h"

#include <memory>
#include <optional>

#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "services/identity/card/document_signature.h"

namespace psm::identity {

grpc::Status SignatureService::VerifyDocument(
    grpc::ServerContext* context, const v1::VerifyDocumentRequest* request,
    v1::VerifyDocumentResponse* response) {
  return agency::Reply(Verify(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::VerifyDocumentResponse> SignatureService::Verify(
    const agency::CallContext& call, const v1::VerifyDocumentRequest& request) {
  PSM_ASSIGN_OR_RETURN(const std::string list, lists_->Current());
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<card::DocumentTrust> trust,
                       card::DocumentTrust::Create(authority_pem_, list));
  PSM_ASSIGN_OR_RETURN(
      const card::DocumentSigner signer,
      trust->Verify(request.document(), request.signature(), clock_->Now()));
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
  v1::VerifyDocumentResponse response;
  response.set_subject(*std::move(subject));
  if (call.Grants("name")) response.set_name(signer.items.name);
  if (call.Grants("address")) response.set_address(signer.items.address);
  if (call.Grants("birth_date"))
    response.set_birth_date(signer.items.birth_date);
  if (call.Grants("sex")) response.set_sex(signer.items.sex);
  response.mutable_signing_time()->set_seconds(
      absl::ToUnixSeconds(signer.signing_time));
  return response;
}

}  // namespace psm::identity
