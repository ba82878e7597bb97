#include "certs/renewal.h"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "certs/authority.h"
#include "certs/certificate_profile.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "nlohmann/json.hpp"

namespace psm::pki {
namespace {

// Nothing runs.
class NoMesh final : public RunningMesh {
 public:
  std::vector<std::string> Serving() override { return {}; }
  absl::StatusOr<EndpointAnswer> Ask(absl::string_view,
                                     const SystemIdentity&) override {
    return absl::NotFoundError("nothing runs");
  }
  absl::StatusOr<GatewayInForce> Gateway() override {
    return absl::NotFoundError("nothing runs");
  }
  void Pause() override {}
};

class RenewalTest : public testing::Test {
 protected:
  RenewalTest() { *MeshAuthority::Init(run_.path(), clock_); }
  std::unique_ptr<MeshAuthority> Open() {
    return *MeshAuthority::Open(run_.path(), clock_);
  }
  void Issue(const std::string& system, absl::Duration life = kSystemLife) {
    ASSERT_TRUE(Open()->Issue(system, life, false).ok());
  }
  Certificate Leaf(const std::string& system) {
    return *Open()->StatusOf(system).leaf;
  }
  std::string Serial(const std::string& system) {
    return Leaf(system).serial();
  }

  // In memory: a rotation waits for the disk often.
  TempFolder run_{access("/dev/shm", W_OK) == 0
                      ? std::filesystem::path("/dev/shm")
                      : std::filesystem::temp_directory_path()};
  ManualClock clock_{absl::FromUnixSeconds(1790000000)};
  NoMesh mesh_;
  Renewal renewal_{run_.path(), clock_, mesh_};
};

TEST_F(RenewalTest, TimesAreAroundHalfOfLifeAndDiffer) {
  const auto authority =
      *Authority::CreateRoot("root", clock_.Now(), absl::Hours(1000));
  const auto key = *SigningKey::Generate();
  std::set<absl::Time> times;
  for (int i = 0; i < 40; ++i) {
    const Certificate leaf = *authority->Issue(
        SystemProfile("akatsuki/tax", clock_.Now(), kSystemLife),
        *key->Public());
    const absl::Duration after = RenewTime(leaf) - clock_.Now();
    EXPECT_GE(after, 0.45 * kSystemLife);
    EXPECT_LE(after, 0.55 * kSystemLife);
    EXPECT_EQ(RenewTime(leaf), RenewTime(leaf));
    times.insert(RenewTime(leaf));
  }
  EXPECT_EQ(times.size(), 40u);
  EXPECT_GT(*times.rbegin() - *times.begin(), 0.05 * kSystemLife);
}

TEST_F(RenewalTest, EachIsRenewedAtItsTimeForTheLifeItHad) {
  Issue("akatsuki/tax", absl::Hours(10));
  Issue("mesh/gateway", absl::Minutes(2));
  const std::string tax = Serial("akatsuki/tax");
  const absl::Time due = RenewTime(Leaf("mesh/gateway"));
  EXPECT_EQ(renewal_.Look(), due) << "the first that is due";
  std::string gateway = Serial("mesh/gateway");
  clock_.Advance(due - clock_.Now() - absl::Milliseconds(1));
  renewal_.Look();
  EXPECT_EQ(Serial("mesh/gateway"), gateway) << "not before";
  clock_.Advance(absl::Milliseconds(1));
  renewal_.Look();
  EXPECT_NE(Serial("mesh/gateway"), gateway);
  EXPECT_EQ(Leaf("mesh/gateway").not_after(),
            absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now())) +
                absl::Minutes(2));
  EXPECT_EQ(Serial("akatsuki/tax"), tax);
}

TEST_F(RenewalTest, MonthsGoByAndNothingEverExpires) {
  Issue("akatsuki/tax", absl::Hours(168));
  std::string intermediate = Open()->issuer().certificate().serial();
  int rotations = 0;
  const absl::Time end = clock_.Now() + absl::Hours(24 * 210);
  while (clock_.Now() < end) {
    renewal_.Look();
    clock_.Advance(absl::Hours(40));  // and it often comes late
    const auto authority = Open();
    for (const IdentityStatus& status : authority->StatusOfAll()) {
      ASSERT_TRUE(status.state == IdentityState::kGood ||
                  status.state == IdentityState::kDue)
          << status.system << " at " << clock_.Now();
    }
    ASSERT_GT(authority->lists_expire_time(), clock_.Now());
    if (authority->issuer().certificate().serial() != intermediate) {
      intermediate = authority->issuer().certificate().serial();
      ++rotations;
      EXPECT_FALSE(authority->rotating());
    }
  }
  EXPECT_EQ(rotations, 1) << "a year's intermediate, at half of its life";
}

TEST_F(RenewalTest, TheRevokedStayRevokedAndTheExpiredComeBack) {
  Issue("akatsuki/tax", absl::Hours(1));
  Issue("yunagi/tax", absl::Hours(1));
  ASSERT_TRUE(Open()->RevokeSystem("yunagi/tax").ok());
  clock_.Advance(absl::Hours(2));
  renewal_.Look();
  EXPECT_EQ(Open()->StatusOf("akatsuki/tax").state, IdentityState::kGood);
  EXPECT_EQ(Open()->StatusOf("yunagi/tax").state, IdentityState::kRevoked);
}

TEST_F(RenewalTest, AnErrorIsTriedAgainSoonAndThenLessOften) {
  Issue("akatsuki/tax");
  const std::string index = run_.Read("pki/ca/index");
  run_.Write("pki/ca/index", "nonsense");
  EXPECT_EQ(renewal_.Look() - clock_.Now(), absl::Seconds(5));
  EXPECT_EQ(renewal_.Look() - clock_.Now(), absl::Seconds(10));
  for (int i = 0; i < 20; ++i) renewal_.Look();
  EXPECT_EQ(renewal_.Look() - clock_.Now(), absl::Minutes(5));
  run_.Write("pki/ca/index", index);
  EXPECT_EQ(renewal_.Look() - clock_.Now(), absl::Minutes(10));
}

TEST_F(RenewalTest, DuringARotationByHandNothingIsIssuedTooEarly) {
  Issue("akatsuki/tax", absl::Hours(1));
  clock_.Advance(absl::Minutes(40));
  ASSERT_TRUE(Open()->RotateIntermediate().ok());
  const std::string serial = Serial("akatsuki/tax");
  renewal_.Look();
  EXPECT_EQ(Serial("akatsuki/tax"), serial)
      << "not everybody may know the new intermediate yet";
  clock_.Advance(absl::Minutes(1));
  renewal_.Look();
  EXPECT_NE(Serial("akatsuki/tax"), serial);
}

TEST_F(RenewalTest, FollowsWhatOthersChangeAndMendsTheLists) {
  Issue("akatsuki/tax");
  std::string serial;
  int slice = 0;
  renewal_.Follow([&](absl::Duration bound) {
    EXPECT_LT(bound, absl::Seconds(1));
    clock_.Advance(bound);
    switch (++slice) {
      case 3:
        EXPECT_NE(run_.Read("in-force/mesh/pki"), "");
        run_.Write("pki/crl.pem", "nonsense");
        break;
      case 6:
        EXPECT_NE(run_.Read("pki/crl.pem"), "nonsense");
        Issue("yunagi/tax", absl::Minutes(1));
        serial = Serial("yunagi/tax");
        break;
      default:
        break;
    }
    return slice == 6 + 5 * 40;  // forty seconds later
  });
  EXPECT_NE(Serial("yunagi/tax"), serial)
      << "though the next look was far away when it was issued";
  EXPECT_EQ(run_.Read("in-force/mesh/pki"), "") << "it has ended";
}

}  // namespace
}  // namespace psm::pki
