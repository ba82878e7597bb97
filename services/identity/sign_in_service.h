// Signing in with a card, and finding a card's holder.
#ifndef PSM_SERVICES_IDENTITY_SIGN_IN_SERVICE_H_
#define PSM_SERVICES_IDENTITY_SIGN_IN_SERVICE_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "psm/identity/v1/sign_in.grpc.pb.h"
#include "services/identity/card_holders.h"
#include "services/identity/card_trust.h"
#include "services/identity/certificate_register.h"
#include "services/identity/challenges.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class SignInService final : public v1::SignInService::Service {
 public:
  SignInService(Challenges* challenges, CardTrust* trust,
                CertificateRegister* certificates, CardHolders* holders,
                const Clock* clock)
      : challenges_(challenges),
        trust_(trust),
        certificates_(certificates),
        holders_(holders),
        clock_(clock) {}

  grpc::Status BeginSignIn(grpc::ServerContext* context,
                           const v1::BeginSignInRequest* request,
                           v1::BeginSignInResponse* response) override;
  grpc::Status CompleteSignIn(grpc::ServerContext* context,
                              const v1::CompleteSignInRequest* request,
                              v1::CompleteSignInResponse* response) override;
  grpc::Status LookUpCard(grpc::ServerContext* context,
                          const v1::LookUpCardRequest* request,
                          v1::LookUpCardResponse* response) override;

  // CompleteSignIn for whoever is in this process: the provider's pages.
  absl::StatusOr<v1::CompleteSignInResponse> Complete(
      const agency::CallContext& call,
      const v1::CompleteSignInRequest& request);

 private:
  absl::StatusOr<v1::LookUpCardResponse> LookUp(
      const v1::LookUpCardRequest& request);

  Challenges* const challenges_;
  CardTrust* const trust_;
  CertificateRegister* const certificates_;
  CardHolders* const holders_;
  const Clock* const clock_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGN_IN_SERVICE_H_
