// Life events of the last weeks, in the order of their publication: written by
// those who publish, read by those who were away. Knows neither agreements nor
// calls.
//
// Trust: whoever may write to its files may invent events; each is delivered
// only under an agreement and with a record. They hold no person's number:
// codes of the scope `records` stand for persons.
#ifndef PSM_MESH_EVENTS_EVENT_QUEUE_H_
#define PSM_MESH_EVENTS_EVENT_QUEUE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/base/clock.h"
#include "mesh/base/executor.h"
#include "mesh/base/mutex.h"
#include "mesh/base/task.h"
#include "mesh/journal/group_commit.h"
#include "mesh/journal/journal.h"
#include "mesh/subjects/subject_code.h"

namespace psm {

struct LifeEvent {
  std::uint64_t sequence = 0;  // from 1, without gaps
  std::string key;             // 16 bytes: of its publisher and exchange id
  PersonNumber person;
  std::string type;            // "moved_in"
  std::string publisher;       // system id
  std::string effective_date;  // `YYYY-MM-DD`
  absl::Time publish_time;
};

struct EventQueueOptions {
  std::string folder;
  absl::Duration retention = absl::Hours(30 * 24);
  std::size_t most = 1'000'000;  // events kept, about; 80 bytes of memory each
  std::size_t segment = 65'536;  // events in one file
};

// Thread-safe.
class EventQueue {
 public:
  // Opens the folder, or makes it, and reads what is kept. `scopes` is its own;
  // `clock` must outlive it. Errors of Journal::Open.
  static absl::StatusOr<std::unique_ptr<EventQueue>> Open(
      EventQueueOptions options, std::unique_ptr<SubjectScopes> scopes,
      const Clock& clock, Committing committing = Committing::kThread);
  ~EventQueue();

  // Appends an event, `sequence` and `publish_time` aside, and sets `done` on
  // `executor` when it is durable: with OK, or UNAVAILABLE EVENTS_NOT_DURABLE.
  // One whose key is kept already makes no second event, and is OK.
  void Publish(const LifeEvent& event, Executor& executor,
               Completion<absl::Status>* done) PSM_EXCLUDES(mu_);

  // Commits what waits; nothing may be published afterwards. Before the
  // executors go.
  void EndCommits() { commits_.reset(); }

  // The key of an event: the first bytes of a SHA-256.
  static std::string KeyOf(absl::string_view publisher,
                           absl::string_view exchange_id);

  // The first events behind `sequence`, at most `limit`; none where there are
  // none yet. OUT_OF_RANGE EVENTS_EXPIRED where some behind it are gone, or it
  // lies ahead of all there is.
  absl::StatusOr<std::vector<LifeEvent>> Read(std::uint64_t sequence,
                                              std::size_t limit) const
      PSM_EXCLUDES(mu_);

  // Of the newest that is durable; 0: there was none yet.
  std::uint64_t last_sequence() const PSM_EXCLUDES(mu_);

  // Has `news` called on `executor` after events became durable, until Forget;
  // several in between may make one call. `executor` must stay until then.
  // Gives what Forget takes.
  int Listen(Executor& executor, std::function<void()> news) PSM_EXCLUDES(mu_);
  // No call is posted afterwards; one that was posted may still run.
  void Forget(int listener) PSM_EXCLUDES(mu_);

 private:
  using Name = std::uint16_t;
  using Key = std::array<char, 16>;
  struct Kept {
    PersonNumber person;
    Name type;
    Name publisher;
    std::int32_t day;   // as YYYYMMDD
    std::int64_t time;  // microseconds of Unix time
    Key key;
  };
  // One file, oldest event first. Names are the segment's own.
  struct Segment {
    std::uint64_t first = 1;  // sequence
    std::string file;
    std::unique_ptr<Journal> journal;  // the committing thread's
    std::vector<std::string> names;
    std::vector<Kept> events;
  };
  struct Listener {
    Executor* executor;
    std::function<void()> news;
  };

  EventQueue(EventQueueOptions options, std::unique_ptr<SubjectScopes> scopes,
             const Clock& clock);
  absl::Status OpenAll() PSM_EXCLUDES(mu_);
  absl::StatusOr<std::unique_ptr<Segment>> OpenSegment(std::uint64_t first)
      PSM_REQUIRES(mu_);
  absl::Status Commit(absl::Span<const GroupCommit::Item> items)
      PSM_EXCLUDES(mu_);
  // Takes one entry of a segment's file. DATA_LOSS where it is none.
  absl::Status Apply(Segment& segment, absl::string_view entry)
      PSM_REQUIRES(mu_);
  // The number of a name in a segment; adds an entry where it is new to it.
  static Name NameIn(const Segment& segment, absl::string_view text,
                     std::vector<std::string>& added,
                     std::vector<std::string>& entries);
  bool IsRollDue(const Segment& segment, absl::Time now) const;
  // Removes what is too old or too much, but never the newest segment.
  void Expire(absl::Time now) PSM_REQUIRES(mu_);
  std::string FileOf(std::uint64_t first) const;

  const EventQueueOptions options_;
  const std::unique_ptr<SubjectScopes> scopes_;  // used under mu_
  const Clock& clock_;

  mutable Mutex mu_;
  std::deque<std::unique_ptr<Segment>> segments_ PSM_GUARDED_BY(mu_);
  absl::flat_hash_set<Key> keys_ PSM_GUARDED_BY(mu_);  // of all kept
  absl::flat_hash_map<int, Listener> listeners_ PSM_GUARDED_BY(mu_);
  int last_listener_ PSM_GUARDED_BY(mu_) = 0;

  std::unique_ptr<GroupCommit> commits_;  // goes first
};

}  // namespace psm

#endif  // PSM_MESH_EVENTS_EVENT_QUEUE_H_
