#include "services/openid/http.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace psm::openid {

std::string HttpRequest::Cookie(absl::string_view name) const {
  const std::string all = Header("cookie");
  std::string value;
  int seen = 0;
  for (absl::string_view pair : absl::StrSplit(all, ';')) {
    pair = absl::StripAsciiWhitespace(pair);
    if (!absl::StartsWith(pair, name)) continue;
    pair.remove_prefix(name.size());
    if (pair.empty() || pair[0] != '=') continue;
    ++seen;
    value = std::string(pair.substr(1));
  }
  return seen == 1 ? value : std::string();
}

HttpAnswer Plain(int status, absl::string_view text) {
  HttpAnswer answer;
  answer.status = status;
  answer.With("Content-Type", "text/plain; charset=utf-8");
  answer.body = absl::StrCat(text, "\n");
  return answer;
}

HttpAnswer Json(int status, std::string text) {
  HttpAnswer answer;
  answer.status = status;
  answer.With("Content-Type", "application/json");
  answer.body = std::move(text);
  return answer;
}

HttpAnswer SeeOther(std::string location) {
  HttpAnswer answer;
  answer.status = 303;
  answer.With("Location", std::move(location));
  return answer;
}

HttpAnswer MethodNotAllowed(const std::string& allow) {
  HttpAnswer answer = Plain(405, "only " + allow);
  answer.With("Allow", allow);
  return answer;
}

}  // namespace psm::openid
