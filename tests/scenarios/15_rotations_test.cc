// 15. Everything that has a certificate gets another, three times, while a
// thousand calls come each second.
#include <algorithm>
#include <cstdio>
#include <set>

#include "certs/running_mesh.h"
#include "gmock/gmock.h"
#include "mesh/base/durable_file.h"
#include "mesh/directory/directory.h"
#include "tests/scenarios/certificate_load.h"
#include "tests/scenarios/certificate_scenario.h"

namespace psm::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Pair;

constexpr int kRotations = 3;
// A sanitized mesh takes some of it only.
constexpr int kPromised = PSM_SANITIZED ? 1 : 1000;
constexpr CertificateLoad::Options kLoad =
    PSM_SANITIZED ? CertificateLoad::Options{.kept = 150, .stock = 50}
                  : CertificateLoad::Options{.kept = 900, .stock = 300};

// Without a rotation, on a machine that has room for one.
constexpr double kRoom = 0.95 * (kLoad.kept + kLoad.stock);

class Rotations : public CertificateScenario {
 protected:
  // All that a rotation replaces and this test looks at: root, intermediate,
  // and the leaves of who asks, who answers and who stands between them.
  static std::set<std::string> InForce() {
    // One after the other: each opens the PKI, which locks it.
    std::set<std::string> serials = {*ReadFile(mesh().folder().Trust())};
    serials.insert(Authority()->issuer().certificate().serial());
    for (const char* system : {kGatewaySystem, kYunagiTax, kBenefits})
      serials.insert(SerialOf(system));
    return serials;
  }
  // Of calls that end in a second, more or less, while nothing is rotated.
  static double RateOf(CertificateLoad& load) {
    const CallCount before = load.Count();
    EXPECT_TRUE(load.Goes(kLoad.kept));
    return load.Count().PerSecondSince(before);
  }
};

TEST_F(Rotations, ThreeUnderAThousandCallsASecondFailNoCall) {
  std::set<std::string> seen = InForce();
  CertificateLoad load(mesh(), kLoad);
  ASSERT_TRUE(load.Goes(200));
  const double before_all = RateOf(load);
  double best = 0;
  for (int round = 1; round <= kRotations; ++round) {
    SCOPED_TRACE(round);
    const CallCount before = load.Count();
    const Said said = Pki("rotate");
    ASSERT_EQ(said.code, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("done\n"));
    EXPECT_TRUE(load.Goes(200)) << "calls go on";
    const CallCount after = load.Count();
    best = std::max(best, after.PerSecondSince(before));
    std::printf("rotation %d: %d calls in %.1f s, %.0f a second, %d not OK\n",
                round, after.calls - before.calls,
                absl::ToDoubleSeconds(after.at - before.at),
                after.PerSecondSince(before), after.not_ok - before.not_ok);

    // All of it is another.
    for (const std::string& one : InForce())
      EXPECT_TRUE(seen.insert(one).second);
    const auto authority = Authority();
    EXPECT_EQ(authority->authorities().roots().size(), 1u);
    EXPECT_EQ(authority->authorities().intermediates().size(), 1u);
    // And in use, by the one who asks as by the one who answers.
    const auto gateway = pki::RunFolderMesh(mesh().folder().root()).Gateway();
    ASSERT_TRUE(gateway.ok()) << gateway.status();
    EXPECT_THAT(gateway->peers,
                ElementsAre(Pair(authority->issuer().certificate().serial(),
                                 IsSupersetOf({kBenefits, kYunagiTax}))));
  }
  const double after_all = RateOf(load);
  load.Stop();
  EXPECT_EQ(load.Count().not_ok, 0);
  EXPECT_THAT(load.Failures(), IsEmpty());
  std::printf("without a rotation %.0f a second before, %.0f after\n",
              before_all, after_all);
  if (best < kPromised && std::min(before_all, after_all) < kRoom &&
      !HasFailure())
    GTEST_SKIP() << "NOT TESTED: " << kPromised
                 << " calls a second, for which this machine is too busy";
  // Of three tries: what else runs here takes from the rate, and from nothing
  // else that is claimed.
  EXPECT_GE(best, kPromised);
}

}  // namespace
}  // namespace psm::testing
