// "127.0.0.1:7443" and "[::1]:0" as addresses of sockets.
#ifndef PSM_MESH_EDGE_SOCKET_ADDRESS_H_
#define PSM_MESH_EDGE_SOCKET_ADDRESS_H_

#include <boost/asio/ip/tcp.hpp>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::edge {

// INVALID_ARGUMENT for anything but a numeric address and a port.
absl::StatusOr<boost::asio::ip::tcp::endpoint> ParseSocketAddress(
    absl::string_view text);

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_SOCKET_ADDRESS_H_
