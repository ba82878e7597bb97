// Which keys of a log a verb believes, and where it reads the log.
#ifndef PSM_MESH_CLI_LOG_TRUST_H_
#define PSM_MESH_CLI_LOG_TRUST_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm {

// A published log: a folder, or the http:// address where it is served. Errors
// as LogSource::Create's.
absl::StatusOr<std::unique_ptr<tlog::TileSource>> SourceOf(
    const std::string& log);

// The keys in `file`; what the log shows may lead on from them. NOT_FOUND, with
// what to do, where there is none.
absl::StatusOr<LogKeys> ReadTrustedKeys(const std::string& file);

// As far as `log` leads from them. DATA_LOSS where it shows keys that those do
// not lead to; else as the source.
absl::StatusOr<LogKeys> FollowShownKeys(tlog::TileSource& log,
                                        const LogKeys& trusted);

}  // namespace psm

#endif  // PSM_MESH_CLI_LOG_TRUST_H_
