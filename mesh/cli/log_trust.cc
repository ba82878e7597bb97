#include "mesh/cli/log_trust.h"

#include "absl/strings/str_cat.h"
#include "mesh/records/log_key.h"
#include "mesh/web/http_client.h"
#include "mesh/web/log_source.h"

namespace psm {

absl::StatusOr<std::unique_ptr<tlog::TileSource>> SourceOf(
    const std::string& log) {
  if (!web::IsUrl(log)) return std::make_unique<tlog::FolderSource>(log);
  return web::LogSource::Create(log);
}

absl::StatusOr<LogKeys> ReadTrustedKeys(const std::string& file) {
  absl::StatusOr<LogKeys> keys = ReadLogKeys(file);
  if (!absl::IsNotFound(keys.status())) return keys;
  return absl::NotFoundError(
      absl::StrCat("no key of a log in ", file,
                   "; ./psm up starts a mesh, --key names another file"));
}

absl::StatusOr<LogKeys> FollowShownKeys(tlog::TileSource& log,
                                        const LogKeys& trusted) {
  absl::StatusOr<LogKeys> keys = FollowPublishedKeys(log, trusted);
  if (!absl::IsPermissionDenied(keys.status()) &&
      !absl::IsInvalidArgument(keys.status()))
    return keys;
  return absl::DataLossError(
      absl::StrCat("the log does not hold: ", keys.status().message()));
}

}  // namespace psm
