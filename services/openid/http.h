// A request and an answer of HTTP, as an OpenID provider needs them. Knows no
// sockets.
#ifndef PSM_SERVICES_OPENID_HTTP_H_
#define PSM_SERVICES_OPENID_HTTP_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace psm::openid {

struct HttpRequest {
  std::string method;  // as sent: "GET"
  std::string path;    // up to the `?`; nothing is decoded or normalised
  std::string query;   // after the `?`
  std::string body;
  // Names in lower case. Of one that came twice the values are joined, with
  // "; " for cookies and ", " else (RFC 9110, 5.3): a second Authorization
  // makes one that is none.
  std::map<std::string, std::string> headers;

  // The value, or "".
  std::string Header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string() : found->second;
  }
  // The value of a cookie; "" where there is none, or more than one of the
  // name: somebody put a second one there.
  std::string Cookie(absl::string_view name) const;
};

struct HttpAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  HttpAnswer& With(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

// Answers one request. May block. Thread-safe.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

// An answer that is a sentence.
HttpAnswer Plain(int status, absl::string_view text);
// An answer that is a JSON text.
HttpAnswer Json(int status, std::string text);
// 303: the browser asks for `location` with GET, whatever it sent here.
HttpAnswer SeeOther(std::string location);
// 405, to whoever asks for a resource in a way that it does not have; `allow`
// as in "GET, POST".
HttpAnswer MethodNotAllowed(const std::string& allow);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_HTTP_H_
