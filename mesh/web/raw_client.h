// For tests: a peer of an HTTP server that sends whatever bytes it is told to.
#ifndef PSM_MESH_WEB_RAW_CLIENT_H_
#define PSM_MESH_WEB_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace psm::web {

// Blocks, for ten seconds at most in one read.
class RawClient {
 public:
  // Connects to "127.0.0.1:PORT"; ends the process where that fails.
  explicit RawClient(const std::string& endpoint)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(
        std::atoi(endpoint.substr(endpoint.rfind(':') + 1).c_str())));
    const timeval patience = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
        0)
      std::abort();
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // What the peer has closed takes nothing, and that is no error.
  void Send(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t more =
          send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (more <= 0) return;
      sent += static_cast<std::size_t>(more);
    }
  }
  // Everything until the peer closes.
  std::string ReadAll() {
    std::string all;
    while (ReadSome(all)) {
    }
    return all;
  }
  // Until `end` has come, or the peer closes.
  std::string ReadUntil(const std::string& end) {
    std::string all;
    while (all.find(end) == std::string::npos && ReadSome(all)) {
    }
    return all;
  }

 private:
  bool ReadSome(std::string& all) {
    char block[4096];
    const ssize_t got = recv(fd_, block, sizeof(block), 0);
    if (got > 0) all.append(block, static_cast<std::size_t>(got));
    return got > 0;
  }
  const int fd_;
};

}  // namespace psm::web

#endif  // PSM_MESH_WEB_RAW_CLIENT_H_
