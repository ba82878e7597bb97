// The certificates of a person's card, over the mesh.
#ifndef PSM_SERVICES_IDENTITY_CARDS_SERVICE_H_
#define PSM_SERVICES_IDENTITY_CARDS_SERVICE_H_

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "psm/identity/v1/cards.grpc.pb.h"
#include "services/identity/card_holders.h"
#include "services/identity/card_register.h"
#include "services/identity/certificate_register.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class CardsService final : public v1::CardsService::Service {
 public:
  struct Parts {
    agency::Database* database;
    CardHolders* holders;
    CardRegister* cards;
    CertificateRegister* certificates;
    const Clock* clock;
    // Called after a transaction that may have revoked something.
    std::function<void()> publish;
  };
  explicit CardsService(Parts parts) : parts_(std::move(parts)) {}

  grpc::Status ListCertificates(
      grpc::ServerContext* context, const v1::ListCertificatesRequest* request,
      v1::ListCertificatesResponse* response) override;
  grpc::Status RenewCertificates(
      grpc::ServerContext* context, const v1::RenewCertificatesRequest* request,
      v1::RenewCertificatesResponse* response) override;
  grpc::Status RevokeCard(grpc::ServerContext* context,
                          const v1::RevokeCardRequest* request,
                          v1::RevokeCardResponse* response) override;
  grpc::Status NotifyChange(grpc::ServerContext* context,
                            const v1::NotifyChangeRequest* request,
                            v1::NotifyChangeResponse* response) override;

 private:
  absl::StatusOr<v1::ListCertificatesResponse> List(
      const agency::CallContext& call,
      const v1::ListCertificatesRequest& request);
  absl::StatusOr<v1::RenewCertificatesResponse> Renew(
      const agency::CallContext& call,
      const v1::RenewCertificatesRequest& request);
  absl::StatusOr<v1::RevokeCardResponse> Revoke(
      const agency::CallContext& call, const v1::RevokeCardRequest& request);
  absl::StatusOr<v1::NotifyChangeResponse> Notify(
      const agency::CallContext& call, const v1::NotifyChangeRequest& request);

  const Parts parts_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CARDS_SERVICE_H_
