#include <cstddef>
#include <thread>
#include <utility>

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/benefits/evidence_source.h"

namespace psm {

using linkage::v1::LinkageService;
using linkage::v1::RetrieveRequest;
using linkage::v1::RetrieveResponse;

absl::StatusOr<HouseholdEvidence> GatewayEvidence::GetHousehold(
    const agency::CallContext* call, const std::string& affair,
    const std::string& provider, const std::string& subject) {
  HouseholdEvidence evidence;
  evidence.provider = provider;
  evidence.exchange_id = NewUuid(SystemRandom());
  residents::v1::GetHouseholdRequest request;
  request.set_subject(subject);
  const absl::Status status = agency::Call(
      gateway_, &residents::v1::ResidentsService::Stub::GetHousehold,
      {.parent = call,
       .affair = affair,
       .provider = provider,
       .exchange_id = evidence.exchange_id},
      request, &evidence.household);
  if (!status.ok()) return status;
  return evidence;
}

absl::Status AskForAccount(EvidenceSource& source,
                           const agency::CallContext* call,
                           const Programme& programme,
                           Application& application) {
  RetrieveRequest question;
  question.set_subject(application.subject);
  question.add_attributes("accounts.account");
  const auto answers =
      source.RetrieveAll(call, programme.definition.affair(), {&question, 1});
  if (!answers[0].ok()) {
    const std::string reason = ReasonOf(answers[0].status());
    return EvidenceMissing(
        "accounts", reason.empty()
                        ? absl::StatusCodeToString(answers[0].status().code())
                        : reason);
  }
  PSM_ASSIGN_OR_RETURN(const PayableAccount account,
                       ReadAccount({answers[0]->evidence().begin(),
                                    answers[0]->evidence().end()}));
  PutAccount(programme, account, application);
  for (const linkage::v1::Evidence& leg : answers[0]->evidence()) {
    benefits::v1::Source& exchange = application.sources.emplace_back();
    exchange.set_provider(leg.provider());
    exchange.set_dataset(leg.dataset());
    exchange.set_exchange_id(leg.exchange_id());
  }
  return absl::OkStatus();
}

std::vector<absl::StatusOr<RetrieveResponse>> GatewayEvidence::RetrieveAll(
    const agency::CallContext* call, const std::string& affair,
    absl::Span<const RetrieveRequest> requests) {
  std::vector<RetrieveResponse> responses(requests.size());
  std::vector<absl::Status> statuses(requests.size());
  const auto ask = [&](std::size_t i) {
    statuses[i] = agency::Call(gateway_, &LinkageService::Stub::Retrieve,
                               {.parent = call, .affair = affair}, requests[i],
                               &responses[i]);
  };
  // A household's, so a handful: a thread for each but the first.
  std::vector<std::thread> asking;
  for (std::size_t i = 1; i < requests.size(); ++i) asking.emplace_back(ask, i);
  if (!requests.empty()) ask(0);
  for (std::thread& thread : asking) thread.join();

  std::vector<absl::StatusOr<RetrieveResponse>> answers;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (statuses[i].ok()) {
      answers.emplace_back(std::move(responses[i]));
    } else {
      answers.emplace_back(std::move(statuses[i]));
    }
  }
  return answers;
}

}  // namespace psm
