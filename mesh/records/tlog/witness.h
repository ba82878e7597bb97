// A witness of one log (C2SP tlog-witness): it signs that the log has only ever
// grown, since it keeps the last checkpoint that it has seen. Knows no network.
//
// The log may bring its checkpoints (AddCheckpoint), or the witness fetches
// them (Follow), which needs nothing of the log's operator.
#ifndef PSM_MESH_RECORDS_TLOG_WITNESS_H_
#define PSM_MESH_RECORDS_TLOG_WITNESS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/log_verifier.h"
#include "mesh/records/tlog/note_key.h"
#include "mesh/records/tlog/tile_reader.h"
#include "mesh/records/tlog/witness_request.h"

namespace psm::tlog {

// How a request ends; the numbers are the HTTP statuses of the specification.
enum class WitnessOutcome {
  kCosigned = 200,
  kMalformed = 400,     // no checkpoint, or an old size above the new one
  kNotSigned = 403,     // not by the log's key
  kUnknownLog = 404,    // another origin
  kConflict = 409,      // the old size is not that of the kept checkpoint
  kInconsistent = 422,  // the proof does not hold, or two roots of one size
};

struct WitnessAnswer {
  WitnessOutcome outcome = WitnessOutcome::kMalformed;
  NoteSignature cosignature;  // kCosigned: over the checkpoint
  std::uint64_t size = 0;     // kConflict: of the kept checkpoint, 0 for none
  std::string reason;         // in words, unless kCosigned
  // The log has signed two trees of which neither is the beginning of the
  // other: it shows different histories to different people. Both checkpoints
  // are kept.
  bool split_view = false;
  // Of Follow: the log shows a smaller tree than it has shown before.
  bool rolled_back = false;
};

// The body that belongs to the answer: a signature line, the size, or the
// reason.
std::string WitnessAnswerBody(const WitnessAnswer& answer);

// State is the folder's: the file `checkpoint`, signed by log and witness,
// `keys` where the log has changed its key, and `evidence/`. Any number of
// processes may use one folder; each request holds its lock, so that no answer
// is given that another has overtaken.
// Thread-safe. `clock` must outlive it.
//
// Who may write to the folder can make the witness forget, not sign what it has
// not seen: keep it where the log's operator has no access.
class Witness {
 public:
  // Makes the folder where it is missing (mode 0700). FAILED_PRECONDITION where
  // its checkpoint is not signed by both keys; else the code of the errno.
  // `log` begins with a key that is trusted; how it goes on is learnt.
  static absl::StatusOr<std::unique_ptr<Witness>> Open(
      std::string folder, std::unique_ptr<LogVerifier> log, Cosigner cosigner,
      const Clock& clock);
  // The same for a log that has one key for ever.
  static absl::StatusOr<std::unique_ptr<Witness>> Open(std::string folder,
                                                       VerifierKey log,
                                                       Cosigner cosigner,
                                                       const Clock& clock) {
    return Open(std::move(folder), std::make_unique<OneKey>(std::move(log)),
                std::move(cosigner), clock);
  }

  // Decides. A key of the log that Follow has not learnt yet is not the log's.
  // What it cosigns outlives a power cut before it is answered. An
  // error means that the folder cannot be read or written, and that nothing was
  // decided.
  absl::StatusOr<WitnessAnswer> AddCheckpoint(const WitnessRequest& request);

  // Looks at what the log shows now and decides on it, with a proof made from
  // its tiles. Another history is a split view also where the tree has grown.
  // Where the log has changed its key, follows it, once the entries are there
  // in which the key before names the next; it is kept, durably, before
  // anything is cosigned under it.
  // Errors as AddCheckpoint's; NOT_FOUND where there is no checkpoint;
  // DATA_LOSS where tiles are missing or are not those of the checkpoint; else
  // as the source's.
  absl::StatusOr<WitnessAnswer> Follow(TileSource& log);

  // The last checkpoint that was cosigned, with the signatures of log and
  // witness; nullopt where there is none. Errors as Open's.
  absl::StatusOr<std::optional<SignedCheckpoint>> Latest() const;

  const std::string& origin() const { return origin_; }
  const VerifierKey& verifier() const { return cosigner_.verifier(); }

 private:
  Witness(std::string folder, std::unique_ptr<LogVerifier> log,
          Cosigner cosigner, const Clock& clock)
      : folder_(std::move(folder)),
        origin_(log->origin()),
        cosigner_(std::move(cosigner)),
        clock_(clock),
        log_(std::move(log)) {}

  // Opens a checkpoint with the keys that are known, those that another process
  // has learnt, too.
  absl::StatusOr<SignedCheckpoint> OpenKnown(absl::string_view bytes) const
      PSM_EXCLUDES(keys_mu_);
  absl::Status FollowKept() const PSM_REQUIRES(keys_mu_);
  // Follows the keys that `log` shows to that of `checkpoint`. A refusal where
  // they do not lead there, or its entries do not name them.
  absl::StatusOr<std::optional<WitnessAnswer>> Learn(
      TileSource& log, const std::string& checkpoint) PSM_EXCLUDES(keys_mu_);

  absl::StatusOr<WitnessAnswer> Decide(const WitnessRequest& request,
                                       const SignedCheckpoint& shown);
  absl::StatusOr<WitnessAnswer> Cosign(const SignedCheckpoint& shown);
  absl::Status KeepEvidence(const SignedCheckpoint& kept,
                            const SignedCheckpoint& shown) const;

  const std::string folder_;
  const std::string origin_;
  const Cosigner cosigner_;
  const Clock& clock_;

  // What the folder says is learnt again after a restart.
  mutable Mutex keys_mu_;
  mutable std::unique_ptr<LogVerifier> log_ PSM_GUARDED_BY(keys_mu_);
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_WITNESS_H_
