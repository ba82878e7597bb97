// Values that the register gives are put in as of just after the change that
// they follow (its time and a microsecond), not as of now: an event that was
// published while the register was asked is newer than they are, and has them
// asked for again.
#include "services/identity/holder_news.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "services/identity/card_holders.h"
#include "services/identity/consent_store.h"
#include "services/identity/representations.h"
#include "services/openid/grant_store.h"

namespace psm::identity {
namespace {

constexpr absl::Duration kAgain = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Hours(1);

bool Matters(const std::string& type) {
  return type == "name_changed" || type == "moved_in" ||
         type == "moved_within" || type == "died";
}

}  // namespace

HolderNews::HolderNews(Parts parts)
    : parts_(std::move(parts)), worker_([this] { Work(); }) {}

HolderNews::~HolderNews() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  worker_.join();
}

absl::Status HolderNews::Keep(soci::session& sql,
                              const agency::LifeEvent& event) {
  if (!Matters(event.type)) return absl::OkStatus();
  if (!CardHolders::Find(sql, event.subject).has_value())
    return absl::OkStatus();
  const long long time = absl::ToUnixMicros(event.publish_time);
  sql << "INSERT INTO heard_events (event_id, type, subject, publish_time) "
         "VALUES (:id, :type, :subject, :time) ON CONFLICT (event_id) DO "
         "NOTHING",
      soci::use(event.id), soci::use(event.type), soci::use(event.subject),
      soci::use(time);
  MutexLock lock(mu_);
  woken_ = true;
  wake_.NotifyAll();
  return absl::OkStatus();
}

absl::Status HolderNews::Missed(soci::session& sql) {
  sql << "UPDATE card_holders SET outdated = 3 WHERE died = 0";
  return absl::OkStatus();
}

bool HolderNews::Stopping() {
  MutexLock lock(mu_);
  return stopping_;
}

void HolderNews::Work() {
  while (!Stopping()) {
    const absl::StatusOr<bool> settled = SettleOne();
    if (settled.ok() && *settled) continue;
    const absl::Status done = settled.ok() ? AskForItems() : settled.status();
    if (!done.ok()) {
      LogWarning("holder_news_wait",
                 {{"code", absl::StatusCodeToString(done.code())},
                  {"reason", ReasonOf(done)}});
    }
    MutexLock lock(mu_);
    if (!woken_ && !stopping_)
      wake_.WaitFor(mu_, absl::ToChronoNanoseconds(kAgain));
    woken_ = false;
  }
}

absl::StatusOr<bool> HolderNews::SettleOne() {
  // In a writer's transaction: it waits for the one that keeps an event.
  PSM_RETURN_IF_ERROR(parts_.cards->TakeIn());
  bool found = false;
  std::string subject;
  const absl::Status written =
      parts_.database->Write([&](soci::session& sql) -> absl::Status {
        found = false;
        std::string id, type;
        long long time = 0;
        sql << "SELECT event_id, type, subject, publish_time FROM heard_events "
               "ORDER BY publish_time, event_id LIMIT 1",
            soci::into(id), soci::into(type), soci::into(subject),
            soci::into(time);
        if (!sql.got_data()) return absl::OkStatus();
        found = true;
        PSM_RETURN_IF_ERROR(
            Settle(sql, type, subject, absl::FromUnixMicros(time)));
        sql << "DELETE FROM heard_events WHERE event_id = :id", soci::use(id);
        return absl::OkStatus();
      });
  PSM_RETURN_IF_ERROR(written);
  if (!found) return false;
  refused_.erase(subject);
  parts_.publish();
  return true;
}

absl::Status HolderNews::Settle(soci::session& sql, const std::string& type,
                                const std::string& subject,
                                absl::Time publish_time) {
  const absl::Time now = parts_.clock->Now();
  HolderChange change;
  change.subject = subject;
  change.renamed = type == "name_changed";
  change.moved = type == "moved_in" || type == "moved_within";
  change.died = type == "died";
  // The gateway's clock may be ahead of this one.
  change.change_time = std::min(publish_time, now);
  PSM_RETURN_IF_ERROR(parts_.cards->Change(sql, change).status());
  if (change.died) {
    ConsentStore::WithdrawAll(sql, subject, now);
    openid::RevokeGrantsOf(sql, subject, now);
    Representations::EndAllOf(sql, subject, now);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> HolderNews::Outdated() {
  std::vector<std::string> subjects;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        std::string subject;
        soci::statement select =
            (sql.prepare << "SELECT subject FROM card_holders WHERE outdated "
                            "<> 0 AND died = 0 ORDER BY subject",
             soci::into(subject));
        select.execute();
        while (select.fetch()) subjects.push_back(subject);
        return absl::OkStatus();
      }));
  return subjects;
}

absl::Status HolderNews::AskForItems() {
  PSM_ASSIGN_OR_RETURN(const std::vector<std::string> subjects, Outdated());
  for (const std::string& subject : subjects) {
    if (Stopping()) return absl::OkStatus();
    const absl::Duration now = parts_.clock->Monotonic();
    const auto refused = refused_.find(subject);
    if (refused != refused_.end() && now < refused->second.again) continue;
    // The state that the answer will be about, or an older one.
    PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> before,
                         CardHolders(parts_.database).Find(subject));
    if (!before.has_value()) continue;
    const absl::StatusOr<ItemsOfToday> items = parts_.residents->Of(subject);
    if (absl::IsUnavailable(items.status()) ||
        absl::IsDeadlineExceeded(items.status()))
      return items.status();
    if (!items.ok()) {
      LogWarning("card_items_refused", {{"reason", ReasonOf(items.status())}});
      Refused& entry =
          refused_.try_emplace(subject, Refused{kAgain, {}}).first->second;
      entry.again = now + entry.pause;
      entry.pause = std::min(2 * entry.pause, kLongestPause);
      continue;
    }
    HolderChange change;
    change.subject = subject;
    change.name = items->name;
    change.kana = items->kana;
    change.address = items->address;
    change.change_time = before->change_time + absl::Microseconds(1);
    PSM_RETURN_IF_ERROR(parts_.cards->OnChange(change).status());
    refused_.erase(subject);
    parts_.publish();
  }
  return absl::OkStatus();
}

}  // namespace psm::identity
