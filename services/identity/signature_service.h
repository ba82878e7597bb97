// Says who signed a document with the signature certificate of a card.
#ifndef PSM_SERVICES_IDENTITY_SIGNATURE_SERVICE_H_
#define PSM_SERVICES_IDENTITY_SIGNATURE_SERVICE_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/identity/v1/signature.grpc.pb.h"
#include "services/identity/signature_judge.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class SignatureService final : public v1::SignatureService::Service {
 public:
  explicit SignatureService(const SignatureJudge* judge) : judge_(judge) {}

  grpc::Status VerifyDocument(grpc::ServerContext* context,
                              const v1::VerifyDocumentRequest* request,
                              v1::VerifyDocumentResponse* response) override;

 private:
  absl::StatusOr<v1::VerifyDocumentResponse> Verify(
      const agency::CallContext& call,
      const v1::VerifyDocumentRequest& request);

  const SignatureJudge* const judge_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGNATURE_SERVICE_H_
