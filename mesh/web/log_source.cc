#include "mesh/web/log_source.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm::web {

absl::StatusOr<std::unique_ptr<LogSource>> LogSource::Create(
    const std::string& url) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client,
                       HttpClient::Create(url));
  return std::unique_ptr<LogSource>(new LogSource(std::move(client)));
}

absl::StatusOr<std::string> LogSource::Read(const std::string& path) {
  PSM_ASSIGN_OR_RETURN(HttpAnswer answer, client_->Get(path));
  if (answer.status == 200) return std::move(answer.body);
  if (answer.status == 404 || answer.status == 410)
    return absl::NotFoundError(absl::StrCat(path, " is not there"));
  return absl::UnavailableError(
      absl::StrCat(path, ": the server answers ", answer.status));
}

}  // namespace psm::web
