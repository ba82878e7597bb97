#include "services/generator/world.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/digest.h"
#include "services/generator/personas.h"
#include "services/generator/population.h"

namespace psm {
namespace {

constexpr int kMaxResidents = 10'000'000;
constexpr int kMaxBusinesses = 1'000'000;  // serials have 6 digits

// Person numbers and card serials follow from the seed and the person's place:
// a persona's are the same however many residents there are.
void NumberPersons(World& world, std::uint64_t seed) {
  const SecretBytes key(Sha256(absl::StrCat("psm generator persons\n", seed)));
  std::size_t place = 0;
  for (Household& home : world.households) {
    for (Person& person : home.members) {
      const std::string number =
          HmacSha256(key, absl::StrCat("person\n", place));
      person.number = *PersonNumber::FromBytes(
          absl::string_view(number).substr(0, PersonNumber::kSize));
      const std::string serial = HmacSha256(key, absl::StrCat("card\n", place));
      person.card_serial = absl::StrCat(
          "DEMO-",
          absl::AsciiStrToUpper(absl::BytesToHexString(serial.substr(0, 8))));
      ++place;
    }
  }
}

// Each municipality counts its households by itself.
void NumberHouseholds(World& world) {
  int akatsuki = 0;
  int yunagi = 0;
  for (Household& home : world.households) {
    home.id = absl::StrFormat(
        "%08d", home.municipality == kAkatsuki ? ++akatsuki : ++yunagi);
  }
}

}  // namespace

int FiscalYearOf(absl::CivilDay day) {
  return static_cast<int>(day.year()) - (day.month() < 4 ? 1 : 0);
}

absl::StatusOr<World> BuildWorld(const WorldOptions& options) {
  if (options.residents < kPersonaResidents ||
      options.residents > kMaxResidents) {
    return absl::InvalidArgumentError(absl::StrCat(
        "residents: give ", kPersonaResidents, " to ", kMaxResidents));
  }
  if (options.businesses < kPersonaBusinesses ||
      options.businesses >= kMaxBusinesses) {
    return absl::InvalidArgumentError(absl::StrCat(
        "businesses: give ", kPersonaBusinesses, " to ", kMaxBusinesses - 1));
  }
  if (options.today < absl::CivilDay(2025, 4, 1) ||
      options.today > absl::CivilDay(2099, 12, 31)) {
    return absl::InvalidArgumentError("today: give 2025-04-01 to 2099-12-31");
  }
  World world;
  world.today = options.today;
  world.fiscal_year = FiscalYearOf(options.today);
  AddPersonas(world);
  const std::size_t personas = world.households.size();
  AddHouseholds(world, options.residents - kPersonaResidents, options.seed);
  AddBusinesses(world, options.businesses - kPersonaBusinesses,
                kPersonaBusinesses + 1, options.seed);
  AddAccountsAndCustomers(world, personas, options.seed);
  NumberPersons(world, options.seed);
  NumberHouseholds(world);
  return world;
}

}  // namespace psm
