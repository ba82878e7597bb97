#include "tests/attack/rogue_provider.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/attack/wire.h"

namespace psm::attack {
namespace {

constexpr int kTurn = 20;  // ms

}  // namespace

RogueProvider::RogueProvider(SSL_CTX* identity, const Clock& clock)
    : identity_(identity), clock_(clock) {
  fcntl(listener_.descriptor(), F_SETFL, O_NONBLOCK);
}

RogueProvider::~RogueProvider() { Stop(); }

std::string RogueProvider::address() const {
  return absl::StrCat("127.0.0.1:", listener_.port());
}

void RogueProvider::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  stopping_ = false;
}

void RogueProvider::Answer(std::function<std::string(std::int32_t)> answer) {
  Stop();
  thread_ = std::thread([this, answer = std::move(answer)] { Serve(answer); });
}

void RogueProvider::Serve(
    const std::function<std::string(std::int32_t)>& answer) {
  std::vector<std::unique_ptr<Wire>> wires;
  while (!stopping_) {
    std::vector<pollfd> sockets = {{listener_.descriptor(), POLLIN, 0}};
    for (const auto& wire : wires)
      sockets.push_back({wire->descriptor(), POLLIN, 0});
    poll(sockets.data(), sockets.size(), kTurn);
    if (sockets[0].revents != 0) {
      std::unique_ptr<Wire> wire =
          Wire::Accept(listener_.descriptor(), identity_, clock_,
                       clock_.Monotonic() + absl::Seconds(2));
      if (wire != nullptr && wire->SayHello()) {
        Wire& taken = *wire;
        taken.on_frame = [&taken, &answer](const edge::RawFrame& frame) {
          if (frame.ends_stream() && answer != nullptr)
            taken.Queue(answer(frame.stream));
        };
        wires.push_back(std::move(wire));
      }
    }
    for (auto& wire : wires)
      if (!wire->Poll()) wire.reset();
    wires.erase(std::remove(wires.begin(), wires.end(), nullptr), wires.end());
  }
}

}  // namespace psm::attack
