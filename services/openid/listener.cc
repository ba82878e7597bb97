// The port is known when it is bound, the handler when the issuer is known,
// which has the port in it: until then a request that is so early is answered
// with 503.
#include "services/openid/listener.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/log.h"
#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "services/openid/web_identity.h"

namespace psm::openid {

struct Listener::Late {
  Mutex mu;
  HttpHandler handler PSM_GUARDED_BY(mu);
};

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(
    const ListenerFiles& files, absl::string_view name, absl::Time now,
    std::function<absl::StatusOr<HttpHandler>(const std::string& issuer)>
        make_handler) {
  PSM_ASSIGN_OR_RETURN(
      const WebIdentity identity,
      OpenOrCreateWebIdentity(absl::StrCat(files.folder, "/web-identity.pem"),
                              name, now));
  PSM_RETURN_IF_ERROR(MakeFolder(FolderOf(files.endpoint), Outlives::kProcess));
  std::unique_ptr<Listener> listener(new Listener());
  listener->endpoint_ = files.endpoint;
  listener->late_ = std::make_shared<Late>();
  const HttpHandler handler =
      [late = listener->late_](const HttpRequest& request) {
        HttpHandler now_known;
        {
          MutexLock lock(late->mu);
          now_known = late->handler;
        }
        return now_known ? now_known(request) : Plain(503, "not yet");
      };
  const std::string port_file = absl::StrCat(files.endpoint, ".port");
  HttpsServerOptions options;
  int port = 0;
  const absl::StatusOr<std::string> kept = ReadFile(port_file);
  if (kept.ok() && absl::SimpleAtoi(*kept, &port) && port > 0 && port < 65536)
    options.port = static_cast<std::uint16_t>(port);
  absl::StatusOr<std::unique_ptr<HttpsServer>> server =
      HttpsServer::Start(options, identity, handler);
  if (absl::IsUnavailable(server.status()) && options.port != 0) {
    LogWarning("https_port_taken", {{"port", absl::StrCat(port)}});
    options.port = 0;
    server = HttpsServer::Start(options, identity, handler);
  }
  PSM_RETURN_IF_ERROR(server.status());
  listener->server_ = *std::move(server);
  const int got = listener->server_->port();
  if (got != port) {
    PSM_RETURN_IF_ERROR(WriteWholeFile(port_file, absl::StrCat(got), kPrivate));
  }
  listener->issuer_ = absl::StrCat("https://localhost:", got);
  PSM_ASSIGN_OR_RETURN(HttpHandler made, make_handler(listener->issuer_));
  {
    MutexLock lock(listener->late_->mu);
    listener->late_->handler = std::move(made);
  }
  PSM_RETURN_IF_ERROR(WriteWholeFile(files.endpoint + ".pem",
                                     identity.certificate_pem, kPublic,
                                     Outlives::kProcess));
  PSM_RETURN_IF_ERROR(WriteWholeFile(files.endpoint, listener->issuer_, kPublic,
                                     Outlives::kProcess));
  LogInfo("listening_https", {{"issuer", listener->issuer_}});
  return listener;
}

Listener::~Listener() {
  const absl::StatusOr<std::string> written = ReadFile(endpoint_);
  if (written.ok() && *written == issuer_) RemoveFile(endpoint_).IgnoreError();
}

}  // namespace psm::openid
