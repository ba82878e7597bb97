#include "services/programmes/household_facts.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/programmes/fit.h"

namespace psm {
namespace {

using benefits::v1::FilledField;
using google::protobuf::Message;
using linkage::v1::Evidence;
using linkage::v1::RetrieveRequest;
using linkage::v1::RetrieveResponse;
using residents::v1::GetHouseholdResponse;

constexpr char kAffair[] = "programme-navigation";

// Which provider it was and why stands in the log: the gateway passes on the
// reason alone.
absl::Status Missing(absl::string_view provider, absl::string_view reason) {
  LogWarning("evidence_missing", {{"provider", std::string(provider)},
                                  {"reason", std::string(reason)}});
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "EVIDENCE_MISSING",
                         "an agency that may be asked does not answer");
}

std::string ReasonOrCode(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

programmes::v1::Source SourceOf(const std::string& provider,
                                const std::string& dataset,
                                const std::string& exchange_id) {
  programmes::v1::Source source;
  source.set_provider(provider);
  source.set_dataset(dataset);
  source.set_exchange_id(exchange_id);
  return source;
}

// One dataset's answer about one member.
struct Answer {
  std::string provider;
  std::unique_ptr<Message> message;
};
using Answers = std::map<std::string, Answer>;  // by dataset

absl::StatusOr<Answers> Read(const RetrieveResponse& response, Facts& facts) {
  Answers answers;
  for (const Evidence& leg : response.evidence()) {
    if (leg.has_status()) {
      const absl::Status status = FromRpcStatus(
          static_cast<absl::StatusCode>(leg.status().code()),
          leg.status().message(), leg.status().SerializeAsString());
      return Missing(leg.provider(), ReasonOrCode(status));
    }
    const Message* const prototype = EvidencePrototype(leg.dataset());
    if (prototype == nullptr) continue;  // nobody asked for it
    std::unique_ptr<Message> message(prototype->New());
    if (leg.type_name() != prototype->GetDescriptor()->full_name() ||
        !message->ParseFromString(leg.message()))
      return Missing(leg.provider(), "ANSWER_UNREADABLE");
    facts.sources.push_back(
        SourceOf(leg.provider(), leg.dataset(), leg.exchange_id()));
    answers[leg.dataset()] = {leg.provider(), std::move(message)};
  }
  return answers;
}

// Datasets that may be asked for, beside the register, with their attributes.
RetrieveRequest Question(const ProgrammeSet& programmes,
                         const std::string& agency,
                         const residents::v1::Member& member,
                         const std::set<std::string>& agreed) {
  RetrieveRequest request;
  request.set_subject(member.subject());
  std::set<std::string> attributes;
  for (const Programme* const programme : programmes.All()) {
    const std::set<std::string> wanted = FieldsLookedAt(*programme);
    for (const ProgrammeField& field : programme->fields) {
      if (field.dataset == kResidentsDataset ||
          agreed.count(field.dataset) == 0 ||
          wanted.count(field.definition.form().id()) == 0)
        continue;
      attributes.insert(field.definition.form().source());
      const std::string provider = programme->ProviderOf(
          field.dataset, agency, member.tax_municipality());
      if (!provider.empty())
        (*request.mutable_providers())[field.dataset] = provider;
    }
  }
  request.mutable_attributes()->Add(attributes.begin(), attributes.end());
  return request;
}

FilledField Known(const ProgrammeField& field, int member,
                  const Message& message, const std::string& provider) {
  FilledField known;
  *known.mutable_field() = field.definition.form();
  known.set_member(member);
  known.set_value(field.path.Read(message));
  known.set_provider(provider);
  return known;
}

}  // namespace

absl::StatusOr<Facts> GatewayFacts::Ask(const agency::CallContext& call,
                                        const std::string& subject,
                                        const std::set<std::string>& agreed) {
  Facts facts;
  if (agreed.count(kResidentsDataset) == 0) return facts;
  const std::string register_system = agency_ + "/residents";
  residents::v1::GetHouseholdRequest request;
  request.set_subject(subject);
  GetHouseholdResponse home;
  const std::string exchange_id = NewUuid(SystemRandom());
  const absl::Status asked = agency::Call(
      gateway_, &residents::v1::ResidentsService::Stub::GetHousehold,
      {.parent = &call,
       .affair = kAffair,
       .provider = register_system,
       .exchange_id = exchange_id},
      request, &home);
  if (ReasonOf(asked) == "NOT_A_RESIDENT")
    return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT",
                           "the person does not live here");
  if (!asked.ok()) return Missing(register_system, ReasonOrCode(asked));
  facts.sources.push_back(
      SourceOf(register_system, kResidentsDataset, exchange_id));

  for (int i = 0; i < home.members_size(); ++i) {
    const residents::v1::Member& member = home.members(i);
    const RetrieveRequest question =
        Question(programmes_, agency_, member, agreed);
    RetrieveResponse response;
    if (!question.attributes().empty()) {
      const absl::Status retrieved = agency::Call(
          gateway_, &linkage::v1::LinkageService::Stub::Retrieve,
          {.parent = &call, .affair = kAffair}, question, &response);
      if (!retrieved.ok())
        return Missing("mesh/gateway", ReasonOrCode(retrieved));
    }
    PSM_ASSIGN_OR_RETURN(const Answers answers, Read(response, facts));
    for (const Programme* const programme : programmes_.All()) {
      const std::set<std::string> wanted = FieldsLookedAt(*programme);
      for (const ProgrammeField& field : programme->fields) {
        if (wanted.count(field.definition.form().id()) == 0) continue;
        if (i > 0 && !field.definition.form().per_member()) continue;
        std::vector<FilledField>& fields = facts.fields[programme->id()];
        if (field.dataset == kResidentsDataset) {
          fields.push_back(field.of_member
                               ? Known(field, i, member, register_system)
                               : Known(field, i, home, register_system));
          continue;
        }
        const auto answer = answers.find(field.dataset);
        if (answer == answers.end()) continue;
        fields.push_back(
            Known(field, i, *answer->second.message, answer->second.provider));
      }
    }
  }
  return facts;
}

}  // namespace psm
