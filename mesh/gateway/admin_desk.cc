#include "mesh/gateway/admin_desk.h"

namespace psm {

web::HttpAnswer AdminDesk::Answer(const web::HttpRequest& request) {
  const bool health = request.target == "/healthz";
  if (!health && request.target != "/readyz") return files_.Answer(request);
  if (!web::IsRead(request)) return web::MethodNotAllowed("GET, HEAD");
  if (health) return web::Plain(200, "the gateway runs");
  return log_.Health().ok() ? web::Plain(200, "exchanges can be recorded")
                            : web::Plain(503, "records cannot be made durable");
}

}  // namespace psm
