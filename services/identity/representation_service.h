// Who may act for whom, over the mesh.
#ifndef PSM_SERVICES_IDENTITY_REPRESENTATION_SERVICE_H_
#define PSM_SERVICES_IDENTITY_REPRESENTATION_SERVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "psm/identity/v1/representation.grpc.pb.h"
#include "services/identity/card_holders.h"
#include "services/identity/consent_key.h"
#include "services/identity/consent_store.h"
#include "services/identity/feed_progress.h"
#include "services/identity/mesh_services.h"
#include "services/identity/representations.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class RepresentationService final : public v1::RepresentationService::Service {
 public:
  struct Parts {
    agency::Database* database;
    CardHolders* holders;
    Representations* representations;
    ConsentStore* consents;  // for the sequence that the gateway follows
    const ConsentKey* key;
    Disclosures* disclosures;
    FeedProgress* progress;  // null: ends are not waited for (tests)
    const Clock* clock;
    Random* random;
  };
  explicit RepresentationService(const Parts& parts) : parts_(parts) {}

  grpc::Status RegisterRepresentation(
      grpc::ServerContext* context,
      const v1::RegisterRepresentationRequest* request,
      v1::RegisterRepresentationResponse* response) override;
  grpc::Status EndRepresentation(
      grpc::ServerContext* context, const v1::EndRepresentationRequest* request,
      v1::EndRepresentationResponse* response) override;
  grpc::Status ListRepresentations(
      grpc::ServerContext* context,
      const v1::ListRepresentationsRequest* request,
      v1::ListRepresentationsResponse* response) override;
  grpc::Status ActFor(grpc::ServerContext* context,
                      const v1::ActForRequest* request,
                      v1::ActForResponse* response) override;

 private:
  absl::StatusOr<v1::RegisterRepresentationResponse> Register(
      const agency::CallContext& call,
      const v1::RegisterRepresentationRequest& request);
  absl::StatusOr<v1::EndRepresentationResponse> End(
      const agency::CallContext& call,
      const v1::EndRepresentationRequest& request);
  absl::StatusOr<v1::ListRepresentationsResponse> List(
      const agency::CallContext& call,
      const v1::ListRepresentationsRequest& request);
  absl::StatusOr<v1::ActForResponse> Act(const agency::CallContext& call,
                                         const v1::ActForRequest& request);
  // The token, after the mesh has recorded for both persons that the caller is
  // told its own codes of them.
  absl::StatusOr<std::string> IssueToken(const agency::CallContext& call,
                                         const StoredRepresentation& stored,
                                         absl::Time* expire_time);

  const Parts parts_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_REPRESENTATION_SERVICE_H_
