// What the gateway follows: the consent key and the withdrawals. Not part of
// any contract, so the gateway never routes to it; it alone can connect.
#ifndef PSM_SERVICES_IDENTITY_CONSENT_FEED_SERVICE_H_
#define PSM_SERVICES_IDENTITY_CONSENT_FEED_SERVICE_H_

#include "psm/consent/v1/consent_feed.grpc.pb.h"
#include "services/identity/consent_key.h"
#include "services/identity/consent_store.h"
#include "services/identity/feed_progress.h"

namespace psm::identity {

// Asked several times a second: one look at an index where nothing is new.
// Thread-safe. What it is given must outlive it.
class ConsentFeedService final
    : public consent::v1::ConsentFeedService::Service {
 public:
  ConsentFeedService(ConsentStore* store, const ConsentKey* key,
                     FeedProgress* progress)
      : store_(store), key_(key), progress_(progress) {}

  // Withdrawals in one answer: what the gateway takes of a message is bounded.
  static constexpr int kMost = 10000;

  // FAILED_PRECONDITION FEED_BEHIND where the gateway has seen more than the
  // database holds: the gateway's knowledge then goes stale, and it refuses
  // consents, rather than forget withdrawals.
  grpc::Status GetFeed(grpc::ServerContext* context,
                       const consent::v1::GetFeedRequest* request,
                       consent::v1::GetFeedResponse* response) override;

 private:
  ConsentStore* const store_;
  const ConsentKey* const key_;
  FeedProgress* const progress_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CONSENT_FEED_SERVICE_H_
