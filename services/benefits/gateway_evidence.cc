#include <memory>
#include <utility>

#include "grpcpp/client_context.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/digest.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/benefits/evidence_source.h"

namespace psm {
namespace {

using linkage::v1::LinkageService;
using linkage::v1::RetrieveRequest;
using linkage::v1::RetrieveResponse;

// One question under way.
struct Retrieval {
  std::unique_ptr<grpc::ClientContext> context;
  RetrieveResponse response;
  grpc::Status status;
};

}  // namespace

absl::StatusOr<HouseholdEvidence> GatewayEvidence::GetHousehold(
    const agency::CallContext& call, const std::string& affair,
    const std::string& provider, const std::string& subject) {
  HouseholdEvidence evidence;
  evidence.provider = provider;
  evidence.exchange_id = NewUuid(SystemRandom());
  const auto context = agency::Outgoing(&call, affair);
  context->AddMetadata("psm-provider", provider);
  context->AddMetadata("psm-exchange-id", evidence.exchange_id);
  residents::v1::GetHouseholdRequest request;
  request.set_subject(subject);
  const auto stub = residents::v1::ResidentsService::NewStub(gateway_());
  const grpc::Status status =
      stub->GetHousehold(context.get(), request, &evidence.household);
  if (!status.ok()) return agency::FromGrpc(status);
  return evidence;
}

std::vector<absl::StatusOr<RetrieveResponse>> GatewayEvidence::RetrieveAll(
    const agency::CallContext& call, const std::string& affair,
    absl::Span<const RetrieveRequest> requests) {
  const auto stub = LinkageService::NewStub(gateway_());
  std::vector<Retrieval> retrievals(requests.size());
  Mutex mu;
  CondVar done;
  std::size_t under_way = requests.size();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Retrieval& retrieval = retrievals[i];
    retrieval.context = agency::Outgoing(&call, affair);
    stub->async()->Retrieve(retrieval.context.get(), &requests[i],
                            &retrieval.response, [&, i](grpc::Status status) {
                              retrievals[i].status = std::move(status);
                              // Under the lock to the end: once the waiting
                              // thread sees zero, mu and done are gone.
                              MutexLock lock(mu);
                              --under_way;
                              done.NotifyOne();
                            });
  }
  {
    MutexLock lock(mu);
    while (under_way > 0) done.Wait(mu);
  }
  std::vector<absl::StatusOr<RetrieveResponse>> responses;
  for (Retrieval& retrieval : retrievals) {
    if (retrieval.status.ok()) {
      responses.emplace_back(std::move(retrieval.response));
    } else {
      responses.emplace_back(agency::FromGrpc(retrieval.status));
    }
  }
  return responses;
}

}  // namespace psm
