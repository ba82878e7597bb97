// Requests for consent: made by systems, seen and answered by persons.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_REQUEST_SERVICE_H_
#define PSM_SERVICES_IDENTITY_CONSENT_REQUEST_SERVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "psm/identity/v1/consent_request.grpc.pb.h"
#include "services/identity/card_holders.h"
#include "services/identity/consent_issuer.h"
#include "services/identity/consent_requests.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class ConsentRequestService final : public v1::ConsentRequestService::Service {
 public:
  struct Parts {
    agency::Database* database;
    CardHolders* holders;
    ConsentRequests* requests;
    ConsentIssuer* issuer;
    const Clock* clock;
    Random* random;
  };
  explicit ConsentRequestService(const Parts& parts) : parts_(parts) {}

  grpc::Status RequestConsent(grpc::ServerContext* context,
                              const v1::RequestConsentRequest* request,
                              v1::RequestConsentResponse* response) override;
  grpc::Status ListConsentRequests(
      grpc::ServerContext* context,
      const v1::ListConsentRequestsRequest* request,
      v1::ListConsentRequestsResponse* response) override;
  grpc::Status AnswerConsentRequest(
      grpc::ServerContext* context,
      const v1::AnswerConsentRequestRequest* request,
      v1::AnswerConsentRequestResponse* response) override;
  grpc::Status CollectConsent(grpc::ServerContext* context,
                              const v1::CollectConsentRequest* request,
                              v1::CollectConsentResponse* response) override;

  // RequestConsent and CollectConsent, also for the provider, which asks in the
  // name of relying parties. Errors are those of the contract, and
  // ALREADY_EXISTS where `client` asked for something else under its reference
  // before. Nobody collects what another client, or a system, has asked for.
  absl::StatusOr<v1::RequestConsentResponse> Request(
      const agency::CallContext& call, const v1::RequestConsentRequest& request,
      const AskingClient& client = {});
  absl::StatusOr<v1::CollectConsentResponse> Collect(
      const agency::CallContext& call, const v1::CollectConsentRequest& request,
      const std::string& client_id = {});

 private:
  absl::StatusOr<v1::ListConsentRequestsResponse> List(
      const agency::CallContext& call,
      const v1::ListConsentRequestsRequest& request);
  absl::StatusOr<v1::AnswerConsentRequestResponse> Answer(
      const agency::CallContext& call,
      const v1::AnswerConsentRequestRequest& request);
  // The serialised answer to what was not answered before.
  absl::StatusOr<std::string> AnswerNow(
      const agency::CallContext& call,
      const v1::AnswerConsentRequestRequest& request, absl::string_view name);

  const Parts parts_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_REQUEST_SERVICE_H_
