#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/clock.h"

namespace psm::testing {
namespace {

// A blocking socket that gives up after a while.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    timeval patience = {5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  void Send(const std::string& bytes) const {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t sent =
          send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<std::size_t>(sent);
    }
  }
  // Up to `size` bytes; fewer at the end of the stream or on an error.
  std::string Receive(std::size_t size) const {
    std::string bytes(size, '\0');
    std::size_t at = 0;
    while (at < size) {
      const ssize_t got = recv(fd_, bytes.data() + at, size - at, 0);
      if (got <= 0) break;
      at += static_cast<std::size_t>(got);
    }
    bytes.resize(at);
    return bytes;
  }

 private:
  const int fd_;
};

sockaddr_in Address(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

std::unique_ptr<Socket> Dial(const std::string& endpoint) {
  int port = 0;
  EXPECT_TRUE(
      absl::SimpleAtoi(endpoint.substr(endpoint.rfind(':') + 1), &port));
  auto dialled = std::make_unique<Socket>(socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = Address(port);
  connect(dialled->fd(), reinterpret_cast<const sockaddr*>(&address),
          sizeof address);
  return dialled;
}

class FaultProxyTest : public ::testing::Test {
 protected:
  FaultProxyTest() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = Address(0);
    bind(listener_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_.fd(), 16);
    socklen_t size = sizeof address;
    getsockname(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &size);
    proxy_ =
        *FaultProxy::Start(absl::StrCat("127.0.0.1:", ntohs(address.sin_port)));
  }
  std::unique_ptr<Socket> Accept() {
    return std::make_unique<Socket>(accept(listener_.fd(), nullptr, nullptr));
  }

  const SystemClock clock_;
  Socket listener_;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FaultProxyTest, PassesEverythingInBothDirectionsAndTheEnd) {
  auto client = Dial(proxy_->endpoint());
  auto server = Accept();
  const std::string much(3 << 20, 'm');
  std::thread sender([&] {
    client->Send(much);
    shutdown(client->fd(), SHUT_WR);
  });
  EXPECT_TRUE(server->Receive(much.size()) == much);
  EXPECT_EQ(server->Receive(1), "");
  server->Send("answer");
  EXPECT_EQ(client->Receive(6), "answer");
  sender.join();
  EXPECT_EQ(proxy_->connections(), 1);
}

TEST_F(FaultProxyTest, ADelayMovesAnswersAndCostsNoThroughput) {
  auto client = Dial(proxy_->endpoint());
  auto server = Accept();
  proxy_->Delay(absl::Milliseconds(200));
  const absl::Duration began = clock_.Monotonic();
  std::thread sender([&] {
    for (int i = 0; i < 20; ++i) server->Send(std::string(64 << 10, 'x'));
  });
  EXPECT_EQ(client->Receive(20 * (64 << 10)).size(), 20u * (64 << 10));
  sender.join();
  const absl::Duration took = clock_.Monotonic() - began;
  EXPECT_GE(took, absl::Milliseconds(200));
  EXPECT_LT(took, absl::Seconds(2)) << "twenty chunks, one delay";
}

TEST_F(FaultProxyTest, ACutResetsOpenConnectionsAndNewOnes) {
  auto client = Dial(proxy_->endpoint());
  auto server = Accept();
  client->Send("a");
  EXPECT_EQ(server->Receive(1), "a");
  proxy_->Cut();
  EXPECT_EQ(client->Receive(1), "");
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(Dial(proxy_->endpoint())->Receive(1), "");
  proxy_->Pass();
  auto again = Dial(proxy_->endpoint());
  auto accepted = Accept();
  again->Send("b");
  EXPECT_EQ(accepted->Receive(1), "b");
}

TEST_F(FaultProxyTest, WhatIsSwallowedNeverArrives) {
  auto client = Dial(proxy_->endpoint());
  auto server = Accept();
  proxy_->Swallow();
  client->Send("lost");
  shutdown(client->fd(), SHUT_WR);
  EXPECT_EQ(server->Receive(1), "") << "the end alone arrives";
}

TEST_F(FaultProxyTest, RefusesWhatIsNoAddress) {
  EXPECT_FALSE(FaultProxy::Start("localhost").ok());
  EXPECT_FALSE(FaultProxy::Start("127.0.0.1:70000").ok());
  EXPECT_FALSE(FaultProxy::Start("no-such-host:1").ok());
}

}  // namespace
}  // namespace psm::testing
