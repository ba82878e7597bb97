// The lending desk: registers readers, with what identity says about them, and
// says who is one.
#ifndef HOSHI_LIBRARY_LENDING_SERVICE_H_
#define HOSHI_LIBRARY_LENDING_SERVICE_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "psm/identity/v1/basic_items.pb.h"
#include "psm/lending/v1/lending.grpc.pb.h"
#include "reader_register.h"

namespace hoshi {

// Thread-safe. What it is given must outlive it.
class LendingService final : public psm::lending::v1::LendingService::Service {
 public:
  // `gateway` gives the channel to the gateway; asked before each call.
  LendingService(ReaderRegister* readers,
                 std::function<std::shared_ptr<grpc::Channel>()> gateway,
                 const psm::Clock* clock)
      : readers_(readers), gateway_(std::move(gateway)), clock_(clock) {}

  grpc::Status RegisterReader(
      grpc::ServerContext* context,
      const psm::lending::v1::RegisterReaderRequest* request,
      psm::lending::v1::RegisterReaderResponse* response) override;
  grpc::Status GetReader(
      grpc::ServerContext* context,
      const psm::lending::v1::GetReaderRequest* request,
      psm::lending::v1::GetReaderResponse* response) override;

 private:
  // What identity says of the person, through the gateway.
  absl::StatusOr<psm::identity::v1::GetBasicItemsResponse> AskIdentity(
      const psm::agency::CallContext& call, absl::string_view subject);
  absl::StatusOr<std::string> Register(const psm::agency::CallContext& call,
                                       absl::string_view subject);

  ReaderRegister* const readers_;
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
  const psm::Clock* const clock_;
};

}  // namespace hoshi

#endif  // HOSHI_LIBRARY_LENDING_SERVICE_H_
