// A small mesh for policy's tests: hand-made plans and a configuration, so that
// each rule is tested without the agencies' protos.
#ifndef PSM_MESH_POLICY_SMALL_MESH_FOR_TEST_H_
#define PSM_MESH_POLICY_SMALL_MESH_FOR_TEST_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/configuration.h"
#include "mesh/policy/policy_engine.h"

namespace psm {

inline constexpr char kTax[] = "psm.tax.v1.TaxService/GetTaxStatus";
inline constexpr char kAccount[] = "psm.accounts.v1.AccountsService/GetAccount";
inline constexpr char kRegister[] =
    "psm.accounts.v1.AccountsService/RegisterAccount";
inline constexpr char kItems[] =
    "psm.identity.v1.BasicItemsService/GetBasicItems";
inline constexpr char kProgrammes[] =
    "psm.benefits.v1.BenefitsService/ListProgrammes";
inline constexpr char kOrphan[] = "psm.orphan.v1.OrphanService/GetOrphan";

// Plans as the contracts of the same names would give: tax (category, income,
// arrears), account (legal limit public_benefit), items (consentable: address,
// birth_date, name), programmes (transparent), and one that nobody provides.
// With `later`, tax has lost `income` and gained `basis`, so its bits have
// moved.
std::shared_ptr<const ContractSet> SmallContracts(bool later = false);

// Agencies and systems town/tax, city/tax, town/benefits, accounts/accounts,
// identity/identity, bank/customers (a relying party's), and the affairs
// benefit (public_benefit), arrears, address. No agreements.
std::string SmallMesh();

// An agreement of `SmallMesh` with a statute; `rest` is more textproto.
std::string AgreementText(absl::string_view id, absl::string_view consumer,
                          absl::string_view affair, absl::string_view grant,
                          absl::string_view rest);

// Parses, failing the test on malformed text.
Configuration ParseConfiguration(const std::string& text);

// An engine of SmallMesh and some agreements.
absl::StatusOr<std::shared_ptr<const PolicyEngine>> MakeEngine(
    const std::string& agreements, bool later_contracts = false);

// Noon of a day in Japan.
absl::Time NoonOf(absl::string_view day);

}  // namespace psm

#endif  // PSM_MESH_POLICY_SMALL_MESH_FOR_TEST_H_
