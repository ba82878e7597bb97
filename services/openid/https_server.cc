// One thread for all sockets, a pool for handlers. A connection belongs to the
// thread of the sockets, but for the time in which its one request is with a
// handler. Every wait has an end: one deadline for handshake and request,
// however many bytes they come in, and one for the answer.
#include "services/openid/https_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/web/accept_loop.h"
#include "mesh/web/read_error.h"

namespace psm::openid {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadAhead = 16 << 10;

HttpRequest RequestOf(http::request<http::string_body>& message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  const std::string target(message.target());
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos)
    request.query = target.substr(question + 1);
  for (const auto& field : message) {
    std::string name(field.name_string());
    absl::AsciiStrToLower(&name);
    std::string& value = request.headers[name];
    if (!value.empty()) value += name == "cookie" ? "; " : ", ";
    value += std::string(field.value());
  }
  request.body = std::move(message.body());
  return request;
}

struct Shared {
  HttpsServerOptions options;
  HttpHandler handler;
  asio::ssl::context tls{asio::ssl::context::tls_server};
};

// One peer, from its first byte to its last. Owned by what waits for it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared, asio::thread_pool& pool,
             std::function<void()> ended)
      : shared_(shared),
        pool_(pool),
        ended_(std::move(ended)),
        stream_(std::move(socket), shared.tls),
        buffer_(shared.options.max_header_bytes + kReadAhead) {}
  ~Connection() { ended_(); }

  void Handshake() {
    Expire(shared_.options.request_time);
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](const error_code& bad) {
                              if (!bad) self->Read();
                            });
  }

 private:
  void Expire(absl::Duration after) {
    beast::get_lowest_layer(stream_).expires_after(
        absl::ToChronoNanoseconds(after));
  }

  void Read() {
    parser_.emplace();
    parser_->header_limit(
        static_cast<std::uint32_t>(shared_.options.max_header_bytes));
    parser_->body_limit(shared_.options.max_body_bytes);
    Expire(shared_.options.request_time);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](const error_code& bad, std::size_t) {
          self->Take(bad);
        });
  }

  void Take(const error_code& bad) {
    if (bad) {
      const int status = web::StatusOfReadError(bad);
      if (status == 0) return;
      keep_alive_ = false;
      Write(Plain(status, bad.message()));
      return;
    }
    keep_alive_ = parser_->get().keep_alive();
    // However long the handler takes, the peer is not at fault.
    beast::get_lowest_layer(stream_).expires_never();
    asio::post(pool_, [self = shared_from_this(),
                       request = RequestOf(parser_->get())]() mutable {
      HttpAnswer answer = self->shared_.handler(request);
      // The last owner goes with the thread of the sockets, not with this one.
      const auto executor = self->stream_.get_executor();
      asio::post(executor, [self = std::move(self),
                            answer = std::move(answer)]() mutable {
        self->Write(std::move(answer));
      });
    });
  }

  void Write(HttpAnswer answer) {
    answer_ = {};
    answer_.result(static_cast<unsigned>(answer.status));
    for (const auto& [name, value] : answer.headers)
      answer_.insert(name, value);
    answer_.keep_alive(keep_alive_);
    answer_.content_length(answer.body.size());
    answer_.body() = std::move(answer.body);
    Expire(shared_.options.answer_time);
    http::async_write(
        stream_, answer_,
        [self = shared_from_this()](const error_code& bad, std::size_t) {
          if (bad) return;
          self->keep_alive_ ? self->Read() : self->Close();
        });
  }

  // Waits for the peer's own goodbye, so that it sees the answer.
  void Close() {
    stream_.async_shutdown([self = shared_from_this()](const error_code&) {});
  }

  Shared& shared_;
  asio::thread_pool& pool_;
  const std::function<void()> ended_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
  bool keep_alive_ = false;
};

}  // namespace

class HttpsServer::Impl {
 public:
  Impl(const HttpsServerOptions& options, HttpHandler handler)
      : loop_(options.max_connections,
              [this](tcp::socket socket, std::function<void()> ended) {
                std::make_shared<Connection>(std::move(socket), shared_, pool_,
                                             std::move(ended))
                    ->Handshake();
              }),
        pool_(static_cast<std::size_t>(options.threads)) {
    shared_.options = options;
    shared_.handler = std::move(handler);
  }

  ~Impl() {
    loop_.Stop();
    pool_.join();
  }

  absl::Status Start(const WebIdentity& identity) {
    error_code bad;
    const auto step = [&](auto run) {
      if (!bad) run();
    };
    const auto buffer = [](absl::string_view text) {
      return asio::const_buffer(text.data(), text.size());
    };
    step([&] {
      shared_.tls.use_certificate_chain(buffer(identity.certificate_pem), bad);
    });
    step([&] {
      shared_.tls.use_private_key(buffer(identity.key_pem.Reveal()),
                                  asio::ssl::context::pem, bad);
    });
    SSL_CTX* const context = shared_.tls.native_handle();
    if (bad || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
      return absl::InvalidArgumentError("key and certificate do not load");
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    const tcp::endpoint wanted(asio::ip::address_v4::loopback(),
                               shared_.options.port);
    if (const error_code cannot = loop_.Start(wanted)) {
      return absl::UnavailableError(absl::StrCat(
          "cannot listen at port ", wanted.port(), ": ", cannot.message()));
    }
    return absl::OkStatus();
  }

  std::uint16_t port() const { return loop_.endpoint().port(); }

 private:
  Shared shared_;
  web::AcceptLoop loop_;  // with the connections, which use what is shared
  asio::thread_pool pool_;
};

absl::StatusOr<std::unique_ptr<HttpsServer>> HttpsServer::Start(
    const HttpsServerOptions& options, const WebIdentity& identity,
    HttpHandler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  PSM_RETURN_IF_ERROR(impl->Start(identity));
  return std::unique_ptr<HttpsServer>(new HttpsServer(std::move(impl)));
}

HttpsServer::HttpsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpsServer::~HttpsServer() = default;

std::uint16_t HttpsServer::port() const { return impl_->port(); }

}  // namespace psm::openid
