// The synthetic world: households of two municipalities, businesses, and the
// personas among them. Knows no agency's code and no file.
#ifndef PSM_SERVICES_GENERATOR_WORLD_H_
#define PSM_SERVICES_GENERATOR_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "mesh/subjects/subject_code.h"
#include "psm/residents/v1/residents.pb.h"
#include "psm/seed/v1/seed.pb.h"
#include "psm/tax/v1/tax.pb.h"
#include "services/generator/names.h"

namespace psm {

// ほしぞら銀行, the fictitious bank of every account. Bank codes end at 9900
// (Japan Post Bank): nothing above it is assigned.
inline constexpr char kBankCode[] = "9990";
inline constexpr int kBranches = 12;  // 001 to 012

struct Account {
  std::string branch_code;       // 3 digits
  std::string number;            // 7 digits; unique within the branch
  absl::CivilDay register_date;  // when it became the receiving account
};

struct Person {
  PersonNumber number;
  std::string card_serial;
  Reading name;
  absl::CivilDay birth_date;
  Sex sex = Sex::kFemale;
  residents::v1::Member::Relation relation = residents::v1::Member::HEAD;
  tax::v1::GetTaxStatusResponse::Category category =
      tax::v1::GetTaxStatusResponse::EXEMPT;
  std::int64_t income_yen = 0;
  std::int64_t arrears_yen = 0;
  // The persona under whose code the tax office has filed this person's record,
  // by mistake (紐付け誤り); empty: it is the person's own.
  std::string record_tied_to;
  bool assessed = true;  // false: no record of the person was ever filed
  std::optional<Account> account;  // the registered receiving account
  std::string customer_number;     // at the bank; empty: no customer
  bool customer_told_move = true;  // else the bank has the former address
};

struct Household {
  std::string id;
  std::string municipality;      // kAkatsuki or kYunagi
  std::string tax_municipality;  // that of the fiscal year's 1 January
  std::string address;
  std::string former_address;  // in the other municipality; empty: not moved
  absl::CivilDay move_in_date;
  std::vector<Person> members;  // the head first

  bool moved() const { return municipality != tax_municipality; }
};

// A persona: a member of a household, or a business.
struct Story {
  std::string id;
  std::string traits_en;
  std::string traits_ja;
  std::optional<std::size_t> business;
  std::size_t household = 0;  // where it is no business
  std::size_t member = 0;
};

struct World {
  absl::CivilDay today;
  int fiscal_year = 0;  // April to March; taxed where one lived on 1 January
  std::vector<Household> households;
  std::vector<seed::v1::Business> businesses;
  // What the registry of corporations has of each business, in the same order.
  std::vector<seed::v1::Corporation> corporations;
  std::vector<Story> stories;
};

struct WorldOptions {
  int residents = 1000;  // personas included
  int businesses = 50;   // personas included; at most 1,000,000
  std::uint64_t seed = 1;
  absl::CivilDay today;
};

// The world of a seed: the same options give the same world. INVALID_ARGUMENT
// where the personas do not fit, or a count is too large.
absl::StatusOr<World> BuildWorld(const WorldOptions& options);

// The fiscal year (April to March) that a day lies in.
int FiscalYearOf(absl::CivilDay day);

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_WORLD_H_
