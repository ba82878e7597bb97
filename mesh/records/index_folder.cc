// The names of the runs say which records they cover, so there is no list of
// them to keep: those that follow one another from index 0, or the first record
// that was not expunged, are the index, where two begin alike the longer one
// counts, and what lies within a longer one is left over: the longer one was
// made of it, or it of the longer one, to be rid of what was expunged. A run
// gets its name when it is whole and durable, and what it replaces is removed
// after that.
#include "mesh/records/index_folder.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/index_run_writer.h"

namespace psm {
namespace {

constexpr absl::string_view kPrefix = "run-";
constexpr std::size_t kDigits = 16;
// Of Write, and of Merge, which may call Write while it is at work.
constexpr char kWriting[] = "run.new";
constexpr char kMerging[] = "run.merged";
constexpr std::size_t kFanIn = 4;
constexpr std::uint64_t kStretch = 8192;  // entries between two questions

struct Range {
  std::uint64_t from;
  std::uint64_t to;
};

std::optional<Range> RangeOf(absl::string_view name) {
  Range range{};
  if (name.size() != kPrefix.size() + 2 * kDigits + 1 ||
      !absl::StartsWith(name, kPrefix) ||
      !absl::SimpleAtoi(name.substr(kPrefix.size(), kDigits), &range.from) ||
      !absl::SimpleAtoi(name.substr(kPrefix.size() + kDigits + 1), &range.to)) {
    return std::nullopt;
  }
  return range;
}

absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& path) {
  std::vector<std::string> names;
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr && errno == ENOENT) return names;
  if (dir == nullptr) {
    return absl::ErrnoToStatus(errno, "cannot open the folder of the index");
  }
  while (const dirent* entry = readdir(dir)) {
    if (absl::StartsWith(entry->d_name, "run")) names.push_back(entry->d_name);
  }
  closedir(dir);
  return names;
}

// A file that goes away again, unless it got its name: what is left of one that
// did not fit would keep the disk full.
class Unfinished {
 public:
  explicit Unfinished(std::string name) : name_(std::move(name)) {}
  ~Unfinished() { unlink(name_.c_str()); }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
};

// Runs to be merged, the one with the least entry first. There are four to a
// dozen of them: to look at each is cheaper than a heap.
class Heads {
 public:
  absl::Status Add(const IndexRun& run) {
    heads_.push_back({IndexRunCursor(run), {}});
    return Advance(heads_.size() - 1);
  }
  bool empty() const { return heads_.empty(); }
  const IndexEntry& least() const { return heads_[least_].entry; }
  absl::Status Pop() { return Advance(least_); }

 private:
  struct Head {
    IndexRunCursor cursor;
    IndexEntry entry;
  };

  absl::Status Advance(std::size_t number) {
    PSM_ASSIGN_OR_RETURN(bool more,
                         heads_[number].cursor.Next(heads_[number].entry));
    if (!more) {
      heads_.erase(heads_.begin() + static_cast<std::ptrdiff_t>(number));
    }
    least_ = 0;
    for (std::size_t i = 1; i < heads_.size(); ++i) {
      if (PlaceOf(heads_[i].entry) < PlaceOf(least())) least_ = i;
    }
    return absl::OkStatus();
  }

  std::vector<Head> heads_;  // of the runs that have an entry left
  std::size_t least_ = 0;
};

}  // namespace

std::string IndexFolder::FileOf(std::uint64_t from, std::uint64_t to) const {
  return absl::StrFormat("%s/%s%016d-%016d", path_, kPrefix, from, to);
}

absl::StatusOr<IndexRuns> IndexFolder::Load(const std::string& log_id,
                                            std::uint64_t begin,
                                            std::uint64_t most) {
  PSM_ASSIGN_OR_RETURN(std::vector<std::string> names, FilesOf(path_));
  std::multimap<std::uint64_t, std::uint64_t> ranges;  // from -> to
  for (const std::string& name : names) {
    if (name == kWriting || name == kMerging) {
      unlink(absl::StrCat(path_, "/", name).c_str());
      continue;
    }
    std::optional<Range> range = RangeOf(name);
    if (!range.has_value() || range->from >= range->to) {
      return absl::DataLossError(
          absl::StrCat("a file that is no run of the index: ", name));
    }
    ranges.emplace(range->from, range->to);
  }
  IndexRuns runs;
  std::uint64_t end = begin;
  for (auto at = ranges.begin(); at != ranges.end();) {
    const std::uint64_t from = at->first;
    std::uint64_t to = 0;
    for (; at != ranges.end() && at->first == from; ++at) {
      to = std::max(to, at->second);
    }
    if (from > end) {
      return absl::DataLossError("a run of the index is missing");
    }
    if (from < end && to > end && !runs.empty()) {
      return absl::DataLossError("runs of the index overlap");
    }
    if (to <= end) continue;
    PSM_ASSIGN_OR_RETURN(std::shared_ptr<const IndexRun> run,
                         IndexRun::Open(FileOf(from, to), log_id, from, to));
    runs.push_back(std::move(run));
    end = to;
  }
  if (end > most) {
    return absl::DataLossError("the index knows more than the log holds");
  }
  for (const auto& [from, to] : ranges) {
    const bool counts =
        std::any_of(runs.begin(), runs.end(), [&](const auto& run) {
          return run->header().from == from && run->header().to == to;
        });
    if (!counts) unlink(FileOf(from, to).c_str());
  }
  return runs;
}

absl::StatusOr<std::shared_ptr<const IndexRun>> IndexFolder::Publish(
    const std::string& unfinished, const std::string& log_id,
    std::uint64_t from, std::uint64_t to) {
  const std::string name = FileOf(from, to);
  if (rename(unfinished.c_str(), name.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, "cannot name a run");
  }
  PSM_RETURN_IF_ERROR(SyncFolder(path_));
  return IndexRun::Open(name, log_id, from, to);
}

absl::StatusOr<std::shared_ptr<const IndexRun>> IndexFolder::Write(
    const std::string& log_id, const IndexPart& part) {
  if (mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, "cannot make the folder of the index");
  }
  const Unfinished file(absl::StrCat(path_, "/", kWriting));
  const std::vector<IndexEntry> entries = part.Sorted();
  const auto keyed = static_cast<std::uint64_t>(
      std::count_if(entries.begin(), entries.end(),
                    [](const IndexEntry& e) { return e.key != kPlaceKey; }));
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<IndexRunWriter> writer,
      IndexRunWriter::Create(file.name(), log_id, part.from(), part.to(),
                             entries.size(), keyed));
  for (const IndexEntry& entry : entries) {
    PSM_RETURN_IF_ERROR(writer->Add(entry));
  }
  PSM_RETURN_IF_ERROR(writer->Finish());
  return Publish(file.name(), log_id, part.from(), part.to());
}

absl::StatusOr<std::shared_ptr<const IndexRun>> IndexFolder::Merge(
    const std::string& log_id, const IndexRuns& runs, std::uint64_t begin,
    absl::Time forget, absl::FunctionRef<bool()> go_on) {
  std::uint64_t entries = 0;
  std::uint64_t keyed = 0;
  Heads heads;
  for (const auto& run : runs) {
    entries += run->header().entries;
    keyed += run->header().keyed;
    PSM_RETURN_IF_ERROR(heads.Add(*run));
  }
  const std::uint64_t from = std::max(runs.front()->header().from, begin);
  const std::uint64_t to = EndOf(runs);
  const Unfinished file(absl::StrCat(path_, "/", kMerging));
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<IndexRunWriter> writer,
      IndexRunWriter::Create(file.name(), log_id, from, to, entries, keyed));
  for (std::uint64_t seen = 1; !heads.empty(); ++seen) {
    const IndexEntry& entry = heads.least();
    if (entry.position.index >= from &&
        (!IsExchangeKey(entry.key) || entry.ask_time() > forget)) {
      PSM_RETURN_IF_ERROR(writer->Add(entry));
    }
    PSM_RETURN_IF_ERROR(heads.Pop());
    if (seen % kStretch == 0 && !go_on()) {
      return absl::CancelledError("merging was stopped");
    }
  }
  PSM_RETURN_IF_ERROR(writer->Finish());
  return Publish(file.name(), log_id, from, to);
}

absl::Status IndexFolder::Remove(const IndexRuns& runs) {
  for (const auto& run : runs) {
    PSM_RETURN_IF_ERROR(
        RemoveFile(FileOf(run->header().from, run->header().to)));
  }
  return absl::OkStatus();
}

absl::Status IndexFolder::RemoveAll() {
  PSM_ASSIGN_OR_RETURN(std::vector<std::string> names, FilesOf(path_));
  for (const std::string& name : names) {
    PSM_RETURN_IF_ERROR(RemoveFile(absl::StrCat(path_, "/", name)));
  }
  return absl::OkStatus();
}

std::size_t IndexFolder::CountDue(const IndexRuns& runs, std::uint64_t unit) {
  std::size_t count = 0;  // of the last ones that are below `size`
  for (std::uint64_t size = unit * kFanIn; count < runs.size();
       size *= kFanIn) {
    const std::size_t smaller = count;
    while (count < runs.size()) {
      const IndexRunHeader& header = runs[runs.size() - 1 - count]->header();
      if (header.to - header.from >= size) break;
      ++count;
    }
    if (count - smaller >= kFanIn) return count;
  }
  return 0;
}

}  // namespace psm
