#include "services/benefits/payment_run.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/application.h"
#include "services/benefits/application_store.h"
#include "services/benefits/decision_desk.h"
#include "services/benefits/kept_answer.h"
#include "services/benefits/office_rules.h"
#include "services/benefits/payment_store.h"
#include "services/benefits/reexaminations.h"

namespace psm {
namespace {

using agency::CallContext;
using agency::Refusal;
using benefits::v1::ConfirmApplicationResponse;
using benefits::v1::ObjectToPaymentResponse;
using benefits::v1::PayRunResponse;
using benefits::v1::StartPaymentRunResponse;

}  // namespace

PaymentRuns::PaymentRuns(const Parts& parts)
    : parts_(parts), worker_([this] { Work(); }) {}

PaymentRuns::~PaymentRuns() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  worker_.join();
}

absl::Status PaymentRuns::ImportHeadsOnce(
    absl::FunctionRef<absl::Status(Take)> each) {
  return parts_.database->Write([&](soci::session& sql) -> absl::Status {
    if (RunStore::HasHeads(sql)) return absl::OkStatus();
    return each([&](const std::string& subject) -> absl::Status {
      if (subject.empty())
        return MakeError(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                         Party::kProvider, "a head of a household has no code");
      RunStore::AddHead(sql, subject);
      return absl::OkStatus();
    });
  });
}

absl::StatusOr<StartPaymentRunResponse> PaymentRuns::Start(
    const CallContext& call,
    const benefits::v1::StartPaymentRunRequest& request) {
  const Programme* const programme =
      parts_.programmes->Find(request.programme());
  if (programme == nullptr)
    return Refusal(absl::StatusCode::kNotFound, "PROGRAMME_UNKNOWN",
                   "no programme has this id");
  if (request.objection_days() < 1 || request.objection_days() > 90)
    return Refusal(absl::StatusCode::kInvalidArgument, "OBJECTION_DAYS_INVALID",
                   "people have 1 to 90 days to object");
  const absl::Time now = parts_.clock->Now();
  PSM_RETURN_IF_ERROR(CheckPeriod(*programme, now));
  PaymentRun run;
  run.run_id = NewUuid(*parts_.random);
  run.programme = programme->id();
  run.start_time = now;
  run.objection_days = request.objection_days();
  PSM_ASSIGN_OR_RETURN(
      const StartPaymentRunResponse response,
      Once<StartPaymentRunResponse>(
          *parts_.database, "StartPaymentRun", call, now,
          [&](soci::session& sql) -> absl::StatusOr<StartPaymentRunResponse> {
            StartPaymentRunResponse started;
            started.set_run_id(run.run_id);
            started.set_households(RunStore::Insert(sql, run));
            return started;
          }));
  MutexLock lock(mu_);
  work_ = true;
  wake_.NotifyAll();
  return response;
}

absl::StatusOr<benefits::v1::GetPaymentRunResponse> PaymentRuns::Get(
    const benefits::v1::GetPaymentRunRequest& request) {
  benefits::v1::GetPaymentRunResponse response;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(const PaymentRun run,
                             RunStore::Find(sql, request.run_id()));
        response = RunStore::Count(sql, run.run_id);
        if (run.finished())
          response.mutable_pay_after_time()->set_seconds(
              absl::ToUnixSeconds(run.PayAfter()));
        return absl::OkStatus();
      }));
  return response;
}

absl::StatusOr<PayRunResponse> PaymentRuns::Pay(
    const CallContext& call, const benefits::v1::PayRunRequest& request) {
  const absl::Time now = parts_.clock->Now();
  PaymentRun run;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(run, RunStore::Find(sql, request.run_id()));
        return absl::OkStatus();
      }));
  const Programme* const programme = parts_.programmes->Find(run.programme);
  if (programme == nullptr)
    return Refusal(absl::StatusCode::kNotFound, "RUN_UNKNOWN",
                   "the programme of the run is not offered any more");
  if (!run.finished())
    return Refusal(absl::StatusCode::kFailedPrecondition, "RUN_UNFINISHED",
                   "not every household was looked at");
  if (now < run.PayAfter())
    return Refusal(absl::StatusCode::kFailedPrecondition,
                   "OBJECTION_PERIOD_RUNNING", "people may still object");
  // Only the account that was announced is paid into.
  std::set<std::string> changed;
  if (!run.paid) {
    PSM_ASSIGN_OR_RETURN(
        changed,
        AskWhoseChanged(*parts_.registry, call, programme->definition.affair(),
                        run.start_time));
  }
  const std::string file =
      PaymentFileName(run.programme, DayInJapan(now),
                      absl::StrCat("run-", run.run_id.substr(0, 8)));
  PSM_ASSIGN_OR_RETURN(
      const PayRunResponse response,
      Once<PayRunResponse>(
          *parts_.database, "PayRun", call, now,
          [&](soci::session& sql) -> absl::StatusOr<PayRunResponse> {
            PSM_ASSIGN_OR_RETURN(const PaymentRun present,
                                 RunStore::Find(sql, run.run_id));
            if (!present.paid) {
              constexpr int kAll = 999'999;  // what a payment file holds
              for (RunEntry& entry : RunStore::Entries(
                       sql, run.run_id, EntryState::kNotified, kAll)) {
                if (changed.count(entry.subject) > 0) {
                  entry.state = EntryState::kAccountChanged;
                } else {
                  PSM_ASSIGN_OR_RETURN(
                      const KeptApplication application,
                      ApplicationStore::Find(sql, entry.application_id,
                                             entry.subject));
                  if (Reexaminations::CheckNone(sql, application.number).ok()) {
                    PSM_ASSIGN_OR_RETURN(
                        const ConfirmApplicationResponse decision,
                        DecideAndPay(sql, *programme, application, file, now));
                    entry.state = decision.decision() ==
                                          ConfirmApplicationResponse::GRANTED
                                      ? EntryState::kPaid
                                      : EntryState::kAlreadyPaid;
                  } else {
                    // An officer did not re-examine it in time.
                    entry.state = EntryState::kFailed;
                  }
                }
                RunStore::SetEntry(sql, entry);
              }
              RunStore::NotePaid(sql, run.run_id, file, now);
            }
            PayRunResponse paid;
            const std::string& name = present.paid ? present.file : file;
            for (const Payment& payment : PaymentStore::OfFile(sql, name)) {
              paid.set_payments(paid.payments() + 1);
              paid.set_sum_yen(paid.sum_yen() + payment.amount_yen);
            }
            if (paid.payments() > 0) paid.set_payment_file(name);
            return paid;
          }));
  if (!response.payment_file().empty())
    PSM_RETURN_IF_ERROR(parts_.payments->Write(response.payment_file()));
  return response;
}

absl::StatusOr<benefits::v1::ListNoticesResponse> PaymentRuns::Notices(
    const benefits::v1::ListNoticesRequest& request) {
  using benefits::v1::Notice;
  benefits::v1::ListNoticesResponse response;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        for (const RunEntry& entry :
             RunStore::NoticesOf(sql, request.subject())) {
          PSM_ASSIGN_OR_RETURN(const PaymentRun run,
                               RunStore::Find(sql, entry.run_id));
          const Programme* const programme =
              parts_.programmes->Find(run.programme);
          if (programme == nullptr) continue;
          PSM_ASSIGN_OR_RETURN(
              const KeptApplication application,
              ApplicationStore::Find(sql, entry.application_id, entry.subject));
          Notice& notice = *response.add_notices();
          notice.set_run_id(run.run_id);
          notice.set_application_id(entry.application_id);
          notice.set_programme(run.programme);
          notice.set_title_ja(programme->definition.programme().title_ja());
          notice.set_title_en(programme->definition.programme().title_en());
          if (run.finished())
            notice.mutable_object_until_time()->set_seconds(
                absl::ToUnixSeconds(run.PayAfter()));
          const std::optional<Payment> payment =
              PaymentStore::LastOf(sql, application.number);
          switch (entry.state) {
            case EntryState::kNotified:
              notice.set_state(Notice::ANNOUNCED);
              break;
            case EntryState::kObjected:
              notice.set_state(Notice::OBJECTED);
              break;
            case EntryState::kPaid:
              notice.set_state(payment && payment->returned ? Notice::RETURNED
                                                            : Notice::PAID);
              break;
            default:
              notice.set_state(Notice::NOT_PAID);
          }
          if (entry.state == EntryState::kObjected) continue;
          notice.set_amount_yen(
              DecisionOn(*programme, application, false, parts_.clock->Now())
                  .amount_yen());
          for (const auto& field : application.fields)
            *notice.add_fields() = Labelled(*programme, field);
        }
        return absl::OkStatus();
      }));
  return response;
}

absl::StatusOr<ObjectToPaymentResponse> PaymentRuns::Object(
    const CallContext& call,
    const benefits::v1::ObjectToPaymentRequest& request) {
  const absl::Time now = parts_.clock->Now();
  return Once<ObjectToPaymentResponse>(
      *parts_.database, "ObjectToPayment", call, now,
      [&](soci::session& sql) -> absl::StatusOr<ObjectToPaymentResponse> {
        std::optional<RunEntry> entry =
            RunStore::FindEntry(sql, request.run_id(), request.subject());
        if (!entry.has_value() || entry->application_id.empty())
          return Refusal(absl::StatusCode::kNotFound, "NOTICE_UNKNOWN",
                         "this person has no notice of this run");
        if (entry->state == EntryState::kPaid)
          return Refusal(absl::StatusCode::kFailedPrecondition, "ALREADY_PAID",
                         "it is paid");
        PSM_ASSIGN_OR_RETURN(const KeptApplication application,
                             ApplicationStore::Find(sql, entry->application_id,
                                                    request.subject()));
        ApplicationStore::Withdraw(sql, application.number, now);
        entry->state = EntryState::kObjected;
        RunStore::SetEntry(sql, *entry);
        return ObjectToPaymentResponse();
      });
}

}  // namespace psm
