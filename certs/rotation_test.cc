#include "certs/rotation.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "certs/mesh_authority.h"
#include "gmock/gmock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/revocation_list_numbers.h"
#include "mesh/crypto/trust.h"

namespace psm::pki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Processes that read their files some time after these have changed, and fail
// the test when a connection between any two of them would fail meanwhile.
class FakeMesh final : public RunningMesh {
 public:
  FakeMesh(const std::string& run, ManualClock& clock)
      : run_(run), clock_(clock) {}

  struct Process {
    absl::Duration reads_every = absl::Milliseconds(500);
    absl::Duration read = -absl::InfiniteDuration();  // monotonic
    std::shared_ptr<const Trust> trust;
    std::vector<Certificate> chain;
    bool hangs = false;  // reads nothing any more
  };
  Process& Add(const std::string& system) {
    Process& process = processes_[system];
    Read(process, system);
    Connect(system);
    return process;
  }
  // A client's certificate on its connection to the gateway.
  std::map<std::string, std::string> connections;  // authority by system
  std::set<std::string> keeps_its_connection;
  int questions = 0;

  std::vector<std::string> Serving() override {
    std::vector<std::string> systems;
    for (const auto& [system, process] : processes_) systems.push_back(system);
    return systems;
  }
  absl::StatusOr<EndpointAnswer> Ask(absl::string_view system,
                                     const SystemIdentity& as) override {
    ++questions;
    const auto found = processes_.find(std::string(system));
    if (found == processes_.end()) return absl::NotFoundError("gone");
    const absl::Status verified =
        found->second.trust->Verify(as.chain, PeerRole::kClient, clock_.Now());
    return EndpointAnswer{found->second.chain[0].ToDer(), verified.ok(),
                          ReasonOf(verified)};
  }
  absl::StatusOr<GatewayInForce> Gateway() override {
    const auto found = processes_.find("mesh/gateway");
    if (found == processes_.end()) return absl::NotFoundError("no gateway");
    GatewayInForce gateway;
    gateway.certificate = found->second.chain[0].serial();
    gateway.list_number = lists_;
    for (const auto& [system, authority] : connections)
      gateway.peers[authority].push_back(system);
    return gateway;
  }
  void Pause() override {
    clock_.Advance(absl::Milliseconds(100));
    for (auto& [system, process] : processes_) {
      if (process.hangs ||
          clock_.Monotonic() - process.read < process.reads_every)
        continue;
      const std::string before = process.chain[0].serial();
      Read(process, system);
      // A gateway with a new certificate has its peers connect anew.
      if (system == "mesh/gateway" && process.chain[0].serial() != before) {
        for (const auto& [other, unused] : processes_) Connect(other);
      }
    }
    EverybodyAcceptsEverybody();
  }

 private:
  void Read(Process& process, const std::string& system) {
    TempFolderless files{run_};
    process.read = clock_.Monotonic();
    process.trust = *Trust::Create(files.Read("/pki/trust.pem"),
                                   files.Read("/pki/crl.pem"));
    process.chain = ReadIdentity(SystemFolder(run_, system))->chain;
    if (system == "mesh/gateway") {
      RevocationListNumbers numbers;
      ASSERT_TRUE(
          numbers
              .Take(files.Read("/pki/crl.pem"),
                    *Certificate::ChainFromPem(files.Read("/pki/trust.pem")))
              .ok());
      lists_ = numbers.highest();
    }
  }
  void Connect(const std::string& system) {
    if (system == "mesh/gateway" || keeps_its_connection.count(system) > 0)
      return;
    connections[system] = processes_[system].chain[1].serial();
  }
  void EverybodyAcceptsEverybody() {
    for (const auto& [one, process] : processes_) {
      if (one == "mesh/gateway") continue;
      const Process& gateway = processes_["mesh/gateway"];
      EXPECT_TRUE(
          process.trust->Verify(gateway.chain, PeerRole::kClient, clock_.Now())
              .ok())
          << one << " would refuse the gateway";
      EXPECT_TRUE(
          gateway.trust->Verify(process.chain, PeerRole::kServer, clock_.Now())
              .ok())
          << "the gateway would refuse " << one;
    }
  }
  struct TempFolderless {
    const std::string& run;
    std::string Read(const std::string& file) const {
      return *ReadFile(run + file);
    }
  };

  const std::string run_;
  ManualClock& clock_;
  std::map<std::string, Process> processes_;
  std::uint64_t lists_ = 0;
};

class RotationTest : public testing::Test {
 protected:
  RotationTest() {
    auto authority = *MeshAuthority::Init(run_.path(), clock_);
    for (const char* system :
         {"accounts/accounts", "akatsuki/tax", "mesh/gateway", "no/process"})
      EXPECT_TRUE(authority->Issue(system, kSystemLife, false).ok());
  }
  void Start() {
    for (const char* system :
         {"mesh/gateway", "accounts/accounts", "akatsuki/tax"})
      mesh_.Add(system);
  }
  absl::Status Rotate(bool keep_root = false) {
    said_.clear();
    return RotateAll(
        {run_.path(), keep_root, absl::Seconds(10)}, clock_, mesh_,
        [this](absl::string_view line) { said_.emplace_back(line); });
  }
  std::unique_ptr<MeshAuthority> Open() {
    return *MeshAuthority::Open(run_.path(), clock_);
  }
  std::vector<std::string> Authorities() {
    std::vector<std::string> names;
    const auto authority = Open();
    for (const auto* all : {&authority->authorities().roots(),
                            &authority->authorities().intermediates()})
      for (const NumberedAuthority& one : *all) names.push_back(one.name);
    return names;
  }
  bool AllAreOfTheNewest() {
    const auto authority = Open();
    for (const IdentityStatus& status : authority->StatusOfAll()) {
      if (status.state != IdentityState::kGood ||
          !authority->IsOfNewest(*status.leaf))
        return false;
    }
    return true;
  }

  // In memory: a rotation waits for the disk often.
  TempFolder run_{access("/dev/shm", W_OK) == 0
                      ? std::filesystem::path("/dev/shm")
                      : std::filesystem::temp_directory_path()};
  ManualClock clock_{absl::FromUnixSeconds(1790000000)};
  FakeMesh mesh_{run_.path(), clock_};
  std::vector<std::string> said_;
};

TEST_F(RotationTest, ThreeInARowRefuseNobodyAtAnyMoment) {
  Start();
  for (int n = 2; n <= 4; ++n) {
    ASSERT_TRUE(Rotate().ok());
    EXPECT_THAT(Authorities(), ElementsAre(absl::StrCat("root-", n),
                                           absl::StrCat("intermediate-", n)));
    EXPECT_TRUE(AllAreOfTheNewest());
    EXPECT_THAT(said_.back(), HasSubstr("no longer trusted"));
  }
}

TEST_F(RotationTest, TheRootCanStay) {
  Start();
  ASSERT_TRUE(Rotate(/*keep_root=*/true).ok());
  EXPECT_THAT(Authorities(), ElementsAre("root-1", "intermediate-2"));
  EXPECT_TRUE(AllAreOfTheNewest());
}

TEST_F(RotationTest, WhereNothingRunsItWaitsForNothing) {
  const absl::Duration begin = clock_.Monotonic();
  ASSERT_TRUE(Rotate().ok());
  EXPECT_EQ(clock_.Monotonic(), begin);
  EXPECT_THAT(Authorities(), ElementsAre("root-2", "intermediate-2"));
  EXPECT_TRUE(AllAreOfTheNewest());
}

TEST_F(RotationTest, WhoDoesNotFollowIsNamedAndNothingIsTakenFromHim) {
  Start();
  mesh_.Add("akatsuki/tax").hangs = true;
  const absl::Status status = Rotate();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("akatsuki/tax"));
  EXPECT_THAT(Authorities(), ElementsAre("root-1", "root-2", "intermediate-1",
                                         "intermediate-2"));
  // He reads again, and the same command ends what it began.
  mesh_.Add("akatsuki/tax").hangs = false;
  EXPECT_TRUE(Rotate().ok());
  EXPECT_THAT(said_.front(), HasSubstr("taking up"));
  EXPECT_THAT(Authorities(), ElementsAre("root-2", "intermediate-2"));
}

TEST_F(RotationTest, AnOldConnectionKeepsTheOldAuthority) {
  Start();
  mesh_.keeps_its_connection.insert("akatsuki/tax");
  const absl::Status status = Rotate();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("akatsuki/tax still holds a connection"));
  EXPECT_EQ(Authorities().size(), 4u);
  mesh_.keeps_its_connection.clear();
  EXPECT_TRUE(Rotate().ok()) << "the gateway tells him again";
  EXPECT_EQ(Authorities().size(), 2u);
}

TEST_F(RotationTest, EveryInterruptionIsTakenUp) {
  Start();
  // After each of the steps that psm-pki has.
  ASSERT_TRUE(Open()->RotateRoot().ok());
  ASSERT_TRUE(Rotate().ok());
  EXPECT_THAT(Authorities(), ElementsAre("root-2", "intermediate-2"));
  ASSERT_TRUE(Open()->RotateRoot().ok());
  ASSERT_TRUE(Open()->RotateIntermediate().ok());
  ASSERT_TRUE(Rotate().ok());
  EXPECT_THAT(Authorities(), ElementsAre("root-3", "intermediate-3"));
  ASSERT_TRUE(Open()->RotateRoot().ok());
  ASSERT_TRUE(Open()->RotateIntermediate().ok());
  for (int i = 0; i < 10; ++i) mesh_.Pause();
  ASSERT_TRUE(Open()->Renew("akatsuki/tax", true).ok());
  ASSERT_TRUE(Rotate().ok());
  EXPECT_THAT(Authorities(), ElementsAre("root-4", "intermediate-4"));
  EXPECT_TRUE(AllAreOfTheNewest());
}

TEST_F(RotationTest, ARevokedSystemGetsNoNewCertificate) {
  Start();
  ASSERT_TRUE(Open()->RevokeSystem("no/process").ok());
  ASSERT_TRUE(Rotate().ok());
  EXPECT_EQ(Open()->StatusOf("no/process").state, IdentityState::kRevoked);
  ASSERT_TRUE(Open()->RevokeSystem("mesh/gateway").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Rotate()));
  EXPECT_THAT(Authorities(), ElementsAre("root-2", "intermediate-2"))
      << "nothing is begun that cannot end";
}

}  // namespace
}  // namespace psm::pki
