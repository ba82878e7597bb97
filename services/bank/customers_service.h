// A customer hands a consent over; the bank fetches the address with it.
#ifndef PSM_SERVICES_BANK_CUSTOMERS_SERVICE_H_
#define PSM_SERVICES_BANK_CUSTOMERS_SERVICE_H_

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
  CustomersService(CustomerRegister* customers, AddressSource* source,
                   const Clock* clock)
      : customers_(customers), source_(source), clock_(clock) {}

  grpc::Status UpdateAddress(grpc::ServerContext* context,
                             const v1::UpdateAddressRequest* request,
                             v1::UpdateAddressResponse* response) override;

 private:
  absl::StatusOr<v1::UpdateAddressResponse> Update(
      const agency::CallContext& call, const v1::UpdateAddressRequest& request);

  CustomerRegister* const customers_;
  AddressSource* const source_;
  const Clock* const clock_;
};

}  // namespace psm::bank

#endif  // PSM_SERVICES_BANK_CUSTOMERS_SERVICE_H_
