#include "services/benefits/decision_desk.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/application.h"
#include "services/benefits/kept_answer.h"
#include "services/benefits/office_rules.h"
#include "services/benefits/papers.h"
#include "services/benefits/payment_store.h"
#include "services/benefits/reexaminations.h"
#include "services/codes/text_length.h"
#include "services/programme_rules/rules.h"

namespace psm {
namespace {

using agency::CallContext;
using agency::Refusal;
using benefits::v1::ConfirmApplicationResponse;
using benefits::v1::EnterPaperResponse;
using benefits::v1::FilledField;
using benefits::v1::ObjectToDecisionResponse;
using benefits::v1::RuleOutcome;
using benefits::v1::WithdrawApplicationResponse;

constexpr std::size_t kMaxObjectionCharacters = 2000;
constexpr std::size_t kMaxValueBytes = 300;
constexpr int kMaxValues = 200;

absl::Status Withdrawn() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "APPLICATION_WITHDRAWN",
                 "the application was withdrawn");
}

absl::Status PaperInvalid() {
  return Refusal(absl::StatusCode::kInvalidArgument, "PAPER_INVALID",
                 "a value is none of a field that waits for a paper");
}

// The datasets that some field has no value of.
std::set<std::string> MissingDatasets(const Programme& programme,
                                      const KeptApplication& application) {
  std::set<std::string> missing;
  for (const FilledField& field : application.fields) {
    if (field.value().empty())
      missing.insert(programme.DatasetOf(field.field().id()));
  }
  return missing;
}

// Whether a paper can say this value of this field: one of its constants where
// it has such.
bool MayEnter(const Programme& programme, const KeptApplication& application,
              const benefits::v1::PaperValue& value) {
  if (value.value().empty() || value.value().size() > kMaxValueBytes)
    return false;
  const bool waits = std::any_of(
      application.fields.begin(), application.fields.end(),
      [&](const FilledField& field) {
        return field.field().id() == value.field() &&
               field.member() == value.member() && field.value().empty();
      });
  if (!waits) return false;
  for (const ProgrammeField& field : programme.fields) {
    const auto& definition = field.definition;
    if (definition.form().id() != value.field()) continue;
    return definition.values().empty() ||
           std::any_of(definition.values().begin(), definition.values().end(),
                       [&](const benefits::v1::ValueLabel& label) {
                         return label.value() == value.value();
                       });
  }
  return false;
}

// Enters all that a paper says. False where it cannot say some of it: what was
// written until then the caller rolls back.
bool EnterAll(soci::session& sql, const Programme& programme,
              const benefits::v1::EnterPaperRequest& request,
              KeptApplication& application) {
  if (request.values().empty() || request.values_size() > kMaxValues)
    return false;
  for (const benefits::v1::PaperValue& value : request.values()) {
    if (!MayEnter(programme, application, value)) return false;
    ApplicationStore::SetValue(sql, application.number, value.field(),
                               value.member(), value.value(), "");
    for (FilledField& field : application.fields) {
      if (field.field().id() == value.field() &&
          field.member() == value.member())
        field.set_value(value.value());
    }
  }
  return true;
}

// Erases what agencies of the refused datasets said.
void Erase(soci::session& sql, const Programme& programme,
           const std::set<std::string>& refused, KeptApplication& application) {
  for (FilledField& field : application.fields) {
    const std::string& id = field.field().id();
    if (refused.count(programme.DatasetOf(id)) == 0) continue;
    field.clear_value();
    field.clear_provider();
    ApplicationStore::SetValue(sql, application.number, id, field.member(), "",
                               "");
  }
  if (refused.count("accounts") == 0) return;
  // The account is another than the registry's from now on.
  ApplicationStore::ForgetAccount(sql, application.number);
  application.account_etag.clear();
}

}  // namespace

ConfirmApplicationResponse DecisionOn(const Programme& programme,
                                      const KeptApplication& application,
                                      bool was_paid, absl::Time now) {
  ConfirmApplicationResponse decision;
  decision.set_decision(ConfirmApplicationResponse::DENIED);
  decision.mutable_decision_time()->set_seconds(absl::ToUnixSeconds(now));
  bool granted = !was_paid;
  for (RuleOutcome& outcome :
       CheckRules(programme.definition, application.fields)) {
    // The rule that decides: the first that does not hold, else the last.
    if (!was_paid && granted) {
      decision.set_rule_ja(outcome.text_ja());
      decision.set_rule_en(outcome.text_en());
    }
    granted = granted && outcome.fulfilled();
    *decision.add_outcomes() = std::move(outcome);
  }
  if (was_paid) {
    decision.set_rule_ja("一つの世帯への支給は一回限りであること");
    decision.set_rule_en("a household is paid once per programme");
    RuleOutcome& outcome = *decision.add_outcomes();
    outcome.set_text_ja(decision.rule_ja());
    outcome.set_text_en(decision.rule_en());
  }
  if (!granted) return decision;
  Amount amount = AmountFor(programme.definition, application.fields);
  if (amount.yen <= 0) return decision;
  decision.set_decision(ConfirmApplicationResponse::GRANTED);
  decision.set_amount_yen(amount.yen);
  decision.mutable_amount_lines()->Add(amount.lines.begin(),
                                       amount.lines.end());
  return decision;
}

absl::StatusOr<ConfirmApplicationResponse> DecideAndPay(
    soci::session& sql, const Programme& programme,
    const KeptApplication& application, const std::string& file,
    absl::Time now) {
  ConfirmApplicationResponse decision =
      DecisionOn(programme, application,
                 ApplicationStore::HouseholdWasPaid(sql, application), now);
  if (decision.decision() == ConfirmApplicationResponse::GRANTED) {
    Payment payment;
    payment.application = application.number;
    payment.file = file;
    PSM_ASSIGN_OR_RETURN(payment.account,
                         PaymentAccount(programme, application.fields));
    payment.amount_yen = decision.amount_yen();
    payment.account_etag = application.account_etag;
    PaymentStore::Insert(sql, payment);
    decision.set_payment_file(file);
  }
  ApplicationStore::Decide(sql, application.number, decision);
  return decision;
}

absl::StatusOr<DecisionDesk::Open> DecisionDesk::FindOpen(
    soci::session& sql, const std::string& id,
    const std::string& subject) const {
  Open open;
  PSM_ASSIGN_OR_RETURN(open.application,
                       ApplicationStore::Find(sql, id, subject));
  open.programme = programmes_.Find(open.application.programme);
  // What a payment run filled in is decided by the run.
  if (open.programme == nullptr || !open.application.run_id.empty()) {
    return Refusal(absl::StatusCode::kNotFound, "APPLICATION_UNKNOWN",
                   "no application of this person has this id");
  }
  return open;
}

absl::Status DecisionDesk::CheckAccount(const CallContext& call,
                                        const char* method,
                                        const std::string& id,
                                        const std::string& subject) {
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> answered,
                       database_.Answered(method, call));
  if (answered.has_value()) return absl::OkStatus();
  Open open;
  bool waits = false;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(open, FindOpen(sql, id, subject));
    waits = !Reexaminations::CheckNone(sql, open.application.number).ok();
    return absl::OkStatus();
  }));
  const KeptApplication& application = open.application;
  if (waits || application.decision || application.withdrawn ||
      application.account_etag.empty())
    return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(
      const std::set<std::string> changed,
      AskWhoseChanged(registry_, call, open.programme->definition.affair(),
                      application.ask_time));
  if (changed.count(subject) == 0) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "ACCOUNT_CHANGED",
                 "the account on the form is not as it was");
}

absl::StatusOr<ConfirmApplicationResponse> DecisionDesk::DecideIfComplete(
    soci::session& sql, const Open& open, absl::Time now) const {
  const std::set<std::string> missing =
      MissingDatasets(*open.programme, open.application);
  if (missing.empty()) {
    return DecideAndPay(sql, *open.programme, open.application,
                        PaymentFileName(open.programme->id(), DayInJapan(now)),
                        now);
  }
  ConfirmApplicationResponse waiting;
  waiting.set_decision(ConfirmApplicationResponse::WAITING);
  residents::v1::GetHouseholdResponse household;
  for (int i = 0; i < open.application.household_size; ++i)
    household.add_members();
  const auto papers = CountSubstitutes(open.programme->definition, missing,
                                       household, DayInJapan(now));
  waiting.mutable_missing_papers()->Add(papers.begin(), papers.end());
  return waiting;
}

absl::StatusOr<ConfirmApplicationResponse> DecisionDesk::WithFile(
    ConfirmApplicationResponse decision) {
  if (!decision.payment_file().empty()) {
    PSM_RETURN_IF_ERROR(payments_.Write(decision.payment_file()));
  }
  return decision;
}

absl::StatusOr<ConfirmApplicationResponse> DecisionDesk::Confirm(
    const CallContext& call,
    const benefits::v1::ConfirmApplicationRequest& request) {
  constexpr char kMethod[] = "ConfirmApplication";
  // Who refuses the registry's word is not paid by it.
  const auto& refuses = request.refused_datasets();
  if (std::find(refuses.begin(), refuses.end(), "accounts") == refuses.end())
    PSM_RETURN_IF_ERROR(CheckAccount(call, kMethod, request.application_id(),
                                     request.subject()));
  const absl::Time now = clock_.Now();
  PSM_ASSIGN_OR_RETURN(
      ConfirmApplicationResponse decision,
      Once<ConfirmApplicationResponse>(
          database_, kMethod, call, now,
          [&](soci::session& sql)
              -> absl::StatusOr<ConfirmApplicationResponse> {
            PSM_ASSIGN_OR_RETURN(
                Open open,
                FindOpen(sql, request.application_id(), request.subject()));
            if (open.application.decision) return *open.application.decision;
            if (open.application.withdrawn) return Withdrawn();
            PSM_RETURN_IF_ERROR(
                Reexaminations::CheckNone(sql, open.application.number));
            PSM_ASSIGN_OR_RETURN(
                const std::set<std::string> refused,
                RefusedDatasets(*open.programme, request.refused_datasets()));
            Erase(sql, *open.programme, refused, open.application);
            ApplicationStore::Confirm(sql, open.application.number, now);
            return DecideIfComplete(sql, open, now);
          }));
  return WithFile(std::move(decision));
}

absl::StatusOr<WithdrawApplicationResponse> DecisionDesk::Withdraw(
    const CallContext& call,
    const benefits::v1::WithdrawApplicationRequest& request) {
  const absl::Time now = clock_.Now();
  return Once<WithdrawApplicationResponse>(
      database_, "WithdrawApplication", call, now,
      [&](soci::session& sql) -> absl::StatusOr<WithdrawApplicationResponse> {
        PSM_ASSIGN_OR_RETURN(
            const Open open,
            FindOpen(sql, request.application_id(), request.subject()));
        if (open.application.decision)
          return Refusal(absl::StatusCode::kFailedPrecondition,
                         "ALREADY_DECIDED", "the application is decided");
        WithdrawApplicationResponse response;
        response.mutable_withdraw_time()->set_seconds(
            ApplicationStore::Withdraw(sql, open.application.number, now));
        return response;
      });
}

absl::StatusOr<EnterPaperResponse> DecisionDesk::EnterPaper(
    const CallContext& call, const benefits::v1::EnterPaperRequest& request) {
  constexpr char kMethod[] = "EnterPaper";
  PSM_RETURN_IF_ERROR(
      CheckAccount(call, kMethod, request.application_id(), request.subject()));
  const absl::Time now = clock_.Now();
  PSM_ASSIGN_OR_RETURN(
      EnterPaperResponse response,
      Once<EnterPaperResponse>(
          database_, kMethod, call, now,
          [&](soci::session& sql) -> absl::StatusOr<EnterPaperResponse> {
            PSM_ASSIGN_OR_RETURN(
                Open open,
                FindOpen(sql, request.application_id(), request.subject()));
            if (open.application.withdrawn) return Withdrawn();
            PSM_RETURN_IF_ERROR(
                Reexaminations::CheckNone(sql, open.application.number));
            if (!open.application.confirmed)
              return Refusal(absl::StatusCode::kFailedPrecondition,
                             "NOT_CONFIRMED",
                             "the applicant has not confirmed it");
            if (!EnterAll(sql, *open.programme, request, open.application))
              return PaperInvalid();
            absl::StatusOr<ConfirmApplicationResponse> decision =
                DecideIfComplete(sql, open, now);
            // An account that no transfer file takes.
            if (absl::IsInvalidArgument(decision.status()))
              return PaperInvalid();
            if (!decision.ok()) return decision.status();
            EnterPaperResponse entered;
            *entered.mutable_decision() = *std::move(decision);
            return entered;
          }));
  PSM_RETURN_IF_ERROR(WithFile(response.decision()).status());
  return response;
}

absl::StatusOr<ObjectToDecisionResponse> DecisionDesk::Object(
    const CallContext& call,
    const benefits::v1::ObjectToDecisionRequest& request) {
  const absl::Time now = clock_.Now();
  return Once<ObjectToDecisionResponse>(
      database_, "ObjectToDecision", call, now,
      [&](soci::session& sql) -> absl::StatusOr<ObjectToDecisionResponse> {
        PSM_ASSIGN_OR_RETURN(
            const KeptApplication application,
            ApplicationStore::Find(sql, request.application_id(),
                                   request.subject()));
        if (!application.decision)
          return Refusal(absl::StatusCode::kFailedPrecondition, "NOT_DECIDED",
                         "nothing is decided yet");
        if (request.text().empty() ||
            CharactersIn(request.text()) > kMaxObjectionCharacters)
          return Refusal(absl::StatusCode::kInvalidArgument,
                         "OBJECTION_INVALID", "write 1 to 2,000 characters");
        ApplicationStore::Object(sql, application.number, request.text(), now);
        ObjectToDecisionResponse response;
        response.mutable_object_time()->set_seconds(absl::ToUnixSeconds(now));
        return response;
      });
}

}  // namespace psm
