#include "services/benefits/application_desk.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/agency/answers.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "psm/residents/v1/residents.pb.h"
#include "services/benefits/application_store.h"
#include "services/benefits/office_rules.h"

namespace psm {
namespace {

using agency::CallContext;
using agency::Refusal;
using benefits::v1::StartApplicationRequest;
using benefits::v1::StartApplicationResponse;
using linkage::v1::Evidence;
using linkage::v1::RetrieveRequest;

std::string ReasonOrCode(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

// The gateway passes on the reason EVIDENCE_MISSING and nothing else, so which
// part it was stands in the log.
absl::Status Logged(absl::Status status, const std::string& programme) {
  const std::optional<ErrorDetail> detail = DetailOf(status);
  if (detail && detail->reason == "EVIDENCE_MISSING") {
    LogWarning("evidence_missing",
               {{"programme", programme},
                {"provider", detail->metadata.at("provider")},
                {"reason", detail->metadata.at("reason")}});
  }
  return status;
}

StartApplicationResponse ResponseFor(const std::string& id,
                                     const Application& application) {
  StartApplicationResponse response;
  response.set_application_id(id);
  response.mutable_fields()->Add(application.fields.begin(),
                                 application.fields.end());
  response.mutable_sources()->Add(application.sources.begin(),
                                  application.sources.end());
  response.set_household_size(static_cast<int>(application.members.size()));
  response.mutable_papers()->Add(application.papers.begin(),
                                 application.papers.end());
  response.mutable_missing_papers()->Add(application.missing_papers.begin(),
                                         application.missing_papers.end());
  return response;
}

// The question about one member of a household.
RetrieveRequest Question(const Programme& programme, const std::string& agency,
                         bool head, const std::string& tax_municipality,
                         const std::set<std::string>& refused) {
  RetrieveRequest request;
  for (std::string& attribute : programme.LinkageAttributes(head, refused)) {
    const std::string dataset = attribute.substr(0, attribute.find('.'));
    const std::string provider =
        programme.ProviderOf(dataset, agency, tax_municipality);
    if (!provider.empty()) (*request.mutable_providers())[dataset] = provider;
    request.add_attributes(std::move(attribute));
  }
  return request;
}

}  // namespace

absl::StatusOr<HouseholdEvidence> ApplicationDesk::AskForHousehold(
    const Inquiry& inquiry, const Programme& programme,
    const std::string& subject) {
  const std::string provider =
      programme.ProviderOf(kResidentsDataset, parts_.agency, "");
  absl::StatusOr<HouseholdEvidence> household = parts_.evidence->GetHousehold(
      inquiry, programme.definition.affair(), provider, subject);
  if (!household.ok()) {
    if (ReasonOf(household.status()) == "NOT_A_RESIDENT") {
      return Refusal(absl::StatusCode::kFailedPrecondition, "NOT_A_RESIDENT",
                     "the applicant does not live in this municipality");
    }
    return EvidenceMissing(provider, ReasonOrCode(household.status()));
  }
  // Head first: so says the register's contract.
  if (household->household.members().empty()) {
    return EvidenceMissing(provider, "ANSWER_UNREADABLE");
  }
  if (household->household.members(0).subject() != subject) {
    return Refusal(absl::StatusCode::kFailedPrecondition,
                   "NOT_HEAD_OF_HOUSEHOLD",
                   "the applicant is not the head of the household");
  }
  return household;
}

absl::StatusOr<std::vector<std::vector<Evidence>>>
ApplicationDesk::AskForEvidence(
    const Inquiry& inquiry, const Programme& programme,
    const std::vector<HouseholdQuestion>& questions) {
  std::vector<std::vector<Evidence>> evidence;
  const auto answers = parts_.evidence->RetrieveAll(
      inquiry, programme.definition.affair(), questions);
  for (const auto& answer : answers) {
    if (!answer.ok()) {
      const std::optional<ErrorDetail> detail = DetailOf(answer.status());
      std::string provider = "mesh/gateway";
      if (detail && detail->metadata.count("provider") > 0) {
        provider = detail->metadata.at("provider");
      }
      return EvidenceMissing(provider, ReasonOrCode(answer.status()));
    }
    evidence.emplace_back(answer->evidence().begin(), answer->evidence().end());
  }
  return evidence;
}

absl::StatusOr<Application> ApplicationDesk::Collect(
    const Inquiry& inquiry, const Programme& programme,
    const std::string& subject, const std::set<std::string>& refused) {
  const absl::Time asked_at = parts_.clock->Now();
  PSM_ASSIGN_OR_RETURN(const HouseholdEvidence household,
                       AskForHousehold(inquiry, programme, subject));
  const auto& members = household.household.members();
  std::vector<HouseholdQuestion> questions;
  std::vector<std::size_t> asked;  // which member each question is about
  for (int i = 0; i < members.size(); ++i) {
    RetrieveRequest question = Question(programme, parts_.agency, i == 0,
                                        members[i].tax_municipality(), refused);
    if (question.attributes().empty()) continue;
    question.set_subject(members[i].subject());
    questions.push_back({subject, std::move(question)});
    asked.push_back(static_cast<std::size_t>(i));
  }
  PSM_ASSIGN_OR_RETURN(std::vector<std::vector<Evidence>> answers,
                       AskForEvidence(inquiry, programme, questions));
  std::vector<std::vector<Evidence>> evidence(
      static_cast<std::size_t>(members.size()));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    evidence[asked[i]] = std::move(answers[i]);
  }
  PSM_ASSIGN_OR_RETURN(
      Application application,
      FillForHousehold(programme, household, evidence,
                       DayInJapan(parts_.clock->Now()), refused));
  application.ask_time = asked_at;
  return application;
}

absl::StatusOr<Application> ApplicationDesk::CollectForHousehold(
    const Inquiry& inquiry, const Programme& programme,
    const std::string& subject, const std::set<std::string>& refused) {
  absl::StatusOr<Application> application =
      Collect(inquiry, programme, subject, refused);
  if (!application.ok()) return Logged(application.status(), programme.id());
  return application;
}

absl::StatusOr<std::string> ApplicationDesk::Keep(
    const char* method, const CallContext& call, const Application& application,
    absl::FunctionRef<std::string(const std::string& id)> answer) {
  const absl::Time now = parts_.clock->Now();
  const std::string id = NewUuid(*parts_.random);
  return parts_.database->Once(
      method, call, now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        ApplicationStore::Insert(sql, id, application, now);
        return answer(id);
      });
}

absl::StatusOr<StartApplicationResponse> ApplicationDesk::Start(
    const CallContext& call, const StartApplicationRequest& request) {
  constexpr char kMethod[] = "StartApplication";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<StartApplicationResponse>(*kept);

  const Programme* const programme =
      parts_.programmes->Find(request.programme());
  if (programme == nullptr)
    return Refusal(absl::StatusCode::kNotFound, "PROGRAMME_UNKNOWN",
                   "no programme has this id");
  PSM_RETURN_IF_ERROR(CheckPeriod(*programme, parts_.clock->Now()));
  PSM_ASSIGN_OR_RETURN(const std::set<std::string> refused,
                       RefusedDatasets(*programme, request.refused_datasets()));
  const absl::StatusOr<Application> application = CollectForHousehold(
      {.call = &call}, *programme, request.subject(), refused);
  if (!application.ok()) return application.status();
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      Keep(kMethod, call, *application, [&](const std::string& id) {
        return ResponseFor(id, *application).SerializeAsString();
      }));
  return agency::ParseAnswer<StartApplicationResponse>(answer);
}

}  // namespace psm
