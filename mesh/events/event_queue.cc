// Files: events-<20 digits of the first sequence>.journal, one behind the
// other. Entries, all numbers little endian:
//   'N' text                               a name; they count from 0
//   'E' type (16) publisher (16) day (32) time (64) code (16 bytes) key (16)
// The queue's last sequence is the last file's first plus its events less one,
// so numbers go on where a file without events is all that is left.
#include "mesh/events/event_queue.h"

#include <dirent.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/base32.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/little_endian.h"

namespace psm {
namespace {

constexpr char kName = 'N';
constexpr char kEvent = 'E';
constexpr std::size_t kEventSize = 49;  // bytes
constexpr std::size_t kCodeSize = 16;
constexpr absl::string_view kPrefix = "events-";
constexpr absl::string_view kSuffix = ".journal";
// Personal data goes within this share of the retention after it is over.
constexpr int kSegmentsOfRetention = 8;

absl::Status NotDurable() {
  return MakeError(absl::StatusCode::kUnavailable, "EVENTS_NOT_DURABLE",
                   Party::kGateway,
                   "the event could not be written; try again with the same "
                   "exchange id");
}

absl::Status Expired() {
  return MakeError(absl::StatusCode::kOutOfRange, "EVENTS_EXPIRED",
                   Party::kConsumer,
                   "events after this token are no longer kept; reconcile, and "
                   "subscribe without a token");
}

absl::Status NotAnEvent() {
  return MakeError(absl::StatusCode::kDataLoss, "JOURNAL_DAMAGED",
                   Party::kGateway,
                   "a journal of life events says what it cannot say, or was "
                   "written under another master key");
}

std::int32_t DayNumber(absl::string_view date) {
  std::int32_t number = 0;
  for (const char c : date) {
    if (c != '-') number = number * 10 + (c - '0');
  }
  return number;
}

std::string DateOf(std::int32_t day) {
  return absl::StrFormat("%04d-%02d-%02d", day / 10000, day / 100 % 100,
                         day % 100);
}

template <typename Array>
Array ArrayOf(absl::string_view bytes) {
  Array array;
  std::copy_n(bytes.begin(), array.size(), array.begin());
  return array;
}

}  // namespace

std::string EventQueue::KeyOf(absl::string_view publisher,
                              absl::string_view exchange_id) {
  return Sha256(absl::StrCat("psm event\n", publisher, "\n", exchange_id))
      .substr(0, sizeof(Key));
}

absl::StatusOr<std::unique_ptr<EventQueue>> EventQueue::Open(
    EventQueueOptions options, std::unique_ptr<SubjectScopes> scopes,
    const Clock& clock, Committing committing) {
  PSM_RETURN_IF_ERROR(MakeFolder(options.folder));
  std::unique_ptr<EventQueue> result(
      new EventQueue(std::move(options), std::move(scopes), clock));
  EventQueue& self = *result;
  PSM_RETURN_IF_ERROR(self.OpenAll());
  self.commits_ = std::make_unique<GroupCommit>(
      committing, [&self](absl::Span<const GroupCommit::Item> items) {
        return self.Commit(items);
      });
  return result;
}

EventQueue::EventQueue(EventQueueOptions options,
                       std::unique_ptr<SubjectScopes> scopes,
                       const Clock& clock)
    : options_(std::move(options)), scopes_(std::move(scopes)), clock_(clock) {}

EventQueue::~EventQueue() = default;

std::string EventQueue::FileOf(std::uint64_t first) const {
  return absl::StrFormat("%s/%s%020d%s", options_.folder, kPrefix, first,
                         kSuffix);
}

absl::Status EventQueue::OpenAll() {
  std::vector<std::uint64_t> firsts;
  DIR* const folder = opendir(options_.folder.c_str());
  if (folder == nullptr)
    return absl::UnavailableError(
        absl::StrCat("cannot read ", options_.folder));
  while (const dirent* entry = readdir(folder)) {
    absl::string_view name = entry->d_name;
    std::uint64_t first = 0;
    if (absl::StartsWith(name, kPrefix) && absl::EndsWith(name, kSuffix) &&
        absl::SimpleAtoi(name.substr(kPrefix.size(), 20), &first) &&
        FileOf(first) == absl::StrCat(options_.folder, "/", name))
      firsts.push_back(first);
  }
  closedir(folder);
  std::sort(firsts.begin(), firsts.end());
  if (firsts.empty()) firsts.push_back(1);

  MutexLock lock(mu_);
  for (const std::uint64_t first : firsts) {
    if (!segments_.empty() &&
        segments_.back()->first + segments_.back()->events.size() != first)
      return NotAnEvent();
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<Segment> segment, OpenSegment(first));
    segments_.push_back(std::move(segment));
  }
  Expire(clock_.Now());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<EventQueue::Segment>> EventQueue::OpenSegment(
    std::uint64_t first) {
  auto segment = std::make_unique<Segment>();
  segment->first = first;
  segment->file = FileOf(first);
  PSM_ASSIGN_OR_RETURN(
      segment->journal,
      Journal::Open(segment->file,
                    [&](absl::string_view entry)
                        PSM_REQUIRES(mu_) { return Apply(*segment, entry); }));
  return segment;
}

absl::Status EventQueue::Apply(Segment& segment, absl::string_view entry) {
  if (entry.empty()) return NotAnEvent();
  if (entry[0] == kName) {
    segment.names.emplace_back(entry.substr(1));
    return absl::OkStatus();
  }
  if (entry[0] != kEvent || entry.size() != kEventSize) return NotAnEvent();
  Kept kept;
  kept.type = Get<Name>(entry, 1);
  kept.publisher = Get<Name>(entry, 3);
  kept.day = static_cast<std::int32_t>(Get<std::uint32_t>(entry, 5));
  kept.time = static_cast<std::int64_t>(Get<std::uint64_t>(entry, 9));
  absl::StatusOr<PersonNumber> person =
      scopes_->For(SubjectScopeKind::kRecords, "")
          .Decode(Base32Encode(entry.substr(17, kCodeSize)));
  kept.key = ArrayOf<Key>(entry.substr(33));
  if (!person.ok() || kept.type >= segment.names.size() ||
      kept.publisher >= segment.names.size())
    return NotAnEvent();
  kept.person = *person;
  segment.events.push_back(kept);
  keys_.insert(kept.key);
  return absl::OkStatus();
}

// The entry that is queued: the event in the words of no segment yet.
void EventQueue::Publish(const LifeEvent& event, Executor& executor,
                         Completion<absl::Status>* done) {
  std::string code;
  {
    MutexLock lock(mu_);
    code = scopes_->For(SubjectScopeKind::kRecords, "").Encode(event.person);
  }
  commits_->Add(
      {absl::StrCat(event.type, "\n", event.publisher, "\n",
                    event.effective_date, "\n", code, "\n", event.key),
       &executor, done});
}

EventQueue::Name EventQueue::NameIn(const Segment& segment,
                                    absl::string_view text,
                                    std::vector<std::string>& added,
                                    std::vector<std::string>& entries) {
  auto found = std::find(segment.names.begin(), segment.names.end(), text);
  if (found != segment.names.end())
    return static_cast<Name>(found - segment.names.begin());
  found = std::find(added.begin(), added.end(), text);
  const auto number = static_cast<Name>(
      segment.names.size() + static_cast<std::size_t>(found - added.begin()));
  if (found == added.end()) {
    added.emplace_back(text);
    entries.push_back(absl::StrCat(std::string(1, kName), text));
  }
  return number;
}

bool EventQueue::IsRollDue(const Segment& segment, absl::Time now) const {
  return segment.events.size() >= options_.segment ||
         (!segment.events.empty() &&
          now - absl::FromUnixMicros(segment.events.front().time) >
              options_.retention / kSegmentsOfRetention);
}

absl::Status EventQueue::Commit(absl::Span<const GroupCommit::Item> items) {
  const absl::Time now = clock_.Now();
  Segment* segment = nullptr;
  std::vector<std::string> entries;
  {
    MutexLock lock(mu_);
    if (IsRollDue(*segments_.back(), now)) {
      const std::uint64_t first =
          segments_.back()->first + segments_.back()->events.size();
      absl::StatusOr<std::unique_ptr<Segment>> next = OpenSegment(first);
      if (!next.ok()) {
        LogError("events_not_written",
                 {{"error", std::string(next.status().message())}});
        return NotDurable();
      }
      segments_.push_back(*std::move(next));
    }
    segment = segments_.back().get();
    absl::flat_hash_set<Key> new_keys;
    std::vector<std::string> names;
    for (const GroupCommit::Item& item : items) {
      const std::vector<absl::string_view> parts =
          absl::StrSplit(item.entry, absl::MaxSplits('\n', 4));
      const Key key = ArrayOf<Key>(parts[4]);
      if (keys_.contains(key) || !new_keys.insert(key).second) continue;
      const Name type = NameIn(*segment, parts[0], names, entries);
      const Name publisher = NameIn(*segment, parts[1], names, entries);
      std::string entry(1, kEvent);
      Put(type, entry);
      Put(publisher, entry);
      Put(static_cast<std::uint32_t>(DayNumber(parts[2])), entry);
      Put(static_cast<std::uint64_t>(absl::ToUnixMicros(now)), entry);
      absl::StrAppend(&entry, Base32Decode(parts[3]).value(), parts[4]);
      entries.push_back(std::move(entry));
    }
  }
  // Only this thread adds segments, and Expire leaves the newest.
  if (absl::Status written = segment->journal->Append(entries); !written.ok()) {
    LogError("events_not_written", {{"error", std::string(written.message())}});
    return NotDurable();
  }
  MutexLock lock(mu_);
  for (const std::string& entry : entries)
    PSM_RETURN_IF_ERROR(Apply(*segment, entry));
  Expire(now);
  for (const auto& [number, listener] : listeners_)
    listener.executor->Post(listener.news);
  return absl::OkStatus();
}

void EventQueue::Expire(absl::Time now) {
  std::size_t kept = 0;
  for (const auto& segment : segments_) kept += segment->events.size();
  while (segments_.size() > 1) {
    const Segment& oldest = *segments_.front();
    const bool old = oldest.events.empty() ||
                     now - absl::FromUnixMicros(oldest.events.back().time) >
                         options_.retention;
    if (!old && kept <= options_.most) break;
    if (absl::Status removed = RemoveFile(oldest.file); !removed.ok()) {
      LogError("events_not_removed",
               {{"error", std::string(removed.message())}});
      break;
    }
    kept -= oldest.events.size();
    for (const Kept& event : oldest.events) keys_.erase(event.key);
    segments_.pop_front();
  }
}

absl::StatusOr<std::vector<LifeEvent>> EventQueue::Read(
    std::uint64_t sequence, std::size_t limit) const {
  MutexLock lock(mu_);
  const Segment& newest = *segments_.back();
  if (sequence + 1 < segments_.front()->first ||
      sequence >= newest.first + newest.events.size())
    return Expired();
  std::vector<LifeEvent> events;
  for (const auto& segment : segments_) {
    const std::uint64_t end = segment->first + segment->events.size();
    for (std::uint64_t next = std::max(sequence + 1, segment->first);
         next < end && events.size() < limit; ++next) {
      const Kept& kept =
          segment->events[static_cast<std::size_t>(next - segment->first)];
      LifeEvent& event = events.emplace_back();
      event.sequence = next;
      event.key.assign(kept.key.begin(), kept.key.end());
      event.person = kept.person;
      event.type = segment->names[kept.type];
      event.publisher = segment->names[kept.publisher];
      event.effective_date = DateOf(kept.day);
      event.publish_time = absl::FromUnixMicros(kept.time);
    }
  }
  return events;
}

std::uint64_t EventQueue::last_sequence() const {
  MutexLock lock(mu_);
  return segments_.back()->first + segments_.back()->events.size() - 1;
}

int EventQueue::Listen(Executor& executor, std::function<void()> news) {
  MutexLock lock(mu_);
  listeners_[++last_listener_] = {&executor, std::move(news)};
  return last_listener_;
}

void EventQueue::Forget(int listener) {
  MutexLock lock(mu_);
  listeners_.erase(listener);
}

}  // namespace psm
