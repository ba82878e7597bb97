// A provider's place in a mesh, taken by one that answers with whatever bytes
// it is told to.
#ifndef PSM_TESTS_ATTACK_ROGUE_PROVIDER_H_
#define PSM_TESTS_ATTACK_ROGUE_PROVIDER_H_

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/edge/test_raw_peer.h"

namespace psm::attack {

// Listens at a port of 127.0.0.1 of its own choice, on a thread of its own.
class RogueProvider {
 public:
  // `identity` and `clock` must outlive it.
  RogueProvider(SSL_CTX* identity, const Clock& clock);
  ~RogueProvider();
  RogueProvider(const RogueProvider&) = delete;
  RogueProvider& operator=(const RogueProvider&) = delete;

  std::string address() const;  // "127.0.0.1:PORT"

  // Until the next call, `answer` makes the frames with which each request is
  // answered, by the number of its stream. Connections that are there end.
  // Null: requests stay without an answer.
  void Answer(std::function<std::string(std::int32_t)> answer);

 private:
  void Serve(const std::function<std::string(std::int32_t)>& answer);
  void Stop();

  SSL_CTX* const identity_;
  const Clock& clock_;
  edge::RawListener listener_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace psm::attack

#endif  // PSM_TESTS_ATTACK_ROGUE_PROVIDER_H_
