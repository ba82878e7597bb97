// The keys of one log through time, from the first that is trusted on. Each
// further one is believed because the key before names it, in the log.
#ifndef PSM_MESH_RECORDS_LOG_KEYS_H_
#define PSM_MESH_RECORDS_LOG_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/tlog/log_verifier.h"
#include "mesh/records/tlog/note_key.h"
#include "mesh/records/tlog/tile_reader.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// Copyable; thread-compatible.
class LogKeys final : public tlog::LogVerifier {
 public:
  // One rotation, as whoever follows the log is shown it: the record in the
  // clear. Nothing of it is secret.
  struct Rotation {
    std::uint64_t index = 0;  // of the record in the log
    std::string leaf;         // its entry, which commits to it
    std::string seed;         // that opens the entry
    std::string record;       // serialised psm.records.v1.Record
  };

  // A log that has had this key and no other. Implicit: most logs have.
  LogKeys(tlog::VerifierKey first);  // NOLINT(google-explicit-constructor)

  // What ToText makes: the vkey of the first key, and a line for each rotation
  // (FORMAT.md). PERMISSION_DENIED where one is not signed by the key before
  // it; INVALID_ARGUMENT where it does not parse.
  static absl::StatusOr<LogKeys> FromText(absl::string_view text);
  std::string ToText() const override;

  const tlog::VerifierKey& current() const { return keys_.back(); }
  const tlog::VerifierKey& Of(std::uint64_t size) const override;
  // All of them, oldest first.
  const std::vector<tlog::VerifierKey>& all() const { return keys_; }
  // One less than keys, by index.
  const std::vector<Rotation>& rotations() const { return rotations_; }

  // Goes on to the key that the record, in the log under this seed, names.
  // PERMISSION_DENIED where the current key has not signed it,
  // INVALID_ARGUMENT where it is no rotation, or one before the last.
  absl::Status Follow(const records::v1::Record& record,
                      absl::string_view seed);
  using LogVerifier::Follow;
  // As LogVerifier. Keys before the ones that are known are not believed.
  absl::StatusOr<std::vector<tlog::KeyLink>> FollowUpTo(
      std::uint64_t size, absl::string_view shown) override;
  std::unique_ptr<tlog::LogVerifier> Clone() const override {
    return std::make_unique<LogKeys>(*this);
  }

 private:
  std::vector<tlog::VerifierKey> keys_;  // never empty
  std::vector<Rotation> rotations_;
};

// The keys of a published log, from one that is trusted on: as far as its own
// file of keys leads. Without such a file, those that are trusted. Errors as
// LogVerifier::Follow's and the source's: the log shows keys that nobody who
// was trusted has named.
absl::StatusOr<LogKeys> FollowPublishedKeys(tlog::TileSource& log,
                                            LogKeys trusted);
// The same of a folder.
absl::StatusOr<LogKeys> FollowPublishedKeys(const std::string& folder,
                                            LogKeys trusted);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_KEYS_H_
