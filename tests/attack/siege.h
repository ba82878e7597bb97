// A mesh under attack: plays attacks one after the other against its gateway
// and measures what others notice of it.
#ifndef PSM_TESTS_ATTACK_SIEGE_H_
#define PSM_TESTS_ATTACK_SIEGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/cli/process.h"
#include "tests/attack/attack.h"
#include "tests/attack/rogue_provider.h"
#include "tests/attack/victim.h"
#include "tests/attack/wire.h"
#include "tests/support/mesh.h"

namespace psm::attack {

struct SiegeOptions {
  absl::Duration alone;     // measured before each attack
  absl::Duration attacked;  // and while it is played
  int callers = 4;          // of the victim, each with a call under way
  // A message EdgeLimits, in place of the defaults.
  std::string edge_limits = "";
};

// What one attack did.
struct Figures {
  Sample alone;
  Sample attacked;
  // What the gateway used of one processor, 1 being all of it.
  double cpu_alone = 0;
  double cpu_attacked = 0;
  // The gateway's resident memory: before, at its highest meanwhile, after.
  std::int64_t before_kib = 0;
  std::int64_t peak_kib = 0;
  std::int64_t after_kib = 0;
  bool alive = false;        // the very same process
  bool serves_anew = false;  // a new connection is served within 10 s, after
  // What the attackers saw, and how often.
  std::map<std::string, std::uint64_t> outcomes;

  std::int64_t growth_kib() const { return peak_kib - before_kib; }
};

// Attackers are hoshizora-bank/customers, with its good certificate; a bad
// provider is gbizid/gbizid, asked by an agency of its own. Attackers' threads
// run at a lower priority (nice 10): they share the machine with the gateway,
// and what they burn there themselves is not what is measured. Belongs to the
// thread that began it.
class Siege {
 public:
  // With a mesh of its own, all limits at their defaults unless said.
  static absl::StatusOr<std::unique_ptr<Siege>> Begin(
      const SiegeOptions& options);
  ~Siege();
  Siege(const Siege&) = delete;
  Siege& operator=(const Siege&) = delete;

  Figures Play(const Attack& attack);

 private:
  explicit Siege(const SiegeOptions& options) : options_(options) {}
  absl::Status SetUp();
  // Its processor time up to now; 0 where it has ended.
  absl::Duration GatewayTime() const;
  void PlayLanes(const Attack& attack, absl::Duration until, Tally& tally);
  bool ServesAnew();

  const SiegeOptions options_;
  const SystemClock clock_;
  std::unique_ptr<testing::Mesh> mesh_;
  ProcessName gateway_;
  int port_ = 0;
  TlsContext attacker_;
  TlsContext asker_;
  TlsContext provider_;
  std::unique_ptr<RogueProvider> rogue_;
  std::unique_ptr<Victim> victim_;
};

}  // namespace psm::attack

#endif  // PSM_TESTS_ATTACK_SIEGE_H_
