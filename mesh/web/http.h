// A request and an answer of HTTP, as far as this project needs them. Knows no
// sockets.
#ifndef PSM_MESH_WEB_HTTP_H_
#define PSM_MESH_WEB_HTTP_H_

#include <functional>
#include <string>

namespace psm::web {

struct HttpRequest {
  std::string method;  // as sent: "GET"
  std::string target;  // as sent: nothing is decoded or normalised
  std::string body;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string cache_control = "no-store";
  std::string allow;  // for 405: the methods there are
  std::string body;   // of an answer to HEAD it is only counted
};

// Answers one request. Called on the server's thread, one at a time.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

// An answer that is a sentence: `text` and a line feed.
inline HttpAnswer Plain(int status, const std::string& text) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = text + "\n";
  return answer;
}

inline bool IsRead(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// To whoever asks for a resource in a way that it does not have; `allow` as in
// "GET, HEAD".
inline HttpAnswer MethodNotAllowed(const std::string& allow) {
  HttpAnswer answer = Plain(405, "only " + allow);
  answer.allow = allow;
  return answer;
}

}  // namespace psm::web

#endif  // PSM_MESH_WEB_HTTP_H_
