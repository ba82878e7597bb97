#include "mesh/web/accept_loop.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "mesh/base/log.h"

namespace psm::web {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::milliseconds kPause(100);  // without descriptors

}  // namespace

AcceptLoop::AcceptLoop(int max_connections, Connected connected)
    : max_connections_(max_connections), connected_(std::move(connected)) {}

AcceptLoop::~AcceptLoop() { Stop(); }

error_code AcceptLoop::Start(const Endpoint& wanted) {
  using Acceptor = asio::ip::tcp::acceptor;
  error_code error;
  const auto step = [&](auto run) {
    if (!error) run();
  };
  step([&] { acceptor_.open(wanted.protocol(), error); });
  step([&] { acceptor_.set_option(Acceptor::reuse_address(true), error); });
  step([&] { acceptor_.bind(wanted, error); });
  step([&] { acceptor_.listen(Acceptor::max_listen_connections, error); });
  step([&] { endpoint_ = acceptor_.local_endpoint(error); });
  if (error) return error;
  Accept();
  thread_ = std::thread([this] { io_.run(); });
  return error;
}

void AcceptLoop::Stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    stopping_ = true;
    io_.stop();
  });
  thread_.join();
}

void AcceptLoop::Accept() {
  acceptor_.async_accept([this](const error_code& error, Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      // No descriptors: who is here already may free some.
      LogWarning("connection_not_accepted", {{"error", error.message()}});
      pause_.expires_after(kPause);
      pause_.async_wait([this](const error_code& cut) {
        if (!cut) Accept();
      });
      return;
    }
    ++connections_;
    connected_(std::move(socket), [this] { Ended(); });
    if (connections_ < max_connections_) Accept();
  });
}

void AcceptLoop::Ended() {
  if (stopping_) return;
  if (connections_-- == max_connections_) Accept();
}

}  // namespace psm::web
