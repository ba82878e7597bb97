// How the log changes its key while it is written. One thread commits, so a
// rotation is a commit among others: what was queued before it is under the old
// key, what comes after waits a few milliseconds and is under the new one.
//
//   step                         a crash or failure before the next one
//   the next key, in a file      the rotation begins anew
//   prepare_keys                 the same; what was prepared is written over
//   record and head durable      the log ends with the rotation. A start
//   follows
//                                it; nothing is signed, by either key, until
//   put_keys_in_force            has returned OK, now or after a restart
//   the keys are published       the publisher does it before it publishes
//                                anything that the new key has signed
//
// The old key has signed the tree that ends with the rotation, and then
// nothing: AwaitsKey holds from the moment that the record is durable, and
// HeadWith asks it before each signature.
#include <utility>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/key_rotation.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store.h"

namespace psm {
namespace {

using records::v1::Record;

absl::Status KeysMissing(absl::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_KEY_UNKNOWN",
                   Party::kGateway,
                   absl::StrCat("the log ends with a change of its key, and ",
                                why, ": restore the newest keys"));
}

}  // namespace

void RecordStore::RotateTo(std::shared_ptr<const tlog::NoteSigner> next) {
  MutexLock lock(mu_);
  given_ = std::move(next);
  work_.NotifyOne();
}

bool RecordStore::AwaitsKey() const {
  return keys_.current().id() != signer_->verifier().id();
}

void RecordStore::GoOnRotating() {
  if (!AwaitsKey()) {
    MutexLock lock(mu_);
    if (given_ != nullptr) {
      next_ = std::exchange(given_, nullptr);
      next_rotation_ = -absl::InfiniteDuration();
      rotation_failed_ = false;
    }
  }
  if (next_ == nullptr || clock_.Monotonic() < next_rotation_) return;
  if (const absl::Status rotated = Rotate(); !rotated.ok()) {
    next_rotation_ = clock_.Monotonic() + options_.retry_interval;
    if (std::exchange(rotation_failed_, true)) return;
    LogError("log_key_not_rotated",
             {{"error", std::string(rotated.message())},
              {"in_force", AwaitsKey() ? "nothing: no exchange is recorded "
                                         "until the new key is in force"
                                       : "the key before"}});
  }
}

absl::Status RecordStore::Rotate() {
  if (!AwaitsKey()) PSM_RETURN_IF_ERROR(RecordRotation());
  if (options_.put_keys_in_force)
    PSM_RETURN_IF_ERROR(options_.put_keys_in_force(keys_));
  signer_ = std::exchange(next_, nullptr);
  rotation_failed_ = false;
  LogInfo("log_key_rotated",
          {{"index", std::to_string(keys_.rotations().back().index)},
           {"key", keys_.current().ToText()}});
  if (publisher_ != nullptr) ShowKeys();
  return absl::OkStatus();
}

absl::Status RecordStore::RecordRotation() {
  PSM_ASSIGN_OR_RETURN(const std::string note,
                       SignRotation(frontier_.size(), *signer_, *next_));
  const Record record = RotationRecord(note, clock_.Now());
  std::vector<QueuedAppend> batch;
  batch.push_back(Queue({record}));
  if (batch.front().bytes > frames_bytes_)
    return absl::ResourceExhaustedError("segments are too small for it");
  LogKeys keys = keys_;
  PSM_RETURN_IF_ERROR(
      keys.Follow(record, batch.front().recorded.seals.front().seed()));
  if (options_.prepare_keys) PSM_RETURN_IF_ERROR(options_.prepare_keys(keys));
  const absl::Status made = Commit(batch);
  {
    MutexLock lock(mu_);
    SetHealth(made);
  }
  if (made.ok()) keys_ = std::move(keys);
  return made;
}

void RecordStore::ShowKeys() {
  // Now already, for whoever looks at what is not published yet. The publisher
  // sees to it where this fails.
  if (absl::Status shown = PublishKeys(options_.tiles, keys_); !shown.ok())
    LogWarning("log_keys_not_published",
               {{"error", std::string(shown.message())}});
  publisher_->Rekey(keys_);
}

absl::Status RecordStore::FollowLastRecord() {
  const std::uint64_t size = frontier_.size();
  const std::vector<LogKeys::Rotation>& known = keys_.rotations();
  if (!known.empty() && known.back().index >= size) {
    return MakeError(absl::StatusCode::kDataLoss, "RECORDS_ROLLED_BACK",
                     Party::kGateway,
                     absl::StrCat("the log holds ", size,
                                  " records, but its key was changed "
                                  "in record ",
                                  known.back().index,
                                  ": restore the newest copy of the records"));
  }
  if (size == 0 || (!known.empty() && known.back().index + 1 == size))
    return absl::OkStatus();
  absl::Status followed;
  const auto follow = [&](std::uint64_t, const PayloadItem& item) {
    Record record;
    if (record.ParseFromArray(item.record.data(),
                              static_cast<int>(item.record.size())) &&
        record.kind() == Record::KEY_ROTATION)
      followed = keys_.Follow(record, item.seed);
    return false;
  };
  PSM_RETURN_IF_ERROR(ReadStored(*folder_, size - 1, follow).status());
  if (!followed.ok()) return KeysMissing(followed.message());
  if (!AwaitsKey()) return absl::OkStatus();
  if (known.back().index + 1 != size)
    return KeysMissing("the change is of another record");
  if (next_ == nullptr || next_->verifier().id() != keys_.current().id())
    return KeysMissing("the key that it names is not here");
  return absl::OkStatus();
}

}  // namespace psm
