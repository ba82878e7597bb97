// Names of persons, places and companies that sound right and are nobody's:
// put together from short lists that say "example", "imaginary", "trial".
#ifndef PSM_SERVICES_GENERATOR_NAMES_H_
#define PSM_SERVICES_GENERATOR_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "services/generator/seeded_random.h"

namespace psm {

inline constexpr char kAkatsuki[] = "akatsuki";
inline constexpr char kYunagi[] = "yunagi";

// A text and how it is read, in full-width katakana.
struct Reading {
  std::string text;
  std::string kana;
};

// ISO/IEC 5218.
enum class Sex { kMale = 1, kFemale = 2 };

Reading RandomFamilyName(SeededRandom& random);
Reading RandomGivenName(SeededRandom& random, Sex sex);

// Family and given name, separated by an ideographic space in both.
Reading FullName(const Reading& family, const Reading& given);

// An address in one of the two municipalities (kAkatsuki or kYunagi), which lie
// in a prefecture that does not exist (架空県).
std::string RandomAddress(SeededRandom& random, absl::string_view municipality);

// A company's registered name, legal form included, its kana without it, and
// its English name.
struct CompanyName {
  std::string text;
  std::string kana;
  std::string en;
};
CompanyName RandomCompanyName(SeededRandom& random);

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_NAMES_H_
