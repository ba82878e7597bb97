// The many others: random households and businesses.
#ifndef PSM_SERVICES_GENERATOR_POPULATION_H_
#define PSM_SERVICES_GENERATOR_POPULATION_H_

#include <cstdint>

#include "services/generator/world.h"

namespace psm {

// Adds households with `count` members altogether: in both municipalities, of
// all ages, about 3 % of them moved from one to the other since the fiscal
// year's 1 January. Numbers, card serials and accounts are left to the caller.
void AddHouseholds(World& world, int count, std::uint64_t seed);

// Adds `count` businesses, with corporate numbers from serial `first_serial`.
void AddBusinesses(World& world, int count, int first_serial,
                   std::uint64_t seed);

// Gives each of the random persons (households from `first` on) a receiving
// account in 609 of 1,000 cases, the share of the 2023 report, and in 150 of
// 1,000 makes a customer of the bank; half of those who moved have not told it.
void AddAccountsAndCustomers(World& world, std::size_t first,
                             std::uint64_t seed);

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_POPULATION_H_
