#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/policy/policy_engine_fixture.h"
#include "mesh/policy/small_mesh_for_test.h"

namespace psm {
namespace {

class RecheckTest : public PolicyEngineTest {
 protected:
  RecheckTest() {
    auto permit =
        engine_->Authorise(Ask("town/benefits", kTax, "benefit", "city/tax"));
    permit_ = std::make_unique<Permit>(std::move(permit).value());
  }
  // The tax agreement with something else in place of `what`.
  static std::string Changed(const std::string& what, const std::string& with) {
    std::string text = kAgreements;
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
  }
  absl::Status Recheck(const std::string& agreements,
                       bool later_contracts = false) {
    const auto engine = Engine(agreements, later_contracts);
    return engine->Recheck(*permit_, NoonOf("2025-10-01"));
  }
  std::unique_ptr<Permit> permit_;
};

TEST_F(RecheckTest, HoldsWhileTheAgreementDoes) {
  EXPECT_TRUE(engine_->Recheck(*permit_, NoonOf("2025-10-01")).ok());
  EXPECT_TRUE(Recheck(kAgreements).ok());
  EXPECT_TRUE(Recheck(Changed("version: 3", "version: 4")).ok());
  EXPECT_TRUE(Recheck(Changed("id: \"tax\"", "id: \"tax-2\"")).ok());
  EXPECT_TRUE(Recheck(Changed("providers: \"city/tax\"", "")).ok());
  EXPECT_TRUE(Recheck(Changed("attributes: \"category\"",
                              "attributes: \"category\" attributes: "
                              "\"arrears\""))
                  .ok());
}

TEST_F(RecheckTest, FailsOnceLessIsGranted) {
  for (const std::string& agreements :
       {std::string(), Changed("attributes: \"category\"", ""),
        Changed("providers: \"city/tax\"", "providers: \"town/tax\""),
        Changed("consumer: \"town/benefits\"", "consumer: \"town/tax\""),
        Changed("affair: \"benefit\"", "affair: \"arrears\""),
        Changed("valid_through: \"2026-03-31\"",
                "valid_through: \"2025-09-30\""),
        Changed("valid_from: \"2025-04-01\"", "valid_from: \"2025-10-02\"")})
    ExpectRefusal(Recheck(agreements), absl::StatusCode::kPermissionDenied,
                  "AGREEMENT_NOT_IN_FORCE", "agreement", "tax");
  ExpectRefusal(engine_->Recheck(*permit_, NoonOf("2026-04-01")),
                absl::StatusCode::kPermissionDenied, "AGREEMENT_NOT_IN_FORCE");
}

TEST_F(RecheckTest, ComparesAttributesByNameWhenTheContractHasChanged) {
  // In the later contracts `income` is gone and its bit means `category`.
  const std::string without =
      Changed("attributes: \"category\" attributes: \"income\"",
              "attributes: \"category\" attributes: \"arrears\" attributes: "
              "\"basis\"");
  EXPECT_EQ(ReasonOf(Recheck(without, true)), "AGREEMENT_NOT_IN_FORCE");
  engine_ = Engine(Changed("attributes: \"income\"", ""));
  permit_ = std::make_unique<Permit>(
      engine_->Authorise(Ask("town/benefits", kTax, "benefit", "city/tax"))
          .value());
  EXPECT_TRUE(Recheck(without, true).ok());
}

TEST_F(RecheckTest, AConsentMustStillRunAndItsBasisStay) {
  const Consent consent = ConsentToItems();
  Question question =
      Ask("bank/customers", kItems, "address", "identity/identity");
  question.consent = &consent;
  permit_ = std::make_unique<Permit>(engine_->Authorise(question).value());
  EXPECT_TRUE(Recheck(kAgreements).ok());
  const absl::Duration tick = absl::Nanoseconds(1);
  EXPECT_TRUE(engine_->Recheck(*permit_, consent.expire_time - tick).ok());
  ExpectRefusal(engine_->Recheck(*permit_, consent.expire_time),
                absl::StatusCode::kFailedPrecondition, "CONSENT_EXPIRED");
  // An agreement of the same parties on a statute is another agreement.
  std::string mesh =
      SmallMesh() + Changed("consent {}", "statute { ja: \"j\" en: \"e\" }");
  const std::string kind = "kind: RELYING_PARTY";
  mesh.replace(mesh.find(kind), kind.size(), "kind: ADMINISTRATIVE");
  const Configuration configuration = ParseConfiguration(mesh);
  auto directory = Directory::Create(configuration);
  ASSERT_TRUE(directory.ok());
  auto other =
      PolicyEngine::Create(configuration, *directory, SmallContracts());
  ASSERT_TRUE(other.ok()) << other.status();
  ExpectRefusal((*other)->Recheck(*permit_, question.now),
                absl::StatusCode::kPermissionDenied, "AGREEMENT_NOT_IN_FORCE");
}

}  // namespace
}  // namespace psm
