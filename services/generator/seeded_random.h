// Numbers that depend on a seed and a topic and on nothing else: the same on
// every machine and compiler (the standard's distributions are not).
#ifndef PSM_SERVICES_GENERATOR_SEEDED_RANDOM_H_
#define PSM_SERVICES_GENERATOR_SEEDED_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <random>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace psm {

// A stream of its own for each topic: drawing more of one changes no other.
// Thread-compatible. Not for secrets.
class SeededRandom {
 public:
  SeededRandom(std::uint64_t seed, absl::string_view topic);

  std::uint64_t Below(std::uint64_t limit);  // 0 to limit - 1; limit > 0
  int Between(int least, int most);          // both inclusive
  bool Chance(int permille);                 // true in that many of 1,000
  // Both inclusive; `first` where `last` is before it.
  absl::CivilDay DayBetween(absl::CivilDay first, absl::CivilDay last);

  // One element of an array or vector that is not empty.
  template <typename Container>
  const auto& Pick(const Container& from) {
    return from[static_cast<std::size_t>(Below(std::size(from)))];
  }

 private:
  std::mt19937_64 engine_;  // its output is laid down in the C++ standard
};

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_SEEDED_RANDOM_H_
