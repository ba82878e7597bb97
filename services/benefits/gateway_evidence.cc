#include <cstddef>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "mesh/agency/batch_call.h"
#include "mesh/agency/derived_exchange_id.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/benefits/evidence_source.h"

namespace psm {

using linkage::v1::RetrieveRequest;
using linkage::v1::RetrieveResponse;

namespace {

// The same text for the same request, in which providers have no order.
std::string Canonical(const RetrieveRequest& request) {
  std::string text;
  google::protobuf::io::StringOutputStream stream(&text);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  request.SerializeToCodedStream(&out);
  out.Trim();
  return text;
}

}  // namespace

std::string Inquiry::ExchangeId(const std::string& head,
                                const std::string& about) const {
  if (run.empty()) return NewUuid(SystemRandom());
  return agency::DerivedExchangeId(run, absl::StrCat(head, "\n", about));
}

absl::StatusOr<HouseholdEvidence> GatewayEvidence::GetHousehold(
    const Inquiry& inquiry, const std::string& affair,
    const std::string& provider, const std::string& subject) {
  HouseholdEvidence evidence;
  evidence.provider = provider;
  evidence.exchange_id = inquiry.ExchangeId(
      subject, absl::StrCat("household\n", affair, "\n", provider));
  residents::v1::GetHouseholdRequest request;
  request.set_subject(subject);
  const absl::Status status = agency::Call(
      gateway_, &residents::v1::ResidentsService::Stub::GetHousehold,
      {.parent = inquiry.call,
       .affair = affair,
       .provider = provider,
       .exchange_id = evidence.exchange_id},
      request, &evidence.household);
  if (!status.ok()) return status;
  return evidence;
}

namespace {

absl::Status TakeAccount(const absl::StatusOr<RetrieveResponse>& answer,
                         const Programme& programme, Application& application) {
  if (!answer.ok()) {
    const std::string reason = ReasonOf(answer.status());
    return EvidenceMissing(
        "accounts", reason.empty()
                        ? absl::StatusCodeToString(answer.status().code())
                        : reason);
  }
  PSM_ASSIGN_OR_RETURN(
      const PayableAccount account,
      ReadAccount({answer->evidence().begin(), answer->evidence().end()}));
  PutAccount(programme, account, application);
  for (const linkage::v1::Evidence& leg : answer->evidence()) {
    benefits::v1::Source& exchange = application.sources.emplace_back();
    exchange.set_provider(leg.provider());
    exchange.set_dataset(leg.dataset());
    exchange.set_exchange_id(leg.exchange_id());
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<absl::Status> AskForAccounts(
    EvidenceSource& source, const Inquiry& inquiry, const Programme& programme,
    absl::Span<Application* const> applications) {
  std::vector<HouseholdQuestion> questions(applications.size());
  for (std::size_t i = 0; i < applications.size(); ++i) {
    questions[i].head = applications[i]->subject;
    questions[i].request.set_subject(applications[i]->subject);
    questions[i].request.add_attributes("accounts.account");
  }
  const std::vector<absl::StatusOr<RetrieveResponse>> answers =
      source.RetrieveAll(inquiry, programme.definition.affair(), questions);
  std::vector<absl::Status> statuses;
  statuses.reserve(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i)
    statuses.push_back(TakeAccount(answers[i], programme, *applications[i]));
  return statuses;
}

std::vector<absl::StatusOr<RetrieveResponse>> GatewayEvidence::RetrieveAll(
    const Inquiry& inquiry, const std::string& affair,
    absl::Span<const HouseholdQuestion> questions) {
  std::vector<agency::BatchQuestion> batch;
  batch.reserve(questions.size());
  for (const HouseholdQuestion& question : questions) {
    batch.push_back(
        {question.request,
         inquiry.ExchangeId(question.head,
                            absl::StrCat("evidence\n", affair, "\n",
                                         Canonical(question.request)))});
  }
  return agency::RetrieveBatch(
      gateway_,
      {.parent = inquiry.call,
       .affair = affair,
       .timeout = absl::Seconds(10 + static_cast<int>(batch.size()))},
      batch);
}

}  // namespace psm
