// Consents that a person gives, sees and withdraws.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_SERVICE_H_
#define PSM_SERVICES_IDENTITY_CONSENT_SERVICE_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "services/identity/consent_issuer.h"
#include "services/identity/consent_store.h"
#include "services/identity/feed_progress.h"

namespace psm::identity {

// How long a withdrawal waits for the gateway: past that, what the gateway
// knows is too old for it to accept any consent, so the withdrawal binds either
// way.
inline constexpr absl::Duration kWithdrawalPatience = absl::Seconds(1);

// Thread-safe. What it is given must outlive it.
class ConsentService final : public v1::ConsentService::Service {
 public:
  struct Parts {
    agency::Database* database;
    ConsentStore* store;
    ConsentIssuer* issuer;
    const Clock* clock;
    // A withdrawal returns once the gateway knows of it. Null: it does not
    // wait (tests without a gateway).
    FeedProgress* progress = nullptr;
  };
  explicit ConsentService(const Parts& parts) : parts_(parts) {}

  grpc::Status GrantConsent(grpc::ServerContext* context,
                            const v1::GrantConsentRequest* request,
                            v1::GrantConsentResponse* response) override;
  grpc::Status WithdrawConsent(grpc::ServerContext* context,
                               const v1::WithdrawConsentRequest* request,
                               v1::WithdrawConsentResponse* response) override;
  grpc::Status ListConsents(grpc::ServerContext* context,
                            const v1::ListConsentsRequest* request,
                            v1::ListConsentsResponse* response) override;

 private:
  absl::StatusOr<v1::GrantConsentResponse> Grant(
      const agency::CallContext& call, const v1::GrantConsentRequest& request);
  // The serialised answer to a request that was not answered before.
  absl::StatusOr<std::string> GrantNow(const agency::CallContext& call,
                                       const ConsentTerms& terms,
                                       absl::string_view name);
  absl::StatusOr<v1::WithdrawConsentResponse> Withdraw(
      const v1::WithdrawConsentRequest& request);
  absl::StatusOr<v1::ListConsentsResponse> List(
      const agency::CallContext& call, const v1::ListConsentsRequest& request);

  const Parts parts_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_SERVICE_H_
