#include "certs/mesh_authority.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "certs/system_identity.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm::pki {
namespace {

constexpr char kTax[] = "akatsuki/tax";
constexpr char kTaxFolder[] = "pki/systems/akatsuki/tax";

class MeshAuthorityTest : public testing::Test {
 protected:
  MeshAuthorityTest() { *MeshAuthority::Init(run_.path(), clock_); }

  std::unique_ptr<MeshAuthority> Open() {
    auto mesh = MeshAuthority::Open(run_.path(), clock_);
    EXPECT_TRUE(mesh.ok()) << mesh.status();
    return *std::move(mesh);
  }
  IssueOutcome Issue(absl::string_view system,
                     absl::Duration life = kSystemLife, bool force = false) {
    const auto outcome = Open()->Issue(system, life, force);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return *outcome;
  }
  IdentityState State(absl::string_view system) {
    return Open()->StatusOf(system).state;
  }
  std::string Serial(absl::string_view system) {
    return Open()->StatusOf(system).leaf->serial();
  }
  // What a peer says that reads the files as they lie there: "OK" or a reason.
  std::string PeerSays(absl::string_view system) {
    const auto trust =
        Trust::Create(run_.Read("pki/trust.pem"), run_.Read("pki/crl.pem"));
    const auto identity = ReadIdentity(SystemFolder(run_.path(), system));
    if (!trust.ok() || !identity.ok()) return "files do not open";
    for (const PeerRole role : {PeerRole::kClient, PeerRole::kServer}) {
      const absl::Status status =
          (*trust)->Verify(identity->chain, role, clock_.Now());
      if (!status.ok()) return ReasonOf(status);
    }
    return "OK";
  }

  TempFolder run_;
  ManualClock clock_{absl::FromUnixSeconds(1790000000)};
};

TEST_F(MeshAuthorityTest, IssuesWhatPeersAccept) {
  EXPECT_EQ(State(kTax), IdentityState::kMissing);
  EXPECT_EQ(Issue(kTax), IssueOutcome::kIssued);
  EXPECT_EQ(Issue("mesh/gateway"), IssueOutcome::kIssued);
  EXPECT_EQ(PeerSays(kTax), "OK");
  EXPECT_EQ(PeerSays("mesh/gateway"), "OK");
  EXPECT_EQ(State(kTax), IdentityState::kGood);
  EXPECT_NE(Serial(kTax), Serial("mesh/gateway"));
}

TEST_F(MeshAuthorityTest, KeysAndFoldersAreTheirOwnersAlone) {
  const mode_t before = umask(0);
  Issue(kTax);
  umask(before);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(run_.File("pki"))) {
    const std::string name =
        std::filesystem::relative(entry.path(), run_.path()).string();
    if (entry.is_directory()) {
      EXPECT_EQ(run_.Mode(name), 0700u) << name;
    } else if (name == "pki/trust.pem" || name == "pki/crl.pem" ||
               absl::EndsWith(name, "/chain.pem")) {
      EXPECT_EQ(run_.Mode(name), 0644u) << name;
      EXPECT_FALSE(absl::StrContains(run_.Read(name), "PRIVATE KEY")) << name;
    } else {
      EXPECT_EQ(run_.Mode(name), 0600u) << name;
    }
  }
}

TEST_F(MeshAuthorityTest, TheHalvesRepeatTheIdentity) {
  Issue(kTax);
  const std::string folder = kTaxFolder;
  const std::string key = run_.Read(folder + "/key.pem");
  EXPECT_TRUE(SigningKey::FromPem(key, SecretBytes()).ok());
  EXPECT_EQ(key + run_.Read(folder + "/chain.pem"),
            run_.Read(folder + "/identity.pem"));
  EXPECT_EQ(Certificate::ChainFromPem(run_.Read(folder + "/chain.pem"))->size(),
            2u);
}

TEST_F(MeshAuthorityTest, RepeatingChangesNothing) {
  Issue(kTax);
  const std::string identity =
      run_.Read(std::string(kTaxFolder) + "/identity.pem");
  const std::string lists = run_.Read("pki/crl.pem");
  const std::string trust = run_.Read("pki/trust.pem");
  ASSERT_TRUE(MeshAuthority::Init(run_.path(), clock_).ok());
  EXPECT_EQ(Issue(kTax), IssueOutcome::kKept);
  EXPECT_EQ(run_.Read(std::string(kTaxFolder) + "/identity.pem"), identity);
  EXPECT_EQ(run_.Read("pki/crl.pem"), lists);
  EXPECT_EQ(run_.Read("pki/trust.pem"), trust);
}

TEST_F(MeshAuthorityTest, RenewsPastHalfOfLifeWithANewKeyAndTheSameLife) {
  Issue(kTax, absl::Hours(10));
  const std::string serial = Serial(kTax);
  const std::string key = run_.Read(std::string(kTaxFolder) + "/key.pem");
  clock_.Advance(absl::Hours(4));
  EXPECT_EQ(*Open()->Renew(kTax, false), IssueOutcome::kKept);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(State(kTax), IdentityState::kDue);
  EXPECT_EQ(*Open()->Renew(kTax, false), IssueOutcome::kIssued);
  EXPECT_EQ(State(kTax), IdentityState::kGood);
  EXPECT_NE(Serial(kTax), serial);
  EXPECT_NE(run_.Read(std::string(kTaxFolder) + "/key.pem"), key);
  EXPECT_EQ(Open()->StatusOf(kTax).leaf->not_after(),
            clock_.Now() + absl::Hours(10));
}

TEST_F(MeshAuthorityTest, ForceReplacesWhatIsStillGood) {
  Issue(kTax);
  const std::string serial = Serial(kTax);
  EXPECT_EQ(Issue(kTax, kSystemLife, true), IssueOutcome::kIssued);
  EXPECT_NE(Serial(kTax), serial);
}

TEST_F(MeshAuthorityTest, RenewsTheExpiredAndTheDamaged) {
  Issue(kTax);
  clock_.Advance(absl::Hours(25));
  EXPECT_EQ(PeerSays(kTax), "CERTIFICATE_EXPIRED");
  EXPECT_EQ(State(kTax), IdentityState::kExpired);
  EXPECT_EQ(*Open()->Renew(kTax, false), IssueOutcome::kIssued);
  EXPECT_EQ(PeerSays(kTax), "OK");

  run_.Write(std::string(kTaxFolder) + "/identity.pem", "words");
  EXPECT_EQ(State(kTax), IdentityState::kDamaged);
  EXPECT_EQ(*Open()->Renew(kTax, false), IssueOutcome::kIssued);
  EXPECT_EQ(PeerSays(kTax), "OK");
}

TEST_F(MeshAuthorityTest, ReplacesAKeyThatOthersCouldRead) {
  Issue(kTax);
  const std::string serial = Serial(kTax);
  ASSERT_EQ(
      chmod(run_.File(std::string(kTaxFolder) + "/identity.pem").c_str(), 0644),
      0);
  EXPECT_EQ(Issue(kTax), IssueOutcome::kIssued);
  EXPECT_NE(Serial(kTax), serial);
}

TEST_F(MeshAuthorityTest, AnIdentityOfAnotherSystemIsDamaged) {
  Issue(kTax);
  Issue("yunagi/tax");
  std::filesystem::copy_file(
      run_.File("pki/systems/yunagi/tax/identity.pem"),
      run_.File(std::string(kTaxFolder) + "/identity.pem"),
      std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(State(kTax), IdentityState::kDamaged);
}

TEST_F(MeshAuthorityTest, AnIdentityOfAnotherMeshIsUntrusted) {
  TempFolder other;
  auto stranger = *MeshAuthority::Init(other.path(), clock_);
  ASSERT_TRUE(stranger->Issue(kTax, kSystemLife, false).ok());
  std::filesystem::create_directories(run_.File("pki/systems/akatsuki"));
  std::filesystem::copy(other.File(kTaxFolder), run_.File(kTaxFolder));
  EXPECT_EQ(PeerSays(kTax), "CERTIFICATE_NOT_TRUSTED");
  EXPECT_EQ(State(kTax), IdentityState::kUntrusted);
}

TEST_F(MeshAuthorityTest, RevocationTakesEveryCertificateOfTheSystem) {
  Issue(kTax);
  const auto old = ReadIdentity(SystemFolder(run_.path(), kTax));
  Issue(kTax, kSystemLife, true);
  Issue("yunagi/tax");
  EXPECT_EQ(*Open()->RevokeSystem(kTax), 2);
  EXPECT_EQ(*Open()->RevokeSystem(kTax), 0);
  EXPECT_EQ(PeerSays(kTax), "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonOf(Open()->trust().Verify(old->chain, PeerRole::kClient,
                                            clock_.Now())),
            "CERTIFICATE_REVOKED");
  EXPECT_EQ(PeerSays("yunagi/tax"), "OK");
}

TEST_F(MeshAuthorityTest, RenewalDoesNotUndoARevocationHoweverLate) {
  Issue(kTax);
  ASSERT_TRUE(Open()->RevokeSystem(kTax).ok());
  for (const absl::Duration later :
       {absl::ZeroDuration(), absl::Hours(30), absl::Hours(24 * 60)}) {
    clock_.Advance(later);
    EXPECT_EQ(State(kTax), IdentityState::kRevoked);
    EXPECT_EQ(*Open()->Renew(kTax, true), IssueOutcome::kRevokedSkipped);
  }
  EXPECT_EQ(Issue(kTax), IssueOutcome::kIssued);  // said in so many words
  EXPECT_EQ(PeerSays(kTax), "OK");
}

TEST_F(MeshAuthorityTest, RevokesBySerialInEitherCase) {
  Issue(kTax);
  std::string serial = Serial(kTax);
  for (char& c : serial) c = static_cast<char>(toupper(c));
  EXPECT_EQ(*Open()->RevokeSerial(serial), 1);
  EXPECT_EQ(PeerSays(kTax), "CERTIFICATE_REVOKED");
  EXPECT_EQ(Open()->RevokeSerial("00").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Open()->RevokeSystem("no/body").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(MeshAuthorityTest, ARevokedIntermediateTakesAllAndANewOneHeals) {
  Issue(kTax);
  const std::string issuer = Open()->issuer().certificate().serial();
  EXPECT_EQ(*Open()->RevokeSerial(issuer), 1);
  EXPECT_EQ(PeerSays(kTax), "CERTIFICATE_REVOKED");
  EXPECT_EQ(Open()->Issue(kTax, kSystemLife, true).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Open()->RotateIntermediate().ok());
  EXPECT_EQ(Issue(kTax), IssueOutcome::kIssued);
  EXPECT_EQ(PeerSays(kTax), "OK");
}

TEST_F(MeshAuthorityTest, ListsAreRenewedPastHalfOfTheirLife) {
  const std::string lists = run_.Read("pki/crl.pem");
  clock_.Advance(kListLife / 2 - absl::Hours(1));
  Open();
  EXPECT_EQ(run_.Read("pki/crl.pem"), lists);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Open()->lists_expire_time(), clock_.Now() + kListLife);
  EXPECT_NE(run_.Read("pki/crl.pem"), lists);
}

TEST_F(MeshAuthorityTest, AWholeRotationRefusesNobodyOnTheWay) {
  Issue(kTax);
  Issue("yunagi/tax", absl::Hours(200));
  const auto expect_ok = [this] {
    EXPECT_EQ(PeerSays(kTax), "OK");
    EXPECT_EQ(PeerSays("yunagi/tax"), "OK");
  };
  ASSERT_TRUE(Open()->RotateRoot().ok());
  expect_ok();
  ASSERT_TRUE(Open()->RotateIntermediate().ok());
  expect_ok();
  EXPECT_EQ(Issue(kTax, kSystemLife, true), IssueOutcome::kIssued);
  expect_ok();
  // One system still leans on the old authorities.
  const absl::Status early = Open()->RetireOld().status();
  EXPECT_EQ(early.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StartsWith(early.message(), "yunagi/tax "));
  EXPECT_EQ(*Open()->Renew("yunagi/tax", true), IssueOutcome::kIssued);
  expect_ok();
  EXPECT_EQ(*Open()->RetireOld(),
            (std::vector<std::string>{"intermediate-1", "root-1"}));
  expect_ok();
  EXPECT_TRUE(Open()->RetireOld()->empty());
  EXPECT_EQ(Certificate::ChainFromPem(run_.Read("pki/trust.pem"))->size(), 1u);
}

TEST_F(MeshAuthorityTest, RetiringKeepsTheRootThatIsStillNeeded) {
  Issue(kTax);
  ASSERT_TRUE(Open()->RotateRoot().ok());
  EXPECT_TRUE(Open()->RetireOld()->empty());
  EXPECT_EQ(PeerSays(kTax), "OK");
}

TEST_F(MeshAuthorityTest, RefusesIdsAndLivesThatMakeNoSense) {
  for (const char* bad : {"", "tax", "/", "a/", "/b", "a/b/c", "A/b", "a/b ",
                          "../x", "a/..", "a/b\n", "-a/b"}) {
    EXPECT_EQ(Open()->Issue(bad, kSystemLife, false).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  for (const absl::Duration bad :
       {absl::ZeroDuration(), -absl::Hours(1), absl::Seconds(59),
        kIntermediateLife + absl::Seconds(1), absl::InfiniteDuration()}) {
    EXPECT_EQ(Open()->Issue(kTax, bad, false).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  clock_.Advance(absl::Hours(48));
  EXPECT_EQ(Open()->Issue(kTax, kIntermediateLife, false).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(MeshAuthorityTest, SaysWhatToDoWhereThereIsNoPki) {
  TempFolder empty;
  for (const std::string& run : {empty.path(), empty.File("none")}) {
    const absl::Status status = MeshAuthority::Open(run, clock_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(status.message(), "psm-pki init"));
  }
}

TEST_F(MeshAuthorityTest, ALostOrOlderIndexIsNotPapered) {
  Issue(kTax);
  const std::string older = run_.Read("pki/ca/index");
  ASSERT_TRUE(Open()->RevokeSystem(kTax).ok());
  run_.Write("pki/ca/index", older);
  for (const bool init : {false, true}) {
    const auto mesh = init ? MeshAuthority::Init(run_.path(), clock_)
                           : MeshAuthority::Open(run_.path(), clock_);
    EXPECT_EQ(mesh.status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(PeerSays(kTax), "CERTIFICATE_REVOKED");
  std::filesystem::remove(run_.File("pki/ca/index"));
  EXPECT_FALSE(MeshAuthority::Init(run_.path(), clock_).ok());
  EXPECT_EQ(PeerSays(kTax), "CERTIFICATE_REVOKED");
}

TEST_F(MeshAuthorityTest, ADamagedAuthorityIsNamed) {
  run_.Write("pki/ca/intermediate-1.pem", "words");
  const absl::Status status = MeshAuthority::Open(run_.path(), clock_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(status.message(), "intermediate-1.pem"));
}

TEST_F(MeshAuthorityTest, TrustAndListsAreMadeAnewWhereTheyWereLost) {
  Issue(kTax);
  for (const char* file : {"pki/trust.pem", "pki/crl.pem"}) {
    for (const char* text : {"", "words"}) {
      run_.Write(file, text);
      Open();
      EXPECT_EQ(PeerSays(kTax), "OK") << file;
    }
    std::filesystem::remove(run_.File(file));
    Open();
    EXPECT_EQ(PeerSays(kTax), "OK") << file;
  }
}

}  // namespace
}  // namespace psm::pki
