#include "mesh/records/log_publisher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// Leaves read back are added this many at a time.
constexpr std::size_t kReadBatch = 4096;

}  // namespace

absl::StatusOr<std::optional<tlog::SignedCheckpoint>> PublishedCheckpoint(
    const std::string& folder, const LogKeys& log) {
  absl::StatusOr<std::string> bytes = ReadFile(folder + "/checkpoint");
  if (absl::IsNotFound(bytes.status())) return std::nullopt;
  PSM_RETURN_IF_ERROR(bytes.status());
  PSM_ASSIGN_OR_RETURN(tlog::SignedCheckpoint checkpoint, log.Open(*bytes));
  return checkpoint;
}

absl::Status PublishKeys(const std::string& folder, const LogKeys& log) {
  if (log.rotations().empty()) return absl::OkStatus();
  PSM_RETURN_IF_ERROR(MakeFolder(folder));
  const std::string file = absl::StrCat(folder, "/", tlog::kKeysName);
  const std::string text = log.ToText();
  // Whatever name it has not yet on the disk is synced with the checkpoint's.
  if (const auto there = ReadFile(file); there.ok() && *there == text)
    return absl::OkStatus();
  return WriteWholeFile(file, text, kPublic);
}

LogPublisher::LogPublisher(Options options, LogKeys log, LeafReader read,
                           std::optional<tlog::SignedCheckpoint> head)
    : options_(std::move(options)),
      log_(std::move(log)),
      read_(std::move(read)) {
  if (head.has_value()) {
    waiting_.checkpoint =
        std::make_shared<const tlog::SignedCheckpoint>(*std::move(head));
  }
  thread_ = std::thread([this] { Run(); });
}

LogPublisher::~LogPublisher() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    work_.NotifyOne();
  }
  thread_.join();
}

void LogPublisher::Offer(
    std::vector<std::string> leaves,
    std::shared_ptr<const tlog::SignedCheckpoint> checkpoint) {
  MutexLock lock(mu_);
  for (std::string& leaf : leaves) {
    waiting_bytes_ += leaf.size();
    waiting_.leaves.push_back(std::move(leaf));
  }
  if (waiting_bytes_ > options_.max_queue_bytes) {
    waiting_.leaves = {};
    waiting_bytes_ = 0;
  }
  const bool first = waiting_.checkpoint == nullptr;
  waiting_.checkpoint = std::move(checkpoint);
  if (first) work_.NotifyOne();
}

void LogPublisher::Rekey(LogKeys log) {
  MutexLock lock(mu_);
  waiting_.log = std::move(log);
}

std::uint64_t LogPublisher::published() {
  MutexLock lock(mu_);
  return published_;
}

void LogPublisher::AwaitPublished(std::uint64_t size) {
  MutexLock lock(mu_);
  while (published_ < size) done_.Wait(mu_);
}

void LogPublisher::Run() {
  while (std::optional<Work> work = AwaitWork()) {
    std::shared_ptr<const tlog::SignedCheckpoint> checkpoint = work->checkpoint;
    absl::Status status = Publish(*std::move(work));
    Told(status);
    MutexLock lock(mu_);
    if (status.ok()) {
      published_ = checkpoint->size();
      done_.NotifyAll();
    } else {
      // Reads back what it failed with.
      folder_.reset();
      if (waiting_.checkpoint == nullptr) waiting_.checkpoint = checkpoint;
      if (stopping_) return;
      work_.WaitFor(mu_, absl::ToChronoNanoseconds(options_.retry_interval));
    }
  }
}

std::optional<LogPublisher::Work> LogPublisher::AwaitWork() {
  MutexLock lock(mu_);
  const auto interval = absl::ToChronoNanoseconds(options_.interval);
  while (waiting_.checkpoint == nullptr && !stopping_) {
    if (!pacing_) {
      work_.Wait(mu_);
    } else if (!work_.WaitFor(mu_, interval)) {
      pacing_ = false;
    }
  }
  if (waiting_.checkpoint == nullptr) return std::nullopt;
  // After a pause at once; else what comes meanwhile is published with it.
  if (pacing_ && !stopping_) work_.WaitFor(mu_, interval);
  pacing_ = true;
  waiting_bytes_ = 0;
  return std::exchange(waiting_, {});
}

absl::Status LogPublisher::Publish(Work work) {
  if (work.log.has_value()) {
    log_ = *std::move(work.log);
    folder_.reset();
  }
  if (folder_ == nullptr) {
    PSM_ASSIGN_OR_RETURN(folder_,
                         tlog::TileFolder::Open(options_.folder, log_.all()));
    // Before the first checkpoint by a key that they lead to.
    PSM_RETURN_IF_ERROR(PublishKeys(options_.folder, log_));
  }
  const std::uint64_t size = work.checkpoint->size();
  std::uint64_t first = size - work.leaves.size();
  if (folder_->size() < first) {
    std::vector<std::string> leaves;
    const auto add = [&]() -> absl::Status {
      PSM_RETURN_IF_ERROR(folder_->Add(leaves));
      leaves.clear();
      return absl::OkStatus();
    };
    PSM_RETURN_IF_ERROR(read_(folder_->size(), first, [&](std::string leaf) {
      leaves.push_back(std::move(leaf));
      return leaves.size() < kReadBatch ? absl::OkStatus() : add();
    }));
    PSM_RETURN_IF_ERROR(add());
  }
  if (folder_->size() > first) {
    // Some were published before this process failed or ended.
    const std::size_t known =
        std::min<std::size_t>(work.leaves.size(), folder_->size() - first);
    work.leaves.erase(work.leaves.begin(),
                      work.leaves.begin() + static_cast<std::ptrdiff_t>(known));
  }
  PSM_RETURN_IF_ERROR(folder_->Add(work.leaves));
  return folder_->Publish(*work.checkpoint);
}

void LogPublisher::Told(const absl::Status& status) {
  if (status.ok() == !failing_) return;
  failing_ = !status.ok();
  if (failing_) {
    LogError("log_not_published", {{"folder", options_.folder},
                                   {"error", std::string(status.message())}});
  } else {
    LogInfo("log_published", {{"folder", options_.folder}});
  }
}

}  // namespace psm
