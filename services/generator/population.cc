#include "services/generator/population.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "psm/gbizid/v1/gbizid.pb.h"
#include "services/generator/corporate_number.h"
#include "services/generator/corporation.h"

namespace psm {
namespace {

using residents::v1::Member;
using tax::v1::GetTaxStatusResponse;

// Registration of receiving accounts began on 28 March 2022.
constexpr absl::CivilDay kRegistrationBegan(2022, 3, 28);

// Somebody of about `age` years on the world's today.
Person MakePerson(SeededRandom& random, const World& world,
                  const Reading& family, Sex sex, int age,
                  Member::Relation relation) {
  Person person;
  person.name = FullName(family, RandomGivenName(random, sex));
  person.sex = sex;
  person.relation = relation;
  const absl::CivilDay birthday(world.today.year() - age, world.today.month(),
                                1);
  person.birth_date = birthday - random.Between(0, 364);
  return person;
}

// A simple picture of residence tax: nothing below a limit, then a flat rate,
// then by income. Young people and half of the old have little income.
void SetIncome(SeededRandom& random, Person& person, int age) {
  constexpr int kExemptLimitYen = 450'000;
  constexpr int kPerCapitaLimitYen = 600'000;
  if (age < 16) return;
  const int little = age < 20 ? 900 : age < 65 ? 180 : 550;  // permille
  if (random.Chance(little)) {
    person.income_yen = random.Between(0, kExemptLimitYen / 1000) * 1000;
  } else if (random.Chance(70)) {
    person.income_yen =
        random.Between(kExemptLimitYen / 1000 + 1, kPerCapitaLimitYen / 1000) *
        1000;
  } else {
    // The lesser of two draws: few earn much.
    person.income_yen =
        std::min(random.Between(601, 12'000), random.Between(601, 12'000)) *
        1000;
  }
  if (person.income_yen <= kExemptLimitYen) return;
  person.category = person.income_yen <= kPerCapitaLimitYen
                        ? GetTaxStatusResponse::PER_CAPITA_ONLY
                        : GetTaxStatusResponse::TAXED;
  if (random.Chance(20)) person.arrears_yen = random.Between(5, 400) * 1000;
}

Sex RandomSex(SeededRandom& random) {
  return random.Chance(500) ? Sex::kMale : Sex::kFemale;
}

// The members of one household, at most `most` of them.
std::vector<Person> MakeMembers(SeededRandom& random, const World& world,
                                std::size_t most) {
  const Reading family = RandomFamilyName(random);
  std::vector<Person> members;
  const auto add = [&](Sex sex, int age, Member::Relation relation) {
    if (members.size() == most) return;
    members.push_back(MakePerson(random, world, family, sex, age, relation));
    SetIncome(random, members.back(), age);
  };
  const int kind = random.Between(0, 99);
  const bool with_children = kind >= 58 && kind < 92;
  const Sex sex = RandomSex(random);
  const int age = with_children ? random.Between(26, 54)
                  : kind >= 92  ? random.Between(38, 66)
                                : random.Between(20, 92);
  add(sex, age, Member::HEAD);
  if ((kind >= 38 && kind < 83) || kind >= 97) {
    add(sex == Sex::kMale ? Sex::kFemale : Sex::kMale,
        std::max(20, age + random.Between(-6, 6)), Member::SPOUSE);
  }
  if (with_children) {
    const int children = random.Between(1, 3);
    for (int i = 0; i < children; ++i) {
      add(RandomSex(random), random.Between(0, std::min(24, age - 20)),
          Member::CHILD);
    }
  } else if (kind >= 92) {
    add(RandomSex(random), std::min(102, age + random.Between(22, 34)),
        Member::PARENT);
  }
  return members;
}

}  // namespace

void AddHouseholds(World& world, int count, std::uint64_t seed) {
  SeededRandom random(seed, "households");
  const absl::CivilDay january(world.fiscal_year, 1, 1);
  std::size_t left = static_cast<std::size_t>(count);
  while (left > 0) {
    Household home;
    home.members = MakeMembers(random, world, left);
    left -= home.members.size();
    home.municipality = random.Chance(600) ? kAkatsuki : kYunagi;
    home.tax_municipality = home.municipality;
    home.address = RandomAddress(random, home.municipality);
    if (random.Chance(30)) {
      home.tax_municipality =
          home.municipality == kAkatsuki ? kYunagi : kAkatsuki;
      home.former_address = RandomAddress(random, home.tax_municipality);
      home.move_in_date = random.DayBetween(january + 1, world.today);
    } else {
      home.move_in_date = random.DayBetween(
          std::max(absl::CivilDay(1990, 1, 1), home.members[0].birth_date),
          january - 1);
    }
    world.households.push_back(std::move(home));
  }
}

void AddBusinesses(World& world, int count, int first_serial,
                   std::uint64_t seed) {
  SeededRandom random(seed, "businesses");
  constexpr int kCapitalsYen[] = {1'000'000,  3'000'000,  5'000'000,
                                  10'000'000, 30'000'000, 90'000'000};
  for (int i = 0; i < count; ++i) {
    seed::v1::Business company;
    const CompanyName name = RandomCompanyName(random);
    company.set_corporate_number(UnassignedCorporateNumber(first_serial + i));
    company.set_name(name.text);
    company.set_kana(name.kana);
    company.set_address(
        RandomAddress(random, random.Chance(600) ? kAkatsuki : kYunagi));
    const Reading family = RandomFamilyName(random);
    company.set_representative(
        FullName(family, RandomGivenName(random, RandomSex(random))).text);
    company.set_establishment_date(absl::FormatCivilTime(
        random.DayBetween(absl::CivilDay(1960, 4, 1), world.today - 60)));
    company.set_employees(
        std::min(random.Between(1, 300), random.Between(1, 300)));
    company.set_capital_yen(random.Pick(kCapitalsYen));
    company.set_account_type(random.Chance(700)
                                 ? gbizid::v1::GetBusinessResponse::PRIME
                                 : gbizid::v1::GetBusinessResponse::ENTRY);
    world.corporations.push_back(CorporationOf(company, name.en));
    world.businesses.push_back(std::move(company));
  }
}

void AddAccountsAndCustomers(World& world, std::size_t first,
                             std::uint64_t seed) {
  SeededRandom random(seed, "accounts");
  absl::flat_hash_set<std::string> used;
  for (const Household& home : world.households) {
    for (const Person& person : home.members) {
      if (person.account) {
        used.insert(person.account->branch_code + person.account->number);
      }
      if (!person.customer_number.empty()) used.insert(person.customer_number);
    }
  }
  for (std::size_t i = first; i < world.households.size(); ++i) {
    for (Person& person : world.households[i].members) {
      if (random.Chance(609)) {
        Account account;
        do {
          account.branch_code =
              absl::StrFormat("%03d", random.Between(1, kBranches));
          account.number = absl::StrFormat("%07d", random.Between(1, 9999999));
        } while (!used.insert(account.branch_code + account.number).second);
        account.register_date = random.DayBetween(
            std::max(kRegistrationBegan, person.birth_date), world.today - 1);
        person.account = std::move(account);
      }
      if (random.Chance(150)) {
        do {
          person.customer_number =
              absl::StrCat(random.Between(10'000'000, 99'999'999));
        } while (!used.insert(person.customer_number).second);
        person.customer_told_move = random.Chance(500);
      }
    }
  }
}

}  // namespace psm
