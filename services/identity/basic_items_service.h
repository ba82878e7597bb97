// The latest four basic items of a card holder.
#ifndef PSM_SERVICES_IDENTITY_BASIC_ITEMS_SERVICE_H_
#define PSM_SERVICES_IDENTITY_BASIC_ITEMS_SERVICE_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "services/identity/card_holders.h"

namespace psm::identity {

// Gives the granted attributes and no others. Thread-safe. `holders` must
// outlive it.
class BasicItemsService final : public v1::BasicItemsService::Service {
 public:
  explicit BasicItemsService(CardHolders* holders) : holders_(holders) {}

  grpc::Status GetBasicItems(grpc::ServerContext* context,
                             const v1::GetBasicItemsRequest* request,
                             v1::GetBasicItemsResponse* response) override;

 private:
  absl::StatusOr<v1::GetBasicItemsResponse> Get(
      const agency::CallContext& call, const v1::GetBasicItemsRequest& request);

  CardHolders* const holders_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_BASIC_ITEMS_SERVICE_H_
