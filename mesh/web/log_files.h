// A published log over HTTP (C2SP tlog-tiles): its checkpoint, tiles and entry
// bundles, and its keys where it has had several. Nothing else of its folder
// can be asked for.
#ifndef PSM_MESH_WEB_LOG_FILES_H_
#define PSM_MESH_WEB_LOG_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "mesh/records/tlog/log_verifier.h"
#include "mesh/records/tlog/note_key.h"
#include "mesh/records/tlog/tile.h"
#include "mesh/web/http.h"

namespace psm::web {

// Serves what lies under the published checkpoint, and that for ever: a tile
// beyond it, which a crash may have left or nobody has signed yet, is not
// there. Thread-compatible: belongs to the thread of its server.
class LogFiles {
 public:
  // `folder` is one that a tlog::TileFolder writes for `log`; it may still be
  // missing. Follows the log to other keys as the folder shows them.
  LogFiles(std::string folder, std::unique_ptr<tlog::LogVerifier> log)
      : folder_(std::move(folder)), log_(std::move(log)) {}
  // The same for a log that has one key for ever.
  LogFiles(std::string folder, tlog::VerifierKey log)
      : LogFiles(std::move(folder),
                 std::make_unique<tlog::OneKey>(std::move(log))) {}

  // 200 for GET and HEAD of "/checkpoint", "/keys" and of a tile's path, each
  // in its one spelling; 404 for everything else, 405 for other methods, 500
  // where the disk fails.
  HttpAnswer Answer(const HttpRequest& request);

 private:
  bool IsPublished(const tlog::Tile& tile);

  const std::string folder_;
  const std::unique_ptr<tlog::LogVerifier> log_;
  std::uint64_t published_ = 0;  // at least: a log only grows
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_LOG_FILES_H_
