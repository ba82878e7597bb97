#include "mesh/edge/server_shard.h"

#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/edge/server_connection.h"
#include "mesh/edge/server_stream.h"

namespace psm::edge {
namespace {

// Kept for later calls; a burst beyond it is given back to the allocator.
constexpr std::size_t kFreeStreams = 512;

}  // namespace

bool PeerConnections::Add(const std::string& system) {
  MutexLock lock(mu_);
  std::size_t& count = counts_[system];
  if (count >= limit_) return false;
  ++count;
  return true;
}

void PeerConnections::Remove(const std::string& system) {
  MutexLock lock(mu_);
  auto place = counts_.find(system);
  if (place != counts_.end() && --place->second == 0) counts_.erase(place);
}

ServerShard::ServerShard(Worker& worker, Dispatcher& dispatcher,
                         const ServerLimits& limits,
                         std::shared_ptr<const TlsConfig> tls,
                         PeerConnections& peer_connections)
    : worker_(worker),
      dispatcher_(dispatcher),
      limits_(limits),
      tls_(std::move(tls)),
      peer_connections_(peer_connections) {}

ServerShard::~ServerShard() {
  worker_.Forget(*this);
  // Handlers that the end of the process interrupts go without a word.
  for (auto& [connection, owner] : connections_) connection->Forsake();
  for (ServerStream* stream : used_streams_) delete stream;
}

void ServerShard::Serve(int descriptor) {
  if (draining()) {
    close(descriptor);
    load.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  boost::asio::ip::tcp::socket socket(worker_.io());
  boost::system::error_code error;
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  socket.assign(address.ss_family == AF_INET6 ? boost::asio::ip::tcp::v6()
                                              : boost::asio::ip::tcp::v4(),
                descriptor, error);
  if (error) {
    close(descriptor);
    load.fetch_sub(1, std::memory_order_relaxed);
    refused.Add(1);
    return;
  }
  // When connections are opened faster than they prove who they are, the oldest
  // of them gives way: an honest handshake takes milliseconds.
  if (handshaking_.size() >= limits_.handshakes) {
    handshaking_.front()->Close(
        absl::ResourceExhaustedError("too many handshakes at once"));
  }
  auto connection = std::make_shared<ServerConnection>(
      *this, std::move(socket), tls_->NewServerSession(worker_.clock().Now()));
  connections_.emplace(connection.get(), connection);
  connection->handshake_place =
      handshaking_.insert(handshaking_.end(), connection.get());
  connection->Begin();
}

void ServerShard::Secured(ServerConnection& connection) {
  handshakes.Add(1);
  if (connection.handshake_place.has_value()) {
    handshaking_.erase(*connection.handshake_place);
    connection.handshake_place.reset();
  }
}

void ServerShard::LogRefusal(const absl::Status& why) {
  refused.Add(1);
  if (refusal_lines_.Take(worker_.timers().Now()))
    LogInfo("handshake_refused", {{"reason", std::string(why.message())}});
}

void ServerShard::Remove(ServerConnection& connection) {
  if (connection.handshake_place.has_value())
    handshaking_.erase(*connection.handshake_place);
  connections_.erase(&connection);
  load.fetch_sub(1, std::memory_order_relaxed);
  TellWhenIdle();
}

void ServerShard::Update(std::shared_ptr<const TlsConfig> tls) {
  const std::shared_ptr<const TlsConfig> before =
      std::exchange(tls_, std::move(tls));
  const absl::Time now = worker_.clock().Now();
  std::vector<std::shared_ptr<ServerConnection>> connections;
  for (auto& [key, connection] : connections_)
    connections.push_back(connection);
  for (auto& connection : connections) {
    if (connection->peer() == nullptr) continue;
    absl::Status peer = tls_->CheckPeer(*connection->peer(), now);
    if (!peer.ok()) {
      // One line each, but where all are refused, for a reason of our own.
      if (absl::IsUnauthenticated(peer)) {
        LogWarning("peer_refused", {{"peer", connection->peer()->system},
                                    {"serial", connection->peer()->serial},
                                    {"reason", ReasonOf(peer)}});
      }
      connection->CancelAll(peer);
    }
    if (tls_->ShouldReconnect(*connection->peer(), *before))
      connection->Drain();
  }
}

void ServerShard::Drain(std::function<void()> idle) {
  idle_ = std::move(idle);
  std::vector<std::shared_ptr<ServerConnection>> connections;
  for (auto& [key, connection] : connections_)
    connections.push_back(connection);
  for (auto& connection : connections) connection->Drain();
  TellWhenIdle();
}

void ServerShard::CutOff() {
  const absl::Status reason =
      MakeError(absl::StatusCode::kUnavailable, "GATEWAY_STOPPING",
                Party::kGateway, "the gateway stops; call again later");
  std::vector<std::shared_ptr<ServerConnection>> connections;
  for (auto& [key, connection] : connections_)
    connections.push_back(connection);
  for (auto& connection : connections) {
    connection->CancelAll(reason);
    if (connection->closed()) continue;
    // Answers that the cancellation brought about still go out, then GOAWAY.
    connection->EndSoon();
  }
}

void ServerShard::TellWhenIdle() {
  if (idle_ != nullptr && connections_.empty() && used_streams_.empty()) {
    idle_();
    idle_ = [] {};  // told
  }
}

std::shared_ptr<PeerShare> ServerShard::ShareOf(const std::string& system) {
  std::shared_ptr<PeerShare>& share = shares_[system];
  if (share == nullptr) share = std::make_shared<PeerShare>(limits_);
  return share;
}

ServerStream* ServerShard::TakeStream() {
  std::unique_ptr<ServerStream> stream;
  if (free_streams_.empty()) {
    stream = std::make_unique<ServerStream>(*this);
  } else {
    stream = std::move(free_streams_.back());
    free_streams_.pop_back();
  }
  used_streams_.insert(stream.get());
  return stream.release();
}

void ServerShard::Retire(ServerStream& stream) {
  retired_.push_back(&stream);
  worker_.AtTurnEnd(*this);
}

void ServerShard::EndTurn() {
  retiring_.swap(retired_);
  for (ServerStream* stream : retiring_) {
    // Twice in the list, when handler and connection ended in one turn.
    if (!used_streams_.contains(stream) || !stream->CleanUp()) continue;
    used_streams_.erase(stream);
    std::unique_ptr<ServerStream> owner(stream);
    if (free_streams_.size() < kFreeStreams)
      free_streams_.push_back(std::move(owner));
  }
  retiring_.clear();
  TellWhenIdle();
}

}  // namespace psm::edge
