// Life events as they reach an agency: a thread follows the gateway's stream
// and hands each event over in a transaction, together with how far it has
// come.
#ifndef PSM_MESH_AGENCY_EVENT_SUBSCRIPTION_H_
#define PSM_MESH_AGENCY_EVENT_SUBSCRIPTION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mesh/agency/database.h"
#include "mesh/agency/holdings.h"
#include "mesh/base/mutex.h"
#include "soci/soci.h"

namespace psm::agency {

// Something that has happened in the life of a person. Nothing else is told:
// what it means for this agency it asks by an exchange.
struct LifeEvent {
  std::string id;              // a UUID; the same each time it comes
  std::string type;            // "moved_in"
  std::string subject;         // this agency's own code of the person
  std::string effective_date;  // `YYYY-MM-DD`; may lie ahead
  std::string publisher;       // system id; empty: is not told
  absl::Time publish_time;
};

struct EventSubscriptionOptions {
  std::string affair;              // of the agreement that gives the events
  std::vector<std::string> types;  // empty: all that are agreed
  // The consent tokens to subscribe with, where consent is the basis: called
  // before each connection, at most the first 256 count. Refresh() where they
  // are others now. How many of them open nothing is said in the log, as
  // `event_consents_refused` (warning).
  std::function<absl::StatusOr<std::vector<std::string>>()> consents = {};
  // Called in a transaction of its own, on the subscription's thread, where
  // events were missed (the gateway keeps them for 30 days): this agency has to
  // look for what has changed by itself. What happens from then on comes.
  // Empty: it is only said in the log, as `events_missed` (error).
  std::function<absl::Status(soci::session&)> missed;
};

// Reconnects by itself, after 50 ms and then ever longer, up to a second (after
// a refusal that only another configuration mends, too), and goes on behind the
// last event that was taken. Moves to another connection within half a second
// where `gateway` gives another channel (a renewed certificate, a gateway
// elsewhere): a stream would keep the old one for ever. Says in the log
// `events_not_followed` (warning), once until it is over, and `events_followed`
// then and at the beginning.
class EventSubscription {
 public:
  // Takes one event. Runs inside a transaction of Database::Write, which also
  // keeps how far the subscription has come, so an event that was taken comes
  // no second time but for a second subscription: keep what it means for later,
  // and ask others outside. An error takes nothing, is said in the log, and has
  // the event come again, before all later ones: what an agency cannot use, it
  // takes with OK.
  using Take =
      std::function<absl::Status(soci::session& session, const LifeEvent&)>;

  // Makes its table (event_subscriptions) where it is missing and starts the
  // thread. What is published before the very first connection is not given.
  // One for each affair. `database`, and what `gateway` and `take` need, must
  // outlive it; `gateway` is called on two threads and gives the same channel
  // while nothing has changed. Errors of Database::Write.
  static absl::StatusOr<std::unique_ptr<EventSubscription>> Start(
      Database& database, GatewaySource gateway,
      EventSubscriptionOptions options, Take take);
  // Ends the stream and the thread.
  ~EventSubscription();
  // Connects again, with the consents of then; no event is lost by it.
  void Refresh() PSM_EXCLUDES(mu_);
  EventSubscription(const EventSubscription&) = delete;
  EventSubscription& operator=(const EventSubscription&) = delete;

 private:
  EventSubscription(Database& database, GatewaySource gateway,
                    EventSubscriptionOptions options, Take take);
  void Run() PSM_EXCLUDES(mu_);
  // Until the stream ends, and why it did.
  absl::Status Follow() PSM_EXCLUDES(mu_);
  // Ends streams on channels that `gateway_` no longer gives.
  void Watch() PSM_EXCLUDES(mu_);
  absl::StatusOr<std::string> Token();
  absl::Status KeepToken(soci::session& session, const std::string& token);
  void Followed(bool is);

  Database& database_;
  const GatewaySource gateway_;
  const EventSubscriptionOptions options_;
  const Take take_;
  bool missed_ = false;    // events; to be reconciled at the next connection
  bool progress_ = false;  // since the last pause
  std::optional<bool> followed_;  // as far as the log says
  Mutex mu_;
  CondVar stop_;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  grpc::ClientContext* following_ PSM_GUARDED_BY(mu_) = nullptr;
  std::shared_ptr<grpc::Channel> channel_ PSM_GUARDED_BY(mu_);  // of following_
  bool moves_ PSM_GUARDED_BY(mu_) = false;  // the stream is to be another
  std::thread thread_;
  std::thread watch_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_EVENT_SUBSCRIPTION_H_
