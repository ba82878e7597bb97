#include "mesh/gateway/leg_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

constexpr std::size_t kMaxWaiting = 4096;

std::string LineOf(const LegReport& report, absl::Time now) {
  nlohmann::ordered_json line;
  line["time"] =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone());
  line["consumer"] = report.consumer;
  line["provider"] = report.provider;
  line["affair"] = report.affair;
  line["method"] = report.method;
  line["basis"] = report.basis;
  line["released"] = report.released;
  line["withheld"] = report.withheld;
  line["consumer_code"] = report.consumer_code;
  line["provider_code"] = report.provider_code;
  line["corporation"] = report.corporation;
  line["exchange_id"] = report.exchange_id;
  line["ms"] = absl::ToDoubleMilliseconds(report.took);
  line["outcome"] = absl::StatusCodeToString(report.outcome.code());
  line["reason"] = ReasonOf(report.outcome);
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

}  // namespace

absl::StatusOr<std::unique_ptr<LegLog>> LegLog::Open(const std::string& file,
                                                     const Clock& clock) {
  int fd = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", file));
  return std::unique_ptr<LegLog>(new LegLog(fd, clock));
}

LegLog::LegLog(int fd, const Clock& clock) : fd_(fd), clock_(clock) {
  thread_ = std::thread([this] { Run(); });
}

LegLog::~LegLog() {
  {
    MutexLock lock(mu_);
    stop_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
  close(fd_);
}

void LegLog::OnLeg(LegReport report) {
  {
    MutexLock lock(mu_);
    if (waiting_.size() >= kMaxWaiting) return;
    waiting_.push_back(std::move(report));
  }
  wake_.NotifyOne();
}

void LegLog::Run() {
  std::vector<LegReport> batch;
  for (bool stop = false; !stop;) {
    {
      MutexLock lock(mu_);
      while (waiting_.empty() && !stop_) wake_.Wait(mu_);
      batch.swap(waiting_);
      stop = stop_;
    }
    std::string lines;
    for (const LegReport& report : batch) lines += LineOf(report, clock_.Now());
    batch.clear();
    // One write for whole lines; what a full disk cuts off is only ever missing
    // from a development tool.
    if (!lines.empty() && write(fd_, lines.data(), lines.size()) < 0) continue;
  }
}

}  // namespace psm
