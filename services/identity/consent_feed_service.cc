#include "services/identity/consent_feed_service.h"

#include <vector>

#include "mesh/agency/call_context.h"

namespace psm::identity {

grpc::Status ConsentFeedService::GetFeed(
    grpc::ServerContext*, const consent::v1::GetFeedRequest* request,
    consent::v1::GetFeedResponse* response) {
  // One more than fits tells whether there is more.
  absl::StatusOr<std::vector<StoredWithdrawal>> withdrawals =
      store_->WithdrawalsAfter(request->after_sequence(), kMost + 1);
  if (!withdrawals.ok()) return agency::ToGrpc(withdrawals.status());
  if (withdrawals->size() > static_cast<std::size_t>(kMost)) {
    withdrawals->pop_back();
    response->set_more(true);
  }
  progress_->Asked(request->after_sequence());
  consent::v1::Key* const key = response->add_keys();
  key->set_kid(key_->kid());
  key->set_public_key(key_->public_der());
  for (const StoredWithdrawal& stored : *withdrawals) {
    consent::v1::Withdrawal* const withdrawal = response->add_withdrawals();
    withdrawal->set_consent_id(stored.consent_id);
    withdrawal->set_sequence(stored.sequence);
  }
  return grpc::Status::OK;
}

}  // namespace psm::identity
