// A witness over HTTP (C2SP tlog-witness): takes checkpoints, gives
// cosignatures, and shows the last checkpoint that it has cosigned.
#ifndef PSM_MESH_WEB_WITNESS_DESK_H_
#define PSM_MESH_WEB_WITNESS_DESK_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "mesh/records/tlog/witness.h"
#include "mesh/web/http.h"

namespace psm::web {

// The largest body that add-checkpoint may have: a note, 63 hashes, the size.
inline constexpr std::size_t kMaxWitnessBody =
    tlog::kMaxNoteSize + tlog::kMaxWitnessProof * 45 + 32;

// Where a witness shows what it has cosigned of a log:
// "<SHA-256 of the origin, in hexadecimal>/checkpoint".
std::string WitnessedPath(absl::string_view origin);

// Belongs to the thread of its server. `witness` must outlive it.
class WitnessDesk {
 public:
  // `told` hears every answer to a checkpoint, before it is sent.
  using Told = std::function<void(const tlog::WitnessAnswer&)>;
  WitnessDesk(tlog::Witness& witness, Told told)
      : witness_(witness),
        told_(std::move(told)),
        monitored_("/" + WitnessedPath(witness.origin())) {}

  // POST /add-checkpoint and GET /<origin hash>/checkpoint, with the statuses
  // of the specification; 500 where the witness's folder fails, in which case
  // nothing was cosigned.
  HttpAnswer Answer(const HttpRequest& request);

 private:
  HttpAnswer AddCheckpoint(const std::string& body);
  HttpAnswer Latest() const;

  tlog::Witness& witness_;
  const Told told_;
  const std::string monitored_;
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_WITNESS_DESK_H_
