// Reads a log from a web server, for whoever has no access to its folder.
#ifndef PSM_MESH_WEB_LOG_SOURCE_H_
#define PSM_MESH_WEB_LOG_SOURCE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/records/tlog/tile_reader.h"
#include "mesh/web/http_client.h"

namespace psm::web {

// Thread-compatible.
class LogSource : public tlog::TileSource {
 public:
  // Errors as HttpClient::Create's.
  static absl::StatusOr<std::unique_ptr<LogSource>> Create(
      const std::string& url);

  // NOT_FOUND for 404 and 410; UNAVAILABLE for other statuses than 200; else as
  // HttpClient::Get.
  absl::StatusOr<std::string> Read(const std::string& path) override;

 private:
  explicit LogSource(std::unique_ptr<HttpClient> client)
      : client_(std::move(client)) {}
  const std::unique_ptr<HttpClient> client_;
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_LOG_SOURCE_H_
