// What the tests of this room share: an executor that is the test's own thread,
// sample records, a folder that goes away.
#ifndef PSM_MESH_RECORDS_RECORD_TESTING_H_
#define PSM_MESH_RECORDS_RECORD_TESTING_H_

#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mesh/base/executor.h"
#include "mesh/base/mutex.h"
#include "mesh/base/task.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/ed25519_key.h"
#include "mesh/records/record_log.h"
#include "mesh/records/record_store.h"

namespace psm {

// Work posted by any thread runs where RunUntil is called.
class LoopExecutor : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> work) override {
    MutexLock lock(mu_);
    work_.push_back(std::move(work));
    ++posts_;
    posted_.NotifyOne();
  }

  void RunUntil(const std::function<bool()>& done) {
    while (!done()) {
      absl::AnyInvocable<void()> work;
      {
        MutexLock lock(mu_);
        while (work_.empty()) posted_.Wait(mu_);
        work = std::move(work_.front());
        work_.pop_front();
      }
      work();
    }
  }

  int posts() {
    MutexLock lock(mu_);
    return posts_;
  }

 private:
  Mutex mu_;
  CondVar posted_;
  std::deque<absl::AnyInvocable<void()>> work_ PSM_GUARDED_BY(mu_);
  int posts_ PSM_GUARDED_BY(mu_) = 0;
};

// One append under way; `status` is there when it was told.
struct PendingAppend {
  Completion<absl::StatusOr<Recorded>> completion;
  std::optional<absl::Status> status;
  Recorded recorded;  // where status is OK

  void Start(RecordLog& log, LoopExecutor& loop,
             std::vector<records::v1::Record> records) {
    Await(this);
    log.Append(std::move(records), loop, &completion);
  }

 private:
  static Detached Await(PendingAppend* self) {
    absl::StatusOr<Recorded> recorded = co_await self->completion;
    if (recorded.ok()) self->recorded = *std::move(recorded);
    self->status = recorded.status();
  }
};

inline absl::Status AppendAndWait(RecordLog& log, LoopExecutor& loop,
                                  std::vector<records::v1::Record> records) {
  PendingAppend append;
  append.Start(log, loop, std::move(records));
  loop.RunUntil([&] { return append.status.has_value(); });
  return *append.status;
}

inline constexpr std::int64_t kSampleSeconds = 1'790'000'000;

// Record `i` of a subject, asked for `i` seconds after the first.
inline records::v1::Record SampleRecord(int i,
                                        const std::string& subject = "s") {
  records::v1::Record record;
  record.set_exchange_id(absl::StrCat("exchange-", i));
  record.set_kind(records::v1::Record::EXCHANGE);
  record.set_consumer("akatsuki/benefits");
  record.set_provider("yunagi/tax");
  record.set_method("psm.tax.v1.TaxService/GetTaxStatus");
  record.set_dataset("tax");
  record.set_affair("benefit");
  record.mutable_ask_time()->set_seconds(kSampleSeconds + i);
  record.add_released("tax.status");
  record.set_request_digest(std::string(32, 'q'));
  record.set_provided_digest(std::string(32, 'p'));
  record.set_released_digest(std::string(32, 'r'));
  record.set_subject(subject);
  return record;
}

// Where folders of tests that make many, and play the disk themselves, lie: in
// memory where the machine has such a file system.
inline std::filesystem::path FolderInMemory() {
  return access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm")
                                       : std::filesystem::temp_directory_path();
}

inline std::shared_ptr<const tlog::NoteSigner> NewTestSigner() {
  absl::StatusOr<std::unique_ptr<Ed25519Key>> key = Ed25519Key::Generate();
  return std::make_shared<const tlog::NoteSigner>(
      *tlog::NoteSigner::Make("psm.test/log/test", *std::move(key)));
}

// The same in all of a process.
inline std::shared_ptr<const tlog::NoteSigner> TestSigner() {
  static const auto* const signer =
      new std::shared_ptr<const tlog::NoteSigner>(NewTestSigner());
  return *signer;
}

// Small segments, quick retries.
inline RecordStoreOptions TestOptions(const std::string& folder) {
  RecordStoreOptions options;
  options.folder = folder;
  options.signer = TestSigner();
  options.segment_bytes = 8192;
  options.retry_interval = absl::Milliseconds(5);
  return options;
}

// Everything in a log, newest first, by its exchange ids.
inline absl::StatusOr<std::vector<std::string>> AllIds(RecordLog& log) {
  std::vector<std::string> ids;
  RecordQuery query;
  query.limit = 1000;
  do {
    absl::StatusOr<RecordPage> page = log.List(query);
    if (!page.ok()) return page.status();
    for (const auto& record : page->records)
      ids.push_back(record.exchange_id());
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return ids;
}

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_TESTING_H_
