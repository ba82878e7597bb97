// What is heard of card holders' lives, and what comes of it: certificates end,
// a dead person's consents and sign-ins end, items follow the register. Knows
// no streams.
#ifndef PSM_SERVICES_IDENTITY_HOLDER_NEWS_H_
#define PSM_SERVICES_IDENTITY_HOLDER_NEWS_H_

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "services/identity/card_register.h"
#include "services/identity/resident_items.h"
#include "soci/soci.h"

namespace psm::identity {

// An event is kept in the subscription's transaction (Keep) and has its effect
// on a thread, in a transaction of its own that also forgets it: certificates
// that the authority's file has and the database has not must come in before,
// and no transaction waits for a file. What cannot be done now (a database, a
// file) is said in the log and tried again every second. Thread-safe.
//
// | event                  | effect |
// |---|---|
// | name_changed           | signature certificate revoked, name outdated |
// | moved_in, moved_within | the same, address outdated |
// | died                   | both certificates revoked, no new ones; consents,
// |                        | sign-ins at relying parties and representations
// |                        | ended, of both sides |
//
// Outdated items are asked for at the register until they are had: where it
// refuses them (the person is protected, or on the way from one town to the
// other) after a second, and then ever later, up to an hour.
class HolderNews {
 public:
  struct Parts {
    agency::Database* database;
    CardRegister* cards;
    ResidentItems* residents;
    const Clock* clock;
    std::function<void()> publish;  // after certificates were revoked
  };

  // What it is given must outlive it. Starts the thread, which takes up what a
  // process before has left.
  explicit HolderNews(Parts parts);
  ~HolderNews();
  HolderNews(const HolderNews&) = delete;
  HolderNews& operator=(const HolderNews&) = delete;

  // For EventSubscription: keeps an event of a card holder, whose effect comes
  // within a second; OK and nothing for anybody else, or a type that has none.
  absl::Status Keep(soci::session& sql, const agency::LifeEvent& event);

  // Where events were missed: whose items may be other ones, and that is
  // everybody's, are asked for.
  static absl::Status Missed(soci::session& sql);

 private:
  void Work() PSM_EXCLUDES(mu_);
  bool Stopping() PSM_EXCLUDES(mu_);
  // Settles one event. False: there is none.
  absl::StatusOr<bool> SettleOne();
  absl::Status Settle(soci::session& sql, const std::string& type,
                      const std::string& subject, absl::Time publish_time);
  // Asks for the outdated items that it is time to ask for.
  absl::Status AskForItems();
  absl::StatusOr<std::vector<std::string>> Outdated();

  const Parts parts_;
  struct Refused {
    absl::Duration pause;
    absl::Duration again;  // on the monotonic clock
  };
  std::map<std::string, Refused> refused_;  // by the register; the thread's own
  Mutex mu_;
  CondVar wake_;
  bool woken_ PSM_GUARDED_BY(mu_) = false;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  std::thread worker_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_HOLDER_NEWS_H_
