// What can be played against a gateway, one entry for each way of misbehaving:
// threats 25 to 33 of mesh/THREATS.md. Knows no mesh: a port and a certificate.
#ifndef PSM_TESTS_ATTACK_ATTACK_H_
#define PSM_TESTS_ATTACK_ATTACK_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "tests/attack/wire.h"

namespace psm::attack {

// How often what became of attackers. Thread-safe.
class Tally {
 public:
  void Add(absl::string_view outcome, std::uint64_t count = 1)
      PSM_EXCLUDES(mu_);
  std::map<std::string, std::uint64_t> counts() const PSM_EXCLUDES(mu_);

 private:
  mutable Mutex mu_;
  std::map<std::string, std::uint64_t> counts_ PSM_GUARDED_BY(mu_);
};

// One thread of an attack: where it goes, as whom, and until when. Belongs to
// that thread.
class Lane {
 public:
  // `until` is of clock.Monotonic(). All must outlive it.
  Lane(int port, SSL_CTX* identity, const Clock& clock, absl::Duration until,
       Tally& tally)
      : port_(port),
        identity_(identity),
        clock_(clock),
        until_(until),
        tally_(tally) {}

  bool TimeIsUp() const { return clock_.Monotonic() >= until_; }
  // Null, and counted, where there is no connection or no handshake.
  std::unique_ptr<Wire> Dial(const Manners& manners = {});
  std::unique_ptr<Wire> DialBare();
  // Counts what it has heard, and how it ended or that it had not.
  void Note(const Wire& wire);
  // Bounds the attacker's own use of the machine; no state is waited for.
  void Rest(absl::Duration pause) const;

 private:
  const int port_;
  SSL_CTX* const identity_;
  const Clock& clock_;
  const absl::Duration until_;
  Tally& tally_;
};

struct Attack {
  int threat;        // its number in mesh/THREATS.md
  std::string name;  // of one attack alone: "rapid-reset"
  std::string what;  // in words
  // Threads, each of which plays again and again until time is up.
  int lanes = 2;
  // From connecting until the other side hangs up, or time is up.
  std::function<void(Lane&)> play;
  // Of a provider gone bad: the frames that answer a request on this stream.
  // Then what `play` does is to ask it.
  std::function<std::string(std::int32_t stream)> answer = nullptr;
  // While the gateway has hardly a descriptor left.
  bool starved = false;
  // What the gateway's memory may grow by meanwhile; the reason stands where
  // it is more than usual.
  int growth_mib = 32;
};

// For GoogleTest.
void PrintTo(const Attack& attack, std::ostream* out);

// In the order of threats.
std::vector<Attack> AllAttacks();

// The parts of it.
std::vector<Attack> RequestAttacks();   // 25, 28, 29, 30
std::vector<Attack> FrameAttacks();     // 31
std::vector<Attack> SlowAttacks();      // 26, 27, 32
std::vector<Attack> ProviderAttacks();  // 33

// Under which the bad provider, gbizid, may be asked.
inline constexpr char kAskersAffair[] = "business-subsidy";

// A well-formed request for what the attacker has no agreement about.
edge::RawFields RefusedRequest();
// A well-formed request to the bad provider, by who may ask it.
std::string RequestToProvider(std::int32_t stream);
// A stream of questions and answers that anybody in the mesh may open.
inline constexpr char kReflection[] =
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

}  // namespace psm::attack

#endif  // PSM_TESTS_ATTACK_ATTACK_H_
