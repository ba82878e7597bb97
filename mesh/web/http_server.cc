// Every wait of a connection has an end: one deadline for a request, however
// many bytes it comes in, and one for its answer (tcp_stream's deadline stays
// until it is set anew). What a peer can make the server hold is
// max_connections times a header, a body and an answer.
#include "mesh/web/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/edge/socket_address.h"
#include "mesh/web/accept_loop.h"
#include "mesh/web/read_error.h"

namespace psm::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

std::string EndpointOf(const tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

// One peer, from its first byte to its last. Owned by what waits for it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const HttpServerOptions& options,
             const HttpHandler& handler, std::function<void()> ended)
      : options_(options),
        handler_(handler),
        ended_(std::move(ended)),
        stream_(std::move(socket)),
        buffer_(options.max_header_bytes + kReadAhead) {}
  ~Connection() { ended_(); }

  void Read() {
    parser_.emplace();
    parser_->header_limit(
        static_cast<std::uint32_t>(options_.max_header_bytes));
    parser_->body_limit(options_.max_body_bytes);
    stream_.expires_after(absl::ToChronoNanoseconds(options_.request_time));
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](const error_code& error, std::size_t) {
          self->Take(error);
        });
  }

 private:
  // Beyond a header: what of a body, or of the next request, came with it.
  static constexpr std::size_t kReadAhead = 16 << 10;
  static constexpr int kMostDrained = 64;  // reads of kReadAhead bytes

  void Take(const error_code& error) {
    if (error) {
      const int status = StatusOfReadError(error);
      if (status == 0) return;
      head_only_ = false;
      keep_alive_ = false;
      Write(Plain(status, error.message()));
      return;
    }
    auto& message = parser_->get();
    HttpRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.body = std::move(message.body());
    head_only_ = request.method == "HEAD";
    keep_alive_ = message.keep_alive();
    Write(handler_(request));
  }

  void Write(HttpAnswer answer) {
    answer_ = {};
    answer_.result(static_cast<unsigned>(answer.status));
    answer_.set(http::field::content_type, answer.content_type);
    answer_.set(http::field::cache_control, answer.cache_control);
    answer_.set("X-Content-Type-Options", "nosniff");
    if (!answer.allow.empty()) answer_.set(http::field::allow, answer.allow);
    answer_.keep_alive(keep_alive_);
    answer_.content_length(answer.body.size());
    if (!head_only_) answer_.body() = std::move(answer.body);
    stream_.expires_after(absl::ToChronoNanoseconds(options_.answer_time));
    http::async_write(
        stream_, answer_,
        [self = shared_from_this()](const error_code& error, std::size_t) {
          self->Written(error);
        });
  }

  void Written(const error_code& error) {
    if (error) return;
    if (keep_alive_) {
      Read();
      return;
    }
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    Drain();
  }

  // To close on bytes that were not read would reset the connection, and the
  // peer might never see its answer.
  void Drain() {
    if (++drained_ > kMostDrained) return;
    buffer_.consume(buffer_.size());
    stream_.async_read_some(
        buffer_.prepare(kReadAhead),
        [self = shared_from_this()](const error_code& error, std::size_t) {
          if (!error) self->Drain();
        });
  }

  const HttpServerOptions& options_;
  const HttpHandler& handler_;
  const std::function<void()> ended_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
  bool head_only_ = false;
  bool keep_alive_ = false;
  int drained_ = 0;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, HttpHandler handler)
      : options_(options),
        handler_(std::move(handler)),
        loop_(options.max_connections,
              [this](tcp::socket socket, std::function<void()> ended) {
                std::make_shared<Connection>(std::move(socket), options_,
                                             handler_, std::move(ended))
                    ->Read();
              }) {}

  absl::Status Start() {
    PSM_ASSIGN_OR_RETURN(const tcp::endpoint wanted,
                         edge::ParseSocketAddress(options_.address));
    if (const error_code error = loop_.Start(wanted)) {
      return MakeError(absl::StatusCode::kUnavailable, "CANNOT_LISTEN",
                       Party::kGateway,
                       absl::StrCat("cannot listen at ", options_.address, ": ",
                                    error.message()),
                       {{"address", options_.address}});
    }
    endpoint_ = EndpointOf(loop_.endpoint());
    return absl::OkStatus();
  }

  const std::string& endpoint() const { return endpoint_; }

 private:
  const HttpServerOptions options_;
  const HttpHandler handler_;
  std::string endpoint_;
  AcceptLoop loop_;  // with the connections, which use the options and handler
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HttpServerOptions& options, HttpHandler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  PSM_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

const std::string& HttpServer::endpoint() const { return impl_->endpoint(); }

}  // namespace psm::web
