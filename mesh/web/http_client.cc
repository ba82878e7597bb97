#include "mesh/web/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/status_macros.h"

namespace psm::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr char kScheme[] = "http://";

// What a URL says.
struct Place {
  std::string host;    // without brackets
  std::string port;    // decimal
  std::string named;   // as the Host header has it
  std::string prefix;  // begins and ends with a slash
};

bool IsPort(absl::string_view text) {
  int port = 0;
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, &port) && port > 0 && port <= 65535;
}

// Printable and of ASCII, so that it is one line of a request.
bool IsPlain(absl::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '?' || c == '#' || c == '@') return false;
  }
  return true;
}

absl::StatusOr<Place> PlaceOf(const std::string& url) {
  const absl::Status wrong = absl::InvalidArgumentError(
      absl::StrCat("'", url,
                   "' is not an address like http://127.0.0.1:8080/log/; TLS "
                   "is not spoken here"));
  absl::string_view rest = url;
  if (!absl::ConsumePrefix(&rest, kScheme) || !IsPlain(rest)) return wrong;
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  Place place;
  place.named = std::string(rest.substr(0, slash));
  place.prefix = std::string(rest.substr(slash));
  if (!absl::EndsWith(place.prefix, "/")) place.prefix += "/";
  absl::string_view host = place.named;
  absl::string_view port = "80";
  const std::size_t colon = host.rfind(':');
  if (colon != absl::string_view::npos && !absl::EndsWith(host, "]")) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]"))
    return wrong;
  if (host.empty() || !IsPort(port)) return wrong;
  place.host = std::string(host);
  place.port = std::string(port);
  return place;
}

}  // namespace

bool IsUrl(absl::string_view text) { return absl::StrContains(text, "://"); }

class HttpClient::Impl {
 public:
  Impl(Place place, const HttpClientOptions& options)
      : place_(std::move(place)), options_(options) {}

  absl::StatusOr<HttpAnswer> Ask(http::verb method, absl::string_view path,
                                 std::string body) {
    http::request<http::string_body> request(
        method, absl::StrCat(place_.prefix, path), 11);
    request.set(http::field::host, place_.named);
    request.set(http::field::accept_encoding, "identity");
    request.keep_alive(true);
    request.body() = std::move(body);
    request.prepare_payload();
    const bool kept = stream_.has_value();
    absl::StatusOr<HttpAnswer> answer = Exchange(request);
    if (!answer.ok() && kept && !absl::IsResourceExhausted(answer.status()))
      answer = Exchange(request);
    return answer;
  }

 private:
  absl::StatusOr<HttpAnswer> Exchange(
      http::request<http::string_body>& request) {
    if (!stream_.has_value()) PSM_RETURN_IF_ERROR(Connect());
    stream_->expires_after(absl::ToChronoNanoseconds(options_.answer_time));
    error_code done;
    http::async_write(
        *stream_, request,
        [&](const error_code& error, std::size_t) { done = error; });
    Run();
    http::response_parser<http::string_body> parser;
    parser.body_limit(options_.max_answer_bytes);
    if (!done) {
      http::async_read(
          *stream_, buffer_, parser,
          [&](const error_code& error, std::size_t) { done = error; });
      Run();
    }
    if (done) {
      stream_.reset();
      return done == http::error::body_limit
                 ? absl::ResourceExhaustedError(
                       absl::StrCat(place_.named, " answers with too much"))
                 : Unavailable(done);
    }
    auto& message = parser.get();
    HttpAnswer answer;
    answer.status = static_cast<int>(message.result_int());
    answer.content_type = std::string(message[http::field::content_type]);
    answer.body = std::move(message.body());
    const bool coded = !message[http::field::content_encoding].empty();
    if (!message.keep_alive()) stream_.reset();
    if (coded) {
      return absl::UnavailableError(absl::StrCat(
          place_.named, " answers in an encoding that was not asked for"));
    }
    return answer;
  }

  absl::Status Connect() {
    buffer_.consume(buffer_.size());
    tcp::resolver resolver(io_);
    error_code done;
    const auto found = resolver.resolve(place_.host, place_.port, done);
    if (done) return Unavailable(done);
    stream_.emplace(io_);
    stream_->expires_after(absl::ToChronoNanoseconds(options_.connect_time));
    stream_->async_connect(found, [&](const error_code& error,
                                      const tcp::endpoint&) { done = error; });
    Run();
    if (!done) return absl::OkStatus();
    stream_.reset();
    return Unavailable(done);
  }

  // Until what was begun has ended: every wait has a deadline.
  void Run() {
    io_.restart();
    io_.run();
  }

  absl::Status Unavailable(const error_code& error) const {
    return absl::UnavailableError(
        absl::StrCat("no answer from ", place_.named, ": ", error.message()));
  }

  const Place place_;
  const HttpClientOptions options_;
  asio::io_context io_{1};
  std::optional<beast::tcp_stream> stream_;  // connected
  beast::flat_buffer buffer_;
};

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Create(
    const std::string& url, const HttpClientOptions& options) {
  PSM_ASSIGN_OR_RETURN(Place place, PlaceOf(url));
  return std::unique_ptr<HttpClient>(
      new HttpClient(std::make_unique<Impl>(std::move(place), options)));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

absl::StatusOr<HttpAnswer> HttpClient::Get(absl::string_view path) {
  return impl_->Ask(http::verb::get, path, "");
}

absl::StatusOr<HttpAnswer> HttpClient::Post(absl::string_view path,
                                            std::string body) {
  return impl_->Ask(http::verb::post, path, std::move(body));
}

}  // namespace psm::web
