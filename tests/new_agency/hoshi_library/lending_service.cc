#include "lending_service.h"

#include <string>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace hoshi {

using psm::agency::CallContext;
using psm::agency::Refusal;
using psm::identity::v1::BasicItemsService;
using psm::identity::v1::GetBasicItemsRequest;
using psm::identity::v1::GetBasicItemsResponse;

grpc::Status LendingService::RegisterReader(
    grpc::ServerContext* context,
    const psm::lending::v1::RegisterReaderRequest* request,
    psm::lending::v1::RegisterReaderResponse* response) {
  const CallContext call = CallContext::From(*context);
  const absl::StatusOr<std::string> number = Register(call, request->subject());
  if (!number.ok()) return psm::agency::ToGrpc(number.status());
  if (call.Grants("reader_number")) response->set_reader_number(*number);
  return grpc::Status::OK;
}

grpc::Status LendingService::GetReader(
    grpc::ServerContext* context,
    const psm::lending::v1::GetReaderRequest* request,
    psm::lending::v1::GetReaderResponse* response) {
  const CallContext call = CallContext::From(*context);
  const absl::StatusOr<Reader> reader = readers_->Find(request->subject());
  if (!reader.ok()) return psm::agency::ToGrpc(reader.status());
  if (call.Grants("reader_number")) response->set_reader_number(reader->number);
  if (call.Grants("address")) response->set_address(reader->address);
  response->mutable_as_of_time()->set_seconds(
      absl::ToUnixSeconds(clock_->Now()));
  return grpc::Status::OK;
}

// Identity is asked before the transaction: all other writers wait for one.
absl::StatusOr<std::string> LendingService::Register(
    const CallContext& call, absl::string_view subject) {
  PSM_ASSIGN_OR_RETURN(const GetBasicItemsResponse items,
                       AskIdentity(call, subject));
  if (!Serves(items.address())) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "OUTSIDE_AREA",
                   "the library serves those who live in Akatsuki City");
  }
  return readers_->Keep(call, subject, items.name(), items.address(),
                        clock_->Now());
}

absl::StatusOr<GetBasicItemsResponse> LendingService::AskIdentity(
    const CallContext& call, absl::string_view subject) {
  GetBasicItemsRequest request;
  request.set_subject(std::string(subject));
  GetBasicItemsResponse items;
  const std::unique_ptr<grpc::ClientContext> context =
      psm::agency::Outgoing(&call, "reader-registration");
  const absl::Status asked = psm::agency::FromGrpc(
      BasicItemsService::NewStub(gateway_())
          ->GetBasicItems(context.get(), request, &items));
  if (asked.ok()) return items;
  const std::string reason = psm::ReasonOf(asked);
  if (reason == "PERSON_UNKNOWN") {
    return Refusal(absl::StatusCode::kNotFound, reason,
                   "identity knows no such card holder");
  }
  psm::LogWarning(
      "items_unavailable",
      {{"code", absl::StatusCodeToString(asked.code())}, {"reason", reason}});
  return Refusal(absl::StatusCode::kUnavailable, "ITEMS_UNAVAILABLE",
                 "identity does not give name and address now");
}

}  // namespace hoshi
