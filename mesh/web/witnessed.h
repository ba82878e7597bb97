// What a witness has seen of a log, for an auditor who asks it.
#ifndef PSM_MESH_WEB_WITNESSED_H_
#define PSM_MESH_WEB_WITNESSED_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/log_verifier.h"
#include "mesh/records/tlog/note_key.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm::web {

struct Witnessed {
  tlog::SignedCheckpoint checkpoint;
  absl::Time time;  // when the witness says that it cosigned it
};

// The last checkpoint of the log of `keys` that the witness at `url` has
// cosigned, its monitoring prefix (C2SP tlog-witness). Where a key has signed
// it that is not known yet, follows what `log` shows first. INVALID_ARGUMENT
// for a bad address; NOT_FOUND where it knows nothing of this log;
// PERMISSION_DENIED where either has not signed what it shows; UNAVAILABLE
// where it does not answer.
absl::StatusOr<Witnessed> AskWitness(const std::string& url,
                                     tlog::LogVerifier& keys,
                                     tlog::TileSource& log,
                                     const tlog::VerifierKey& witness);

}  // namespace psm::web

#endif  // PSM_MESH_WEB_WITNESSED_H_
