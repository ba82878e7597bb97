#include "mesh/web/witness_desk.h"

#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/log.h"
#include "mesh/crypto/digest.h"

namespace psm::web {
namespace {

HttpAnswer Failed(const absl::Status& status) {
  LogError("witness_failed", {{"error", std::string(status.message())}});
  return Plain(500, "the witness's state cannot be read or written");
}

}  // namespace

std::string WitnessedPath(absl::string_view origin) {
  return absl::StrCat(absl::BytesToHexString(Sha256(origin)), "/checkpoint");
}

HttpAnswer WitnessDesk::Answer(const HttpRequest& request) {
  if (request.target == "/add-checkpoint") {
    return request.method == "POST" ? AddCheckpoint(request.body)
                                    : MethodNotAllowed("POST");
  }
  if (request.target != monitored_) return Plain(404, "not found");
  return IsRead(request) ? Latest() : MethodNotAllowed("GET, HEAD");
}

HttpAnswer WitnessDesk::AddCheckpoint(const std::string& body) {
  const auto request = tlog::ParseWitnessRequest(body);
  if (!request.ok()) return Plain(400, std::string(request.status().message()));
  const auto decided = witness_.AddCheckpoint(*request);
  if (!decided.ok()) return Failed(decided.status());
  told_(*decided);
  HttpAnswer answer;
  answer.status = static_cast<int>(decided->outcome);
  answer.body = tlog::WitnessAnswerBody(*decided);
  if (decided->outcome == tlog::WitnessOutcome::kConflict)
    answer.content_type = "text/x.tlog.size";
  return answer;
}

HttpAnswer WitnessDesk::Latest() const {
  const auto latest = witness_.Latest();
  if (!latest.ok()) return Failed(latest.status());
  if (!latest->has_value()) return Plain(404, "nothing was cosigned yet");
  HttpAnswer answer;
  answer.cache_control = "no-cache";
  answer.body = (*latest)->ToText();
  return answer;
}

}  // namespace psm::web
