#include "services/generator/seeded_random.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"

namespace psm {
namespace {

std::uint64_t StreamSeed(std::uint64_t seed, absl::string_view topic) {
  const std::string digest =
      Sha256(absl::StrCat("psm generator stream\n", seed, "\n", topic));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    number = (number << 8) | static_cast<std::uint8_t>(digest[i]);
  }
  return number;
}

}  // namespace

SeededRandom::SeededRandom(std::uint64_t seed, absl::string_view topic)
    : engine_(StreamSeed(seed, topic)) {}

std::uint64_t SeededRandom::Below(std::uint64_t limit) {
  // Draws again above the largest multiple of `limit`: no value is favoured.
  const std::uint64_t end = std::numeric_limits<std::uint64_t>::max() -
                            std::numeric_limits<std::uint64_t>::max() % limit;
  std::uint64_t drawn = engine_();
  while (drawn >= end) drawn = engine_();
  return drawn % limit;
}

int SeededRandom::Between(int least, int most) {
  return least +
         static_cast<int>(Below(static_cast<std::uint64_t>(most - least) + 1));
}

bool SeededRandom::Chance(int permille) {
  return Below(1000) < static_cast<std::uint64_t>(permille);
}

absl::CivilDay SeededRandom::DayBetween(absl::CivilDay first,
                                        absl::CivilDay last) {
  if (last <= first) return first;
  return first + static_cast<absl::civil_diff_t>(
                     Below(static_cast<std::uint64_t>(last - first) + 1));
}

}  // namespace psm
