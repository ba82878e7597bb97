#include "services/identity/signature_service.h"

#include <string>
#include <utility>

#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"

namespace psm::identity {

grpc::Status SignatureService::VerifyDocument(
    grpc::ServerContext* context, const v1::VerifyDocumentRequest* request,
    v1::VerifyDocumentResponse* response) {
  return agency::Reply(Verify(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::VerifyDocumentResponse> SignatureService::Verify(
    const agency::CallContext& call, const v1::VerifyDocumentRequest& request) {
  PSM_ASSIGN_OR_RETURN(
      SignatureJudge::Judged judged,
      judge_->OfDocument(request.document(), request.signature()));
  const card::DocumentSigner& signer = judged.signer;
  v1::VerifyDocumentResponse response;
  response.set_subject(std::move(judged.subject));
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
