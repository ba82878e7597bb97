// What the scenarios share: a mesh for all tests of a file, with a town whose
// tax office hands out all it has, and the questions that are asked again and
// again.
#ifndef PSM_TESTS_SCENARIOS_SCENARIO_H_
#define PSM_TESTS_SCENARIOS_SCENARIO_H_

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "tests/scenarios/provider_behaviour.h"
#include "tests/support/mesh.h"

namespace psm::testing {

using records::v1::Record;
using TaxReply = Reply<tax::v1::GetTaxStatusResponse>;
using AccountReply = Reply<accounts::v1::GetAccountResponse>;

inline constexpr char kBenefits[] = "akatsuki/benefits";
inline constexpr char kYunagiTax[] = "yunagi/tax";
inline constexpr char kBenefitAffair[] = "benefit-tax-exempt";
// Benefits may learn addresses by consent, too.
inline constexpr char kBenefitsByConsent[] = R"(
agreements {
  id: "akatsuki-benefits-basic-items"
  version: 1
  consumer: "akatsuki/benefits"
  affair: "customer-address"
  consent {}
  grants {
    method: "psm.identity.v1.BasicItemsService/GetBasicItems"
    attributes: "address"
  }
  valid_from: "2026-01-01"
})";
// tests/scenarios/provider_main.cc
inline constexpr char kMinatoTax[] = "minato/tax";

// A request about a person by its code at akatsuki.
tax::v1::GetTaxStatusRequest TaxRequest(const Mesh& mesh,
                                        const std::string& person);

// Akatsuki's benefits office asks a tax office (Yunagi's unless `options` says
// otherwise) for the benefit.
TaxReply AskTax(Mesh& mesh, const std::string& person = "hanako",
                CallOptions options = {});
AccountReply AskAccount(Mesh& mesh, const std::string& consumer,
                        const std::string& code,
                        const std::string& affair = kBenefitAffair);

// A new exchange id, for a call that a test must find again whatever becomes of
// it.
std::string NewExchangeId();

// Asks until it is answered, for what comes back by itself; the last refusal
// where nothing does within ten seconds.
absl::Status AskTaxUntilAnswered(Mesh& mesh);

// The only record that matches, waited for; a failure and an empty one where
// there are none or several.
Record OnlyRecord(const Mesh& mesh, const RecordFilter& filter);

// Bytes that the gateway holds of the machine's memory now.
std::size_t GatewayMemory(const Mesh& mesh);

// What a citizen reads about herself at home, newest first.
std::vector<Record> OwnHistory(Mesh& mesh, const std::string& person);

// Who was delivered a life event of the type about the person.
std::set<std::string> ToldOf(const Mesh& mesh, const std::string& person,
                             const std::string& type);

std::vector<std::string> Released(const Record& record);
std::vector<std::string> Withheld(const Record& record);

// What minato/tax saw of its calls, one line each: JSON of the metadata, and
// "event" with "called" or "cancelled".
LogWatch WatchMinato(const Mesh& mesh);

// One mesh for all tests of a suite.
class Scenario : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { StartMesh({}); }
  static void TearDownTestSuite() { mesh_.reset(); }
  void SetUp() override { ASSERT_NE(mesh_, nullptr); }

  // With the town of Minato.
  static void StartMesh(MeshOptions options);
  static Mesh& mesh() { return *mesh_; }

 private:
  static std::unique_ptr<Mesh> mesh_;
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_SCENARIO_H_
