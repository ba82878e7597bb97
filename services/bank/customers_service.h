// A customer hands a consent over; the bank fetches the address with it.
#ifndef PSM_SERVICES_BANK_CUSTOMERS_SERVICE_H_
#define PSM_SERVICES_BANK_CUSTOMERS_SERVICE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "psm/bank/v1/customers.grpc.pb.h"
#include "services/bank/address_source.h"
#include "services/bank/customer_register.h"

namespace psm::bank {

// Thread-safe. What it is given must outlive it.
class CustomersService final : public v1::CustomersService::Service {
 public:
  // `follow` is called when a consent to hear of moves has come.
  CustomersService(CustomerRegister* customers, AddressSource* source,
                   const Clock* clock, std::function<void()> follow)
      : customers_(customers),
        source_(source),
        clock_(clock),
        follow_(std::move(follow)) {}

  grpc::Status UpdateAddress(grpc::ServerContext* context,
                             const v1::UpdateAddressRequest* request,
                             v1::UpdateAddressResponse* response) override;

  grpc::Status FollowMoves(grpc::ServerContext* context,
                           const v1::FollowMovesRequest* request,
                           v1::FollowMovesResponse* response) override;
  grpc::Status GetCustomer(grpc::ServerContext* context,
                           const v1::GetCustomerRequest* request,
                           v1::GetCustomerResponse* response) override;

 private:
  // Whether the token is that customer's: CUSTOMER_UNKNOWN, CONSENT_INVALID.
  absl::Status CheckNames(absl::string_view token, const std::string& subject);
  absl::StatusOr<v1::UpdateAddressResponse> Update(
      const agency::CallContext& call, const v1::UpdateAddressRequest& request);

  CustomerRegister* const customers_;
  AddressSource* const source_;
  const Clock* const clock_;
  const std::function<void()> follow_;
};

}  // namespace psm::bank

#endif  // PSM_SERVICES_BANK_CUSTOMERS_SERVICE_H_
