// The path of a file is made anew from the tile that was asked for, so no text
// of a caller reaches the file system.
#include "mesh/web/log_files.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/log.h"
#include "mesh/records/tlog/checkpoint.h"

namespace psm::web {
namespace {

constexpr char kCheckpointName[] = "checkpoint";

HttpAnswer NotFound() { return Plain(404, "not found"); }

HttpAnswer AnswerOf(const absl::StatusOr<std::string>& bytes) {
  if (absl::IsNotFound(bytes.status())) return NotFound();
  if (!bytes.ok()) {
    LogError("log_not_served",
             {{"error", std::string(bytes.status().message())}});
    return Plain(500, "cannot be read");
  }
  HttpAnswer answer;
  answer.body = *bytes;
  return answer;
}

}  // namespace

HttpAnswer LogFiles::Answer(const HttpRequest& request) {
  absl::string_view path = request.target;
  if (!absl::ConsumePrefix(&path, "/")) return NotFound();
  if (path == kCheckpointName || path == tlog::kKeysName) {
    if (!IsRead(request)) return MethodNotAllowed("GET, HEAD");
    HttpAnswer answer = AnswerOf(ReadFile(absl::StrCat(folder_, "/", path)));
    answer.cache_control = "no-cache";  // asked for again each time
    return answer;
  }
  const absl::StatusOr<tlog::Tile> tile = tlog::ParseTilePath(path);
  if (!tile.ok()) return NotFound();
  if (!IsRead(request)) return MethodNotAllowed("GET, HEAD");
  if (!IsPublished(*tile)) return NotFound();
  HttpAnswer answer =
      AnswerOf(ReadFile(absl::StrCat(folder_, "/", tlog::TilePath(*tile))));
  if (answer.status != 200) return answer;
  answer.content_type = "application/octet-stream";
  answer.cache_control = "public, max-age=31536000, immutable";  // RFC 8246
  return answer;
}

bool LogFiles::IsPublished(const tlog::Tile& tile) {
  const auto covers = [&] {
    return tlog::TileAt(tile.level, tile.index, published_).width >= tile.width;
  };
  if (covers()) return true;
  tlog::FolderSource folder(folder_);
  const absl::StatusOr<std::string> bytes = folder.Read(kCheckpointName);
  if (!bytes.ok()) return false;
  const auto checkpoint = log_->Open(*bytes, folder);
  if (!checkpoint.ok()) return false;
  published_ = checkpoint->size();
  return covers();
}

}  // namespace psm::web
