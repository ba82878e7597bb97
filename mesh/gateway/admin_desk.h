// What the gateway shows on its admin port, to whoever asks: the published log,
// and whether it serves. Nothing of it is secret, and nothing can be changed.
#ifndef PSM_MESH_GATEWAY_ADMIN_DESK_H_
#define PSM_MESH_GATEWAY_ADMIN_DESK_H_

#include <memory>
#include <string>
#include <utility>

#include "mesh/records/record_log.h"
#include "mesh/records/tlog/log_verifier.h"
#include "mesh/web/http.h"
#include "mesh/web/log_files.h"

namespace psm {

// Belongs to the thread of its HttpServer. `log` must outlive it.
class AdminDesk {
 public:
  // `tiles` is the folder of the published log, `keys` the log's own.
  AdminDesk(std::string tiles, std::unique_ptr<tlog::LogVerifier> keys,
            RecordLog& log)
      : files_(std::move(tiles), std::move(keys)), log_(log) {}

  // /healthz: 200 while the process answers. /readyz: 200 while records can be
  // made durable, else 503. The rest as LogFiles.
  web::HttpAnswer Answer(const web::HttpRequest& request);

 private:
  web::LogFiles files_;
  RecordLog& log_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_ADMIN_DESK_H_
