#include "services/benefits/account_registry.h"

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"

namespace psm {

using accounts::v1::AccountsService;

absl::StatusOr<std::set<std::string>> AskWhoseChanged(
    AccountRegistry& registry, const agency::CallContext& call,
    const std::string& affair, absl::Time since) {
  absl::StatusOr<std::set<std::string>> changed =
      registry.ChangedSince(&call, affair, since);
  if (changed.ok()) return changed;
  LogWarning("changes_unavailable",
             {{"code", absl::StatusCodeToString(changed.status().code())},
              {"reason", ReasonOf(changed.status())}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "ACCOUNTS_UNAVAILABLE",
                         "the registry does not say whose account changed");
}

absl::StatusOr<std::set<std::string>> GatewayAccountRegistry::ChangedSince(
    const agency::CallContext* call, const std::string& affair,
    absl::Time since) {
  std::set<std::string> changed;
  accounts::v1::ListChangesRequest request;
  *request.mutable_since_time() =
      google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
          absl::ToUnixMicros(since));
  request.set_page_size(500);
  do {
    accounts::v1::ListChangesResponse page;
    PSM_RETURN_IF_ERROR(
        agency::Call(gateway_, &AccountsService::Stub::ListChanges,
                     {.parent = call, .affair = affair}, request, &page));
    for (const auto& change : page.changes()) changed.insert(change.subject());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return changed;
}

absl::Status GatewayAccountRegistry::ReportReturned(
    const agency::CallContext* call, const std::string& affair,
    const std::string& subject, const std::string& etag) {
  accounts::v1::ReportReturnedTransferRequest request;
  request.set_subject(subject);
  request.set_etag(etag);
  accounts::v1::ReportReturnedTransferResponse response;
  const absl::Status reported =
      agency::Call(gateway_, &AccountsService::Stub::ReportReturnedTransfer,
                   {.parent = call,
                    .affair = affair,
                    .exchange_id = NewUuid(SystemRandom())},
                   request, &response);
  const std::string reason = ReasonOf(reported);
  // Nobody can pay into that account any more: that is what was wanted.
  if (reason == "ETAG_STALE" || reason == "ACCOUNT_NOT_REGISTERED")
    return absl::OkStatus();
  return reported;
}

}  // namespace psm
