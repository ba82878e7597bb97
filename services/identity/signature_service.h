// Says who signed a document with the signature certificate of a card.
#ifndef PSM_SERVICES_IDENTITY_SIGNATURE_SERVICE_H_
#define PSM_SERVICES_IDENTITY_SIGNATURE_SERVICE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "psm/identity/v1/signature.grpc.pb.h"
#include "services/identity/card_holders.h"
#include "services/identity/certificate_register.h"
#include "services/identity/revocation_lists.h"

namespace psm::identity {

// Verifies as any agency can, offline, with the newest list
// (card/document_signature.h), and adds what only identity knows: whose card it
// is. Thread-safe. What it is given must outlive it.
class SignatureService final : public v1::SignatureService::Service {
 public:
  // `authority_pem`: the authority's certificate.
  SignatureService(std::string authority_pem, RevocationLists* lists,
                   CertificateRegister* certificates, CardHolders* holders,
                   const Clock* clock)
      : authority_pem_(std::move(authority_pem)),
        lists_(lists),
        certificates_(certificates),
        holders_(holders),
        clock_(clock) {}

  grpc::Status VerifyDocument(grpc::ServerContext* context,
                              const v1::VerifyDocumentRequest* request,
                              v1::VerifyDocumentResponse* response) override;

 private:
  absl::StatusOr<v1::VerifyDocumentResponse> Verify(
      const agency::CallContext& call,
      const v1::VerifyDocumentRequest& request);

  const std::string authority_pem_;
  RevocationLists* const lists_;
  CertificateRegister* const certificates_;
  CardHolders* const holders_;
  const Clock* const clock_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGNATURE_SERVICE_H_
