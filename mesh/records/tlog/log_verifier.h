// Who may sign the trees of one log. A log keeps its name for ever; its key may
// change, and what the log shows says to which.
#ifndef PSM_MESH_RECORDS_TLOG_LOG_VERIFIER_H_
#define PSM_MESH_RECORDS_TLOG_LOG_VERIFIER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/note_key.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm::tlog {

// Beside a published checkpoint, where the log has had several keys: what leads
// from each to the next.
inline constexpr char kKeysName[] = "keys";

// What must be in the log where a key is believed for the one before.
struct KeyLink {
  std::uint64_t index = 0;  // of the entry, zero-based
  std::string entry;
};

// Thread-compatible.
class LogVerifier {
 public:
  virtual ~LogVerifier() = default;

  // The key that signs trees of this many leaves, and the only one.
  virtual const VerifierKey& Of(std::uint64_t size) const = 0;

  // Goes on as far as `shown`, a file of keys that anybody may have written,
  // leads from a key that is known; returns what is new, oldest first.
  // PERMISSION_DENIED where no such key has signed it, or it leads elsewhere;
  // INVALID_ARGUMENT where it is none. Nothing has changed after an error.
  absl::StatusOr<std::vector<KeyLink>> Follow(absl::string_view shown) {
    return FollowUpTo(kMaxTreeSize, shown);
  }
  // The same, no further than the first `size` entries of the log lead.
  virtual absl::StatusOr<std::vector<KeyLink>> FollowUpTo(
      std::uint64_t size, absl::string_view shown) = 0;

  // A file of keys, which Follow takes.
  virtual std::string ToText() const = 0;
  virtual std::unique_ptr<LogVerifier> Clone() const = 0;

  const std::string& origin() const { return Of(0).name(); }

  // Opens a checkpoint with the key of its size. Errors as
  // SignedCheckpoint::Open's.
  absl::StatusOr<SignedCheckpoint> Open(absl::string_view bytes) const;

  // The same, and where that key has not signed it, looks first how the file of
  // keys in `log` goes on. Read the checkpoint before: whoever publishes one by
  // a new key has shown that key already. What Follow learns here is the file's
  // word only: hold it against the entries.
  absl::StatusOr<SignedCheckpoint> Open(absl::string_view bytes,
                                        TileSource& log);

 protected:
  LogVerifier() = default;
  LogVerifier(const LogVerifier&) = default;
  LogVerifier& operator=(const LogVerifier&) = default;
};

// A log that has one key for ever.
class OneKey final : public LogVerifier {
 public:
  explicit OneKey(VerifierKey key) : key_(std::move(key)) {}

  const VerifierKey& Of(std::uint64_t) const override { return key_; }
  absl::StatusOr<std::vector<KeyLink>> FollowUpTo(
      std::uint64_t size, absl::string_view shown) override;
  std::string ToText() const override { return key_.ToText() + "\n"; }
  std::unique_ptr<LogVerifier> Clone() const override {
    return std::make_unique<OneKey>(key_);
  }

 private:
  VerifierKey key_;
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_LOG_VERIFIER_H_
