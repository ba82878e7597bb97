// A tax record that is tied to the wrong person (紐付け誤り): found by
// comparing the paper with the register, stopped, corrected, and told to
// whoever used it.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mesh/base/error.h"
#include "mesh/records/timestamp.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/tax/v1/assessments.grpc.pb.h"
#include "psm/tax/v1/links.grpc.pb.h"
#include "services/story/followers.h"
#include "services/story/scenes.h"
#include "services/story/town.h"

namespace psm::story {
namespace {

using benefits::v1::BenefitsService;
using benefits::v1::PaymentRunService;
using Decision = benefits::v1::ConfirmApplicationResponse;
using benefits::v1::StartApplicationResponse;
using tax::v1::AssessmentsService;
using tax::v1::GetTaxStatusResponse;
using tax::v1::LinksService;

constexpr char kStudent[] = "aoi";        // the record is tied to her
constexpr char kNamesake[] = "namesake";  // and is hers
constexpr char kTown[] = "akatsuki";
constexpr char kTax[] = "akatsuki/tax";

// As a clerk of the town's counter, who checks and corrects linkages.
template <typename Method, typename Request>
auto AtCounter(Stage& stage, Method method, const Request& request,
               const std::string& affair = "link-check") {
  return stage.CallerOf("akatsuki/counter")
      .Call(method, {.affair = affair, .provider = kTax}, request);
}

template <typename Method, typename Request>
auto AtOffice(Stage& stage, Method method, const Request& request) {
  return stage.CallerOf("akatsuki/office")
      .Call(method, {.affair = "benefit-tax-exempt"}, request);
}

Reply<StartApplicationResponse> Apply(Stage& stage,
                                      const std::string& subject) {
  benefits::v1::StartApplicationRequest request;
  request.set_subject(subject);
  request.set_programme("tax-exempt-2026");
  return stage.terminal.Call(&BenefitsService::Stub::StartApplication,
                             {"own-request"}, request);
}

// What the form says of her tax.
std::string TaxOn(const StartApplicationResponse& form) {
  for (const auto& field : form.fields()) {
    if (field.provider() == kTax) return field.value_ja();
  }
  return "";
}

// The persona's assessments, as she reads them herself.
Reply<tax::v1::ListAssessmentsResponse> Assessments(
    Stage& stage, const std::string& subject) {
  tax::v1::ListAssessmentsRequest request;
  request.set_subject(subject);
  return stage.terminal.Call(&AssessmentsService::Stub::ListAssessments,
                             {.affair = "own-request", .provider = kTax},
                             request);
}

std::string InWords(GetTaxStatusResponse::Category category) {
  switch (category) {
    case GetTaxStatusResponse::EXEMPT:
      return "非課税 (exempt)";
    case GetTaxStatusResponse::PER_CAPITA_ONLY:
      return "均等割のみ課税 (per capita only)";
    case GetTaxStatusResponse::TAXED:
      return "課税 (taxed)";
    default:
      return "-";
  }
}

// Who asked, for what and when, as both persons read it.
std::string InWords(const Stage& stage,
                    const tax::v1::WrongLinkExchange& exchange) {
  const Directory& directory = stage.policy->directory();
  const System* consumer = directory.FindSystem(exchange.consumer());
  const Affair* affair = directory.FindAffair(exchange.affair());
  return absl::StrCat(
      absl::FormatTime("%m-%d %H:%M:%S", FromTimestamp(exchange.answer_time()),
                       absl::LocalTimeZone()),
      "  ",
      exchange.consumer().empty() ? "他の機関 (another authority)"
      : consumer == nullptr       ? exchange.consumer()
                                  : consumer->name.ja,
      "  [", affair == nullptr ? exchange.affair() : affair->title.ja, "]");
}

Reply<tax::v1::ListWrongLinkExchangesResponse> WrongLinks(
    Stage& stage, const std::string& subject) {
  tax::v1::ListWrongLinkExchangesRequest request;
  request.set_subject(subject);
  return stage.terminal.Call(&LinksService::Stub::ListWrongLinkExchanges,
                             {.affair = "own-request", .provider = kTax},
                             request);
}

// Both read which answers were given from the record under the wrong link:
// `exchange_id` among them, or any where it is empty.
void TellBoth(Stage& stage, const std::string& exchange_id) {
  std::string before;
  for (const char* persona : {kStudent, kNamesake}) {
    const std::string subject = SignIn(stage, persona);
    if (subject.empty()) return;
    const auto list = WrongLinks(stage, subject);
    bool listed = false;
    std::string ids;
    for (const auto& exchange : list->exchanges()) {
      listed |= exchange_id.empty() || exchange.exchange_id() == exchange_id;
      absl::StrAppend(&ids, exchange.exchange_id(), "\n");
    }
    const bool same = !before.empty() && ids == before;
    stage.narrator.Step(
        listed && (before.empty() || same),
        absl::StrCat(persona,
                     same ? " is shown the same: "
                          : " is shown what was answered from the record "
                            "under the wrong link: ",
                     list->exchanges_size(),
                     list->exchanges_size() == 1 ? " exchange" : " exchanges"));
    for (const auto& exchange : list->exchanges()) {
      if (!same) stage.narrator.Fact(InWords(stage, exchange));
    }
    before = ids;
    stage.expected.push_back(
        {.persona = persona, .exchange_id = list.exchange_id});
  }
}

// The clerk takes the record off the one and ties it to the other.
bool Correct(Stage& stage, int fiscal_year) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("訂正", "The record goes to whose it is");
  tax::v1::ReleaseRecordRequest release;
  release.set_subject(stage.CodeOf(kStudent, kTown));
  const auto released =
      AtCounter(stage, &LinksService::Stub::ReleaseRecord, release);
  if (!narrator.Succeeded(released.status,
                          "An officer takes the record off the student"))
    return false;
  stage.expected.push_back(
      {.persona = kStudent, .exchange_id = released.exchange_id});
  tax::v1::TieRecordRequest tie;
  tie.set_subject(stage.CodeOf(kNamesake, kTown));
  tie.set_record_id(released->record_id());
  const auto tied = AtCounter(stage, &LinksService::Stub::TieRecord, tie);
  if (!narrator.Succeeded(tied.status,
                          "and ties it to her namesake, under another code:"))
    return false;
  stage.expected.push_back(
      {.persona = kNamesake, .exchange_id = tied.exchange_id});
  narrator.Fact(absl::StrCat("the student at the town: ", release.subject()));
  narrator.Fact(absl::StrCat("her namesake:            ", tie.subject()));
  tax::v1::AssessRequest assess;
  assess.set_subject(stage.CodeOf(kStudent, kTown));
  assess.set_fiscal_year(fiscal_year);
  assess.mutable_circumstances()->set_income_yen(0);
  const auto assessed = AtCounter(stage, &AssessmentsService::Stub::Assess,
                                  assess, "residence-tax");
  if (!narrator.Succeeded(assessed.status,
                          absl::StrCat("The student's own year is determined: ",
                                       InWords(assessed->category()))))
    return false;
  return narrator.Step(assessed->category() == GetTaxStatusResponse::EXEMPT,
                       "She is exempt, and could have been paid all along");
}

// Whoever used the record is told, and looks again.
void TellConsumers(Stage& stage, const std::string& subject,
                   const std::string& application) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("利用した機関へ", "Whoever used it is told");
  TellWhoHears(stage, kStudent, "record_corrected");
  TellWhoHears(stage, kNamesake, "record_corrected");
  const auto waits = [&] {
    const auto list =
        AtOffice(stage, &PaymentRunService::Stub::ListReexaminations,
                 benefits::v1::ListReexaminationsRequest());
    return std::any_of(list->reexaminations().begin(),
                       list->reexaminations().end(),
                       [&](const benefits::v1::Reexamination& one) {
                         return one.application_id() == application;
                       });
  };
  narrator.Step(waits(),
                "Her application rests on a corrected record: it waits to be "
                "looked at again, and nothing is decided before");
  benefits::v1::ReexamineApplicationRequest again;
  again.set_subject(stage.CodeOf(kStudent, kTown));
  again.set_application_id(application);
  const auto examined =
      AtOffice(stage, &PaymentRunService::Stub::ReexamineApplication, again);
  narrator.Step(
      examined.status.ok() && examined->changed_values() > 0,
      absl::StrCat(
          "An officer has everybody asked again: ", examined->changed_values(),
          examined->changed_values() == 1 ? " value has changed"
                                          : " values have changed"));
  benefits::v1::ConfirmApplicationRequest confirm;
  confirm.set_subject(subject);
  confirm.set_application_id(application);
  const auto decision = stage.terminal.Call(
      &BenefitsService::Stub::ConfirmApplication, {"own-request"}, confirm);
  narrator.Step(
      decision.status.ok() && decision->decision() == Decision::GRANTED,
      absl::StrCat("She reads it and confirms: ",
                   decision.status.ok()
                       ? decision->decision() == Decision::GRANTED ? "granted"
                                                                   : "refused"
                       : ReasonOf(decision.status),
                   ", ", decision->rule_ja(), " (", decision->rule_en(), ")"));
  stage.expected.push_back(
      {.persona = kStudent, .exchange_id = decision.exchange_id});
}

}  // namespace

void TheWrongPersonsRecord(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("紐付け誤り", "A record tied to the wrong person");
  if (!AwaitFollowers(stage)) return;
  const std::string student = SignIn(stage, kStudent);
  if (student.empty()) return;
  const auto before = Assessments(stage, student);
  stage.expected.push_back(
      {.persona = kStudent, .exchange_id = before.exchange_id});
  if (before->assessments_size() > 0 &&
      before->assessments(0).category() == GetTaxStatusResponse::EXEMPT) {
    narrator.Step(true,
                  "It was corrected when the story was told before: the "
                  "student reads her own assessment, exempt");
    TellBoth(stage, "");
    return;
  }
  const int fiscal_year =
      before->assessments_size() > 0 ? before->assessments(0).fiscal_year() : 0;
  narrator.Tell(
      "Aoi, a student without income, applies for the benefit of tax-exempt "
      "households. Until March another woman of the same name lived in the "
      "city.");
  const auto form = Apply(stage, student);
  if (!narrator.Step(form.status.ok() && TaxOn(form.message) == "課税",
                     absl::StrCat("The form comes filled in. Residence tax: ",
                                  TaxOn(form.message), " (", kTax, ")")))
    return;
  std::string wrong;
  for (const auto& source : form->sources()) {
    if (source.provider() == kTax) wrong = source.exchange_id();
  }
  stage.expected.push_back({.persona = kStudent, .exchange_id = wrong});

  const std::string home = TownOf(stage, kNamesake);
  const auto there = HouseholdAt(stage, home, kNamesake);
  const residents::v1::Member* namesake =
      FindMember(there.message, stage.CodeOf(kNamesake, home));
  if (namesake == nullptr) {
    narrator.Step(false, "The register knows the namesake");
    return;
  }
  narrator.Tell(
      "A clerk compares the paper that the record was made from with the "
      "person it is tied to:");
  tax::v1::CheckLinkRequest check;
  check.set_subject(stage.CodeOf(kStudent, kTown));
  check.set_kana(namesake->kana());
  check.set_birth_date(namesake->birth_date());
  const auto checked = AtCounter(stage, &LinksService::Stub::CheckLink, check);
  if (!narrator.Step(checked.status.ok() && !checked->consistent(),
                     absl::StrCat("The paper says ", check.kana(), ", ",
                                  check.birth_date(),
                                  ". The resident register has another date "
                                  "of birth: not the same person")))
    return;
  stage.expected.push_back(
      {.persona = kStudent, .exchange_id = checked.exchange_id});
  narrator.Refused(Apply(stage, student).status, "EVIDENCE_MISSING",
                   "From this moment nothing of it is provided: the benefits "
                   "office asks again, and is refused");
  stage.expected.push_back({.persona = kStudent,
                            .consumer = "akatsuki/benefits",
                            .provider = kTax,
                            .reason = "LINK_UNDER_REVIEW"});
  if (!Correct(stage, fiscal_year)) return;
  TellConsumers(stage, student, form->application_id());
  narrator.Scene("本人へ", "Both persons are told");
  TellBoth(stage, wrong);
}

}  // namespace psm::story
