#include "mesh/edge/listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/edge/socket_address.h"

namespace psm::edge {
namespace {

using boost::asio::ip::tcp;

constexpr int kBacklog = 1024;
// Accepted in one go before other work gets its turn.
constexpr int kAcceptBatch = 64;
constexpr absl::Duration kPause = absl::Milliseconds(50);

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(
    Worker& worker, const std::string& address) {
  PSM_ASSIGN_OR_RETURN(const tcp::endpoint endpoint,
                       ParseSocketAddress(address));
  tcp::acceptor acceptor(worker.io());
  boost::system::error_code error;
  const auto step = [&](auto run) {
    if (!error) run();
  };
  step([&] { acceptor.open(endpoint.protocol(), error); });
  step([&] { acceptor.set_option(tcp::acceptor::reuse_address(true), error); });
  step([&] { acceptor.bind(endpoint, error); });
  step([&] { acceptor.listen(kBacklog, error); });
  step([&] { acceptor.non_blocking(true, error); });
  if (error) {
    return MakeError(
        absl::StatusCode::kUnavailable, "CANNOT_LISTEN", Party::kGateway,
        absl::StrCat("cannot listen at ", address, ": ", error.message()),
        {{"address", address}});
  }
  return std::unique_ptr<Listener>(
      new Listener(worker, std::move(acceptor), OpenReserve()));
}

Listener::Listener(Worker& worker, tcp::acceptor acceptor, int reserve)
    : acceptor_(std::move(acceptor)),
      reserve_(reserve),
      pause_(worker.timers(), [this] { Accept(); }) {
  boost::system::error_code ignored;
  port_ = acceptor_.local_endpoint(ignored).port();
}

Listener::~Listener() {
  *alive_ = false;
  if (reserve_ >= 0) close(reserve_);
}

void Listener::Start(std::function<bool(int)> deal) {
  deal_ = std::move(deal);
  Wait();
}

void Listener::Close() {
  pause_.Cancel();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

void Listener::Wait() {
  acceptor_.async_wait(
      tcp::acceptor::wait_read,
      [this, alive = alive_](const boost::system::error_code& error) {
        if (*alive && !error) Accept();
      });
}

void Listener::Accept() {
  if (!acceptor_.is_open()) return;
  for (int i = 0; i < kAcceptBatch; ++i) {
    const int descriptor = accept4(acceptor_.native_handle(), nullptr, nullptr,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      starved_ = false;
      accepted.Add(1);
      if (!deal_(descriptor)) refused.Add(1);
      continue;
    }
    switch (errno) {
      case EAGAIN:
        if (reserve_ < 0) reserve_ = OpenReserve();
        Wait();
        return;
      case EMFILE:
      case ENFILE:
        RefuseOne();
        if (reserve_ < 0) {
          Pause();
          return;
        }
        continue;
      case ENOMEM:
      case ENOBUFS:
        Pause();
        return;
      default:
        continue;  // this caller left before we came (accept(2), ECONNABORTED)
    }
  }
  // The others first, then the rest of the queue.
  pause_.Set(absl::ZeroDuration());
}

void Listener::RefuseOne() {
  if (!std::exchange(starved_, true))
    LogError("descriptors_exhausted", {{"effect", "connections are refused"}});
  if (reserve_ >= 0) close(std::exchange(reserve_, -1));
  const int descriptor =
      accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) {
    accepted.Add(1);
    refused.Add(1);
    close(descriptor);
  }
  reserve_ = OpenReserve();  // another thread may have been quicker
}

void Listener::Pause() { pause_.Set(kPause); }

}  // namespace psm::edge
