#include "mesh/exchange/linkage.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/contracts/rewrite.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/exchange.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/steps.h"
#include "mesh/records/leg_exchange_id.h"
#include "psm/linkage/v1/linkage.pb.h"

namespace psm {
namespace {

struct Leg {
  const MethodPlan* plan = nullptr;
  AttributeMask wanted = 0;
};

absl::Status UnknownAttribute(absl::string_view attribute) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "UNKNOWN_ATTRIBUTE", Party::kConsumer,
      "no evidence method has this attribute; write dataset.attribute",
      {{"attribute", attribute}});
}

// The evidence broker: which method answers for which of the attributes. One
// method a dataset must have them all.
absl::StatusOr<std::map<std::string, Leg>> FindLegs(
    const ContractSet& contracts, const linkage::v1::RetrieveRequest& request) {
  std::map<std::string, std::vector<std::string>>
      wanted;  // dataset -> attributes
  for (const std::string& attribute : request.attributes()) {
    const std::size_t dot = attribute.find('.');
    if (dot == std::string::npos) return UnknownAttribute(attribute);
    wanted[attribute.substr(0, dot)].push_back(attribute.substr(dot + 1));
  }
  std::map<std::string, Leg> legs;
  for (const auto& [dataset, attributes] : wanted) {
    Leg leg;
    for (const MethodPlan* plan :
         contracts.FindEvidence(dataset, attributes.front())) {
      AttributeMask mask = 0;
      bool all = true;
      for (const std::string& attribute : attributes) {
        AttributeMask bit = plan->BitOf(attribute) & plan->response_attributes;
        mask |= bit;
        all = all && bit != 0;
      }
      if (all) {
        leg = {plan, mask};
        break;
      }
    }
    if (leg.plan == nullptr)
      return UnknownAttribute(absl::StrCat(dataset, ".", attributes.front()));
    legs[dataset] = leg;
  }
  if (legs.empty() || legs.size() > static_cast<std::size_t>(kMaxLegs)) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "UNKNOWN_ATTRIBUTE",
        Party::kConsumer,
        absl::StrCat("ask for attributes of 1 to ", kMaxLegs, " datasets"));
  }
  return legs;
}

// An evidence request is its subject, or its corporation, and nothing else.
std::string EvidenceRequest(const MethodPlan& plan,
                            const linkage::v1::RetrieveRequest& request) {
  const bool person = plan.request_subject_field != 0;
  const std::string& value = person ? request.subject() : request.corporation();
  const int field =
      person ? plan.request_subject_field : plan.request_corporation_field;
  std::string message;
  if (value.empty() || field == 0) return message;
  google::protobuf::io::StringOutputStream stream(&message);
  google::protobuf::io::CodedOutputStream out(&stream);
  google::protobuf::internal::WireFormatLite::WriteString(field, value, &out);
  return message;
}

void FillEvidence(const std::string& dataset, const MethodPlan& plan,
                  Answer& answer, linkage::v1::Evidence& evidence) {
  evidence.set_dataset(dataset);
  evidence.set_method(plan.name);
  evidence.set_provider(answer.provider);
  evidence.set_receipt(answer.receipt.Joined());
  evidence.set_exchange_id(answer.exchange_id);
  if (!answer.status.ok()) {
    evidence.mutable_status()->ParseFromString(ToRpcStatus(answer.status));
    return;
  }
  evidence.set_type_name(plan.response_type);
  absl::string_view as_of =
      TopLevelBytes(answer.message, plan.response_as_of_field);
  if (plan.response_as_of_field == 0 || as_of.empty() ||
      !evidence.mutable_as_of_time()->ParseFromArray(
          as_of.data(), static_cast<int>(as_of.size()))) {
    evidence.mutable_as_of_time()->set_seconds(
        absl::ToUnixSeconds(answer.provide_time));
  }
  evidence.set_message(std::move(answer.message));
}

Answer Refused(absl::Status status) {
  Answer answer;
  answer.status = std::move(status);
  return answer;
}

}  // namespace

Task<Answer> Retrieve(Environment& env, Ask ask) {
  absl::StatusOr<linkage::v1::RetrieveRequest> question =
      linkage::v1::RetrieveRequest();
  if (!question->ParseFromString(ask.message)) {
    question = MakeError(absl::StatusCode::kInvalidArgument,
                         "MESSAGE_MALFORMED", Party::kConsumer,
                         "the request is not a psm.linkage.v1.RetrieveRequest");
  }
  return RetrieveParsed(env, std::move(ask), std::move(question));
}

Task<Answer> RetrieveParsed(
    Environment& env, Ask ask,
    absl::StatusOr<linkage::v1::RetrieveRequest> question) {
  const std::shared_ptr<const PolicyEngine> policy =
      env.policy;  // keeps the plans
  // Who may not call learns nothing of what there is; the legs look again.
  Draft draft(env, ask);
  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return co_await Refuse(env, draft, caller.status());
  if (!question.ok()) co_return Refused(question.status());
  const linkage::v1::RetrieveRequest& request = *question;
  absl::StatusOr<std::map<std::string, Leg>> legs =
      FindLegs(policy->contracts(), request);
  if (!legs.ok()) co_return Refused(legs.status());

  LegGate gate(legs->size());
  std::vector<Task<Answer>> running;
  for (const auto& [dataset, leg] : *legs) {
    Ask leg_ask = ask;
    leg_ask.path = leg.plan->path;
    leg_ask.wanted = leg.wanted;
    leg_ask.gate = &gate;
    leg_ask.message = EvidenceRequest(*leg.plan, request);
    leg_ask.exchange_id = LegExchangeId(ask.exchange_id, dataset);
    auto provider = request.providers().find(dataset);
    leg_ask.provider =
        provider == request.providers().end() ? "" : provider->second;
    running.push_back(RunExchange(env, std::move(leg_ask)));
  }
  Task<std::vector<Answer>> all = JoinAll(std::move(running));
  std::vector<Answer> answers = co_await all;

  linkage::v1::RetrieveResponse response;
  std::size_t next = 0;
  for (const auto& [dataset, leg] : *legs) {
    Answer& answer = answers[next++];
    if (request.all_or_nothing() && !answer.status.ok()) {
      co_return Refused(WithMetadata(answer.status, "dataset", dataset));
    }
    FillEvidence(dataset, *leg.plan, answer, *response.add_evidence());
  }
  Answer answer;
  answer.message = response.SerializeAsString();
  answer.exchange_id = ask.exchange_id;
  co_return answer;
}

}  // namespace psm
