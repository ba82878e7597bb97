#include "services/benefits/return_desk.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/application.h"
#include "services/benefits/application_store.h"
#include "services/benefits/kept_answer.h"
#include "services/benefits/office_rules.h"
#include "services/benefits/zengin_reader.h"

namespace psm {
namespace {

using agency::CallContext;
using agency::Refusal;
using benefits::v1::RetryPaymentResponse;
using benefits::v1::TakeReturnFileResponse;

// Whether a record is that of a payment, unchanged.
bool IsRecordOf(const ZenginTransfer& record, const Payment& payment) {
  const absl::StatusOr<std::string> holder =
      ZenginHolderField(payment.account.holder_kana);
  return holder.ok() && record.account.holder_kana == *holder &&
         record.account.bank_code == payment.account.bank_code &&
         record.account.branch_code == payment.account.branch_code &&
         record.account.type == payment.account.type &&
         record.account.number == payment.account.number &&
         record.amount_yen == payment.amount_yen;
}

absl::StatusOr<Payment> LastPayment(soci::session& sql, const std::string& id,
                                    const std::string& subject,
                                    std::string* programme) {
  PSM_ASSIGN_OR_RETURN(const KeptApplication application,
                       ApplicationStore::Find(sql, id, subject));
  *programme = application.programme;
  std::optional<Payment> payment =
      PaymentStore::LastOf(sql, application.number);
  if (!payment.has_value() || !payment->returned)
    return Refusal(absl::StatusCode::kFailedPrecondition, "NOTHING_RETURNED",
                   "the last payment did not come back");
  return *std::move(payment);
}

}  // namespace

absl::StatusOr<int> ReturnDesk::TellRegistry(const CallContext& call) {
  std::vector<Payment> untold;
  PSM_RETURN_IF_ERROR(parts_.database->Read([&](soci::session& sql) {
    untold = PaymentStore::Unreported(sql);
    return absl::OkStatus();
  }));
  int left = 0;
  for (const Payment& payment : untold) {
    const absl::Status told = parts_.registry->ReportReturned(
        &call, call.affair, payment.subject, payment.account_etag);
    if (!told.ok()) {
      LogWarning("return_unreported",
                 {{"code", absl::StatusCodeToString(told.code())},
                  {"reason", ReasonOf(told)}});
      ++left;
      continue;
    }
    PSM_RETURN_IF_ERROR(parts_.database->Write([&](soci::session& sql) {
      PaymentStore::NoteReported(sql, payment.number, parts_.clock->Now());
      return absl::OkStatus();
    }));
  }
  return left;
}

absl::StatusOr<TakeReturnFileResponse> ReturnDesk::Take(
    const CallContext& call,
    const benefits::v1::TakeReturnFileRequest& request) {
  const absl::StatusOr<ZenginContents> contents =
      ReadZenginFile(request.file());
  if (!contents.ok() || contents->consignor_code != DemoConsignor().code) {
    LogWarning("return_file_malformed",
               {{"error", std::string(contents.status().message())}});
    return Refusal(absl::StatusCode::kInvalidArgument, "RETURN_FILE_MALFORMED",
                   "this is no file of returned transfers of this office");
  }
  const absl::Time now = parts_.clock->Now();
  PSM_ASSIGN_OR_RETURN(
      TakeReturnFileResponse response,
      Once<TakeReturnFileResponse>(
          *parts_.database, "TakeReturnFile", call, now,
          [&](soci::session& sql) -> absl::StatusOr<TakeReturnFileResponse> {
            TakeReturnFileResponse taken;
            std::set<long long> seen;
            for (const ZenginTransfer& record : contents->transfers) {
              const auto number = static_cast<long long>(record.reference);
              const std::optional<Payment> payment =
                  PaymentStore::Find(sql, number);
              if (!payment.has_value() || !IsRecordOf(record, *payment) ||
                  !seen.insert(number).second)
                return Refusal(absl::StatusCode::kFailedPrecondition,
                               "TRANSFER_UNKNOWN",
                               "a record is of no transfer of this office");
              if (payment->returned) {
                taken.set_known(taken.known() + 1);
                continue;
              }
              PaymentStore::Return(sql, number, now);
              taken.set_returned(taken.returned() + 1);
            }
            return taken;
          }));
  PSM_ASSIGN_OR_RETURN(const int left, TellRegistry(call));
  response.set_unreported(left);
  return response;
}

absl::StatusOr<RetryPaymentResponse> ReturnDesk::Retry(
    const CallContext& call, const benefits::v1::RetryPaymentRequest& request) {
  constexpr char kMethod[] = "RetryPayment";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  PayableAccount account;
  if (!kept) {
    std::string id;
    PSM_RETURN_IF_ERROR(parts_.database->Read([&](soci::session& sql) {
      return LastPayment(sql, request.application_id(), request.subject(), &id)
          .status();
    }));
    const Programme* const programme = parts_.programmes->Find(id);
    if (programme == nullptr)
      return Refusal(absl::StatusCode::kNotFound, "APPLICATION_UNKNOWN",
                     "the programme is not offered any more");
    Application form;
    form.subject = request.subject();
    for (const ProgrammeField& field : programme->fields)
      form.fields.emplace_back().mutable_field()->set_id(
          field.definition.form().id());
    Application* const only = &form;
    PSM_RETURN_IF_ERROR(AskForAccounts(*parts_.evidence, {.call = &call},
                                       *programme, {&only, 1})
                            .front());
    PSM_ASSIGN_OR_RETURN(account.account,
                         PaymentAccount(*programme, form.fields));
    account.etag = form.account_etag;
  }
  const absl::Time now = parts_.clock->Now();
  PSM_ASSIGN_OR_RETURN(
      const RetryPaymentResponse response,
      Once<RetryPaymentResponse>(
          *parts_.database, kMethod, call, now,
          [&](soci::session& sql) -> absl::StatusOr<RetryPaymentResponse> {
            std::string programme;
            PSM_ASSIGN_OR_RETURN(Payment payment,
                                 LastPayment(sql, request.application_id(),
                                             request.subject(), &programme));
            payment.file = PaymentFileName(programme, DayInJapan(now), "again");
            payment.account = account.account;
            payment.account_etag = account.etag;
            PaymentStore::Insert(sql, payment);
            RetryPaymentResponse paid;
            paid.set_payment_file(payment.file);
            paid.set_amount_yen(payment.amount_yen);
            return paid;
          }));
  PSM_RETURN_IF_ERROR(parts_.payments->Write(response.payment_file()));
  return response;
}

}  // namespace psm
