#include "tests/support/fault_proxy.h"

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <list>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/steady_timer.hpp"
#include "boost/asio/write.hpp"

namespace psm::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

enum class Mode { kPass, kCut, kSwallow };

// What holds for all connections now. Belongs to the proxy's thread.
struct Fault {
  Mode mode = Mode::kPass;
  std::chrono::nanoseconds delay{0};
};

constexpr std::size_t kMaxQueued = 1 << 20;  // bytes that wait in one direction

class Connection;

// One direction of one connection. What was read waits in a queue until its
// time has come, so that a delay costs no throughput.
class Pump {
 public:
  Pump(Connection& connection, tcp::socket& from, tcp::socket& to, bool delayed,
       const Fault& fault)
      : connection_(connection),
        from_(from),
        to_(to),
        delayed_(delayed),
        fault_(fault),
        timer_(from.get_executor()) {}

  void Read();
  void Cancel() { timer_.cancel(); }

 private:
  struct Chunk {
    std::chrono::steady_clock::time_point due;
    std::string bytes;
  };
  void WriteNext();
  void Write();

  Connection& connection_;
  tcp::socket& from_;
  tcp::socket& to_;
  const bool delayed_;
  const Fault& fault_;
  asio::steady_timer timer_;
  std::array<char, 64 << 10> buffer_;
  std::deque<Chunk> queue_;
  std::size_t queued_ = 0;  // bytes
  bool writing_ = false;
  bool reading_ = false;
  bool ended_ = false;  // of `from`: to be passed on when the queue is empty
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket client, const Fault& fault)
      : client_(std::move(client)),
        target_(client_.get_executor()),
        fault_(fault),
        up_(*this, client_, target_, false, fault),
        down_(*this, target_, client_, true, fault) {}

  void Start(const tcp::endpoint& target) {
    target_.async_connect(
        target, [self = shared_from_this()](const ErrorCode& error) {
          if (error) return self->Reset();
          ErrorCode ignored;
          self->client_.set_option(tcp::no_delay(true), ignored);
          self->target_.set_option(tcp::no_delay(true), ignored);
          self->up_.Read();
          self->down_.Read();
        });
  }

  // Ends both sides at once; the peers see a reset.
  void Reset() {
    ErrorCode ignored;
    client_.set_option(asio::socket_base::linger(true, 0), ignored);
    target_.set_option(asio::socket_base::linger(true, 0), ignored);
    client_.close(ignored);
    target_.close(ignored);
    up_.Cancel();
    down_.Cancel();
  }

 private:
  tcp::socket client_;
  tcp::socket target_;
  const Fault& fault_;
  Pump up_;
  Pump down_;
};

void Pump::Read() {
  if (reading_ || ended_ || queued_ > kMaxQueued || !from_.is_open()) return;
  reading_ = true;
  from_.async_read_some(
      asio::buffer(buffer_), [this, keep = connection_.shared_from_this()](
                                 const ErrorCode& error, std::size_t size) {
        reading_ = false;
        if (error && error != asio::error::eof) return connection_.Reset();
        if (error) {
          ended_ = true;
        } else if (fault_.mode != Mode::kSwallow) {
          const auto delay =
              delayed_ ? fault_.delay : std::chrono::nanoseconds(0);
          queue_.push_back({std::chrono::steady_clock::now() + delay,
                            std::string(buffer_.data(), size)});
          queued_ += size;
        }
        WriteNext();
        Read();
      });
}

void Pump::WriteNext() {
  if (writing_) return;
  if (queue_.empty()) {
    ErrorCode ignored;
    if (ended_) to_.shutdown(tcp::socket::shutdown_send, ignored);
    return;
  }
  writing_ = true;
  timer_.expires_at(queue_.front().due);
  timer_.async_wait(
      [this, keep = connection_.shared_from_this()](const ErrorCode& error) {
        if (error || !to_.is_open()) return;
        Write();
      });
}

void Pump::Write() {
  asio::async_write(to_, asio::buffer(queue_.front().bytes),
                    [this, keep = connection_.shared_from_this()](
                        const ErrorCode& error, std::size_t) {
                      if (error) return connection_.Reset();
                      queued_ -= queue_.front().bytes.size();
                      queue_.pop_front();
                      writing_ = false;
                      WriteNext();
                      Read();
                    });
}

absl::StatusOr<tcp::endpoint> Parse(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::uint32_t port = 0;
  ErrorCode error;
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port > 65535)
    return absl::InvalidArgumentError("not a host:port: " + address);
  asio::ip::address host =
      asio::ip::make_address(address.substr(0, colon), error);
  if (error) return absl::InvalidArgumentError("not an address: " + address);
  return tcp::endpoint(host, static_cast<std::uint16_t>(port));
}

}  // namespace

class FaultProxy::Impl {
 public:
  ~Impl() {
    asio::post(context_, [this] {
      ErrorCode ignored;
      acceptor_.close(ignored);
      ResetAll();
    });
    // Ends when nothing is left to wait for.
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Start(const std::string& target) {
    absl::StatusOr<tcp::endpoint> parsed = Parse(target);
    if (!parsed.ok()) return parsed.status();
    target_ = *parsed;
    ErrorCode error;
    acceptor_.open(tcp::v4(), error);
    if (!error) acceptor_.bind({asio::ip::address_v4::loopback(), 0}, error);
    if (!error)
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::UnavailableError("cannot listen: " + error.message());
    }
    endpoint_ = absl::StrCat("127.0.0.1:", acceptor_.local_endpoint().port());
    Accept();
    thread_ = std::thread([this] { context_.run(); });
    return absl::OkStatus();
  }

  // Runs on the proxy's thread, and returns when it has.
  template <typename Change>
  void Set(Change change) {
    std::promise<void> done;
    asio::post(context_, [&] {
      change();
      done.set_value();
    });
    done.get_future().wait();
  }

  void ResetAll() {
    for (const std::weak_ptr<Connection>& weak : connections_) {
      if (std::shared_ptr<Connection> connection = weak.lock())
        connection->Reset();
    }
    connections_.clear();
  }

  void SetTarget(const std::string& target) {
    absl::StatusOr<tcp::endpoint> parsed = Parse(target);
    if (parsed.ok()) Set([&] { target_ = *parsed; });
  }
  void SetFault(Fault fault) {
    Set([&] {
      fault_ = fault;
      if (fault.mode == Mode::kCut) ResetAll();
    });
  }
  const std::string& endpoint() const { return endpoint_; }
  int taken() const { return taken_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) Take(std::move(socket));
      Accept();
    });
  }

  void Take(tcp::socket socket) {
    ++taken_;
    connections_.remove_if(
        [](const std::weak_ptr<Connection>& c) { return c.expired(); });
    auto connection = std::make_shared<Connection>(std::move(socket), fault_);
    if (fault_.mode == Mode::kCut) return connection->Reset();
    connections_.push_back(connection);
    connection->Start(target_);
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  tcp::endpoint target_;
  Fault fault_;
  std::list<std::weak_ptr<Connection>> connections_;
  std::string endpoint_;
  std::atomic<int> taken_{0};
  std::thread thread_;
};

FaultProxy::FaultProxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FaultProxy::~FaultProxy() = default;

absl::StatusOr<std::unique_ptr<FaultProxy>> FaultProxy::Start(
    const std::string& target) {
  auto impl = std::make_unique<Impl>();
  absl::Status started = impl->Start(target);
  if (!started.ok()) return started;
  return std::unique_ptr<FaultProxy>(new FaultProxy(std::move(impl)));
}

const std::string& FaultProxy::endpoint() const { return impl_->endpoint(); }
int FaultProxy::connections() const { return impl_->taken(); }
void FaultProxy::SetTarget(const std::string& target) {
  impl_->SetTarget(target);
}
void FaultProxy::Pass() { impl_->SetFault({}); }
void FaultProxy::Delay(absl::Duration by) {
  impl_->SetFault({Mode::kPass, absl::ToChronoNanoseconds(by)});
}
void FaultProxy::Cut() { impl_->SetFault({Mode::kCut, {}}); }
void FaultProxy::Swallow() { impl_->SetFault({Mode::kSwallow, {}}); }

}  // namespace psm::testing
