// One thread for all sockets, a pool for handlers. A connection belongs to the
// thread of the sockets, but for the time in which its one request is with a
// handler. Every wait has an end: one deadline for handshake and request,
// however many bytes they come in, and one for the answer.
#include "services/openid/https_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"

namespace psm::openid {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kPause(100);  // without descriptors
constexpr std::size_t kReadAhead = 16 << 10;

// How a request that could not be read is answered; 0: not at all.
int StatusOf(const error_code& error) {
  if (error == http::error::header_limit ||
      error == http::error::buffer_overflow)
    return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::end_of_stream ||
      error == http::error::partial_message)
    return 0;
  // All others of the parser mean that it is not HTTP.
  return error.category() == make_error_code(http::error::bad_method).category()
             ? 400
             : 0;
}

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
      const int status = StatusOf(bad);
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
      : pool_(static_cast<std::size_t>(options.threads)) {
    shared_.options = options;
    shared_.handler = std::move(handler);
  }

  ~Impl() {
    if (thread_.joinable()) {
      asio::post(io_, [this] {
        stopping_ = true;
        io_.stop();
      });
      thread_.join();
    }
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
    step([&] { acceptor_.open(wanted.protocol(), bad); });
    step(
        [&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), bad); });
    step([&] { acceptor_.bind(wanted, bad); });
    step([&] { acceptor_.listen(tcp::acceptor::max_listen_connections, bad); });
    step([&] { port_ = acceptor_.local_endpoint(bad).port(); });
    if (bad) {
      return absl::UnavailableError(absl::StrCat(
          "cannot listen at port ", wanted.port(), ": ", bad.message()));
    }
    Accept();
    thread_ = std::thread([this] { io_.run(); });
    return absl::OkStatus();
  }

  std::uint16_t port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](const error_code& bad, tcp::socket socket) {
      if (bad == asio::error::operation_aborted) return;
      if (bad) {
        // No descriptors: who is here already may free some.
        LogWarning("connection_not_accepted", {{"error", bad.message()}});
        pause_.expires_after(kPause);
        pause_.async_wait([this](const error_code& cut) {
          if (!cut) Accept();
        });
        return;
      }
      ++connections_;
      std::make_shared<Connection>(std::move(socket), shared_, pool_, [this] {
        Ended();
      })->Handshake();
      if (connections_ < shared_.options.max_connections) Accept();
    });
  }

  void Ended() {
    if (stopping_) return;
    if (connections_-- == shared_.options.max_connections) Accept();
  }

  Shared shared_;
  std::uint16_t port_ = 0;
  // The members below belong to the thread of the sockets once it has started.
  bool stopping_ = false;
  int connections_ = 0;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::thread thread_;
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
