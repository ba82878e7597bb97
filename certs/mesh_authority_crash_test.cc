// Kills a process before each of the system calls by which it changes files,
// and looks at what is left. Needs ptrace of own children.
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/mesh_authority.h"
#include "certs/system_identity.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm::pki {
namespace {

constexpr char kTax[] = "akatsuki/tax";
constexpr char kOther[] = "yunagi/tax";

bool ChangesFiles(const __ptrace_syscall_info& info) {
  switch (static_cast<long>(info.entry.nr)) {
    case SYS_openat:
      return (info.entry.args[2] & O_CREAT) != 0;
#ifdef SYS_open
    case SYS_open:
      return (info.entry.args[1] & O_CREAT) != 0;
#endif
#ifdef SYS_mkdir
    case SYS_mkdir:
#endif
#ifdef SYS_rename
    case SYS_rename:
#endif
#ifdef SYS_unlink
    case SYS_unlink:
#endif
    case SYS_mkdirat:
    case SYS_renameat2:
    case SYS_unlinkat:
    case SYS_fchmod:
    case SYS_write:
    case SYS_fsync:
      return true;
    default:
      return false;
  }
}

// Runs `work` in a child that is killed before its `kill_at`-th change of files
// (from 0). True when it was; false when the child had fewer and ended well.
bool KilledAt(int kill_at, const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(3);
    raise(SIGSTOP);
    _exit(work() ? 0 : 2);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSTOPPED(status)) << "the child cannot be traced";
  EXPECT_EQ(ptrace(PTRACE_SETOPTIONS, child, nullptr,
                   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL),
            0);
  for (int changes = 0;;) {
    EXPECT_EQ(ptrace(PTRACE_SYSCALL, child, nullptr, nullptr), 0);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (!WIFSTOPPED(status)) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
      return false;
    }
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    __ptrace_syscall_info info{};
    EXPECT_GT(ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info), 0);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !ChangesFiles(info)) continue;
    if (changes++ < kill_at) continue;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return true;
  }
}

struct Step {
  std::string name;
  std::function<bool(MeshAuthority&)> act;
  bool revokes = false;  // akatsuki/tax
};

class CrashTest : public testing::TestWithParam<Step> {
 protected:
  // A run with two systems and, half-way through a rotation, two of each
  // authority: so that every step has something to do.
  CrashTest() {
    auto mesh = *MeshAuthority::Init(before_.path(), clock_);
    EXPECT_TRUE(mesh->Issue(kOther, kSystemLife, false).ok());
    EXPECT_TRUE(mesh->RotateRoot().ok());
    EXPECT_TRUE(mesh->RotateIntermediate().ok());
    EXPECT_TRUE(mesh->Issue(kTax, kSystemLife, false).ok());
    EXPECT_TRUE(mesh->Issue(kOther, kSystemLife, true).ok());
  }

  std::string Reason(const std::string& run, absl::string_view system) {
    const auto trust = ReadFile(absl::StrCat(run, "/pki/trust.pem"));
    const auto lists = ReadFile(absl::StrCat(run, "/pki/crl.pem"));
    const auto read = Trust::Create(*trust, *lists);
    const auto identity = ReadIdentity(SystemFolder(run, system));
    if (!read.ok() || !identity.ok()) return "files do not open";
    const absl::Status status =
        (*read)->Verify(identity->chain, PeerRole::kServer, clock_.Now());
    return status.ok() ? "OK" : ReasonOf(status);
  }

  TempFolder before_;
  ManualClock clock_{absl::FromUnixSeconds(1790000000)};
};

TEST_P(CrashTest, LosesNothingWhereverItIsKilled) {
  const Step& step = GetParam();
  int kills = 0;
  for (bool killed = true; killed; kills += killed ? 1 : 0) {
    TempFolder after;
    const std::string run = after.File("run");
    std::filesystem::copy(before_.path(), run,
                          std::filesystem::copy_options::recursive);
    killed = KilledAt(kills, [&] {
      auto mesh = MeshAuthority::Open(run, clock_);
      return mesh.ok() && step.act(**mesh);
    });
    SCOPED_TRACE(absl::StrCat("killed before change ", kills));

    // Peers that read the files as the crash left them refuse nobody.
    const std::string tax = Reason(run, kTax);
    EXPECT_TRUE(tax == "OK" || (step.revokes && tax == "CERTIFICATE_REVOKED"))
        << tax;
    EXPECT_EQ(Reason(run, kOther), "OK");

    // The next command ends what was begun, or does it again.
    auto mesh = MeshAuthority::Open(run, clock_);
    ASSERT_TRUE(mesh.ok()) << mesh.status();
    for (const char* system : {kTax, kOther}) {
      const IdentityStatus status = (*mesh)->StatusOf(system);
      ASSERT_TRUE(status.leaf.has_value());
      // Whatever is in use can be revoked.
      EXPECT_NE((*mesh)->index().Find(status.leaf->serial()), nullptr);
    }
    // What the index says is revoked, the lists say by now.
    const IdentityStatus status = (*mesh)->StatusOf(kTax);
    EXPECT_EQ((*mesh)->index().IsRevoked(status.leaf->serial()),
              Reason(run, kTax) == "CERTIFICATE_REVOKED");
    EXPECT_TRUE(step.act(**mesh));
    EXPECT_EQ(Reason(run, kTax), step.revokes ? "CERTIFICATE_REVOKED" : "OK");
    ASSERT_TRUE((*mesh)->Issue(kTax, kSystemLife, false).ok());
    EXPECT_EQ(Reason(run, kTax), "OK");
    const std::string folder = SystemFolder(run, kTax);
    EXPECT_EQ(*ReadFile(folder + "/key.pem") + *ReadFile(folder + "/chain.pem"),
              *ReadFile(folder + "/identity.pem"));
  }
  EXPECT_GT(kills, 4) << "the step changes too little to be tested by this";
}

INSTANTIATE_TEST_SUITE_P(
    Steps, CrashTest,
    testing::Values(
        Step{"Issue",
             [](MeshAuthority& mesh) {
               return mesh.Issue(kTax, kSystemLife, true).ok();
             }},
        Step{"Revoke",
             [](MeshAuthority& mesh) { return mesh.RevokeSystem(kTax).ok(); },
             true},
        Step{"RotateRoot",
             [](MeshAuthority& mesh) { return mesh.RotateRoot().ok(); }},
        Step{
            "RotateIntermediate",
            [](MeshAuthority& mesh) { return mesh.RotateIntermediate().ok(); }},
        Step{"Retire",
             [](MeshAuthority& mesh) { return mesh.RetireOld().ok(); }}),
    [](const testing::TestParamInfo<Step>& step) { return step.param.name; });

TEST(InitCrashTest, CanBeRepeatedWhereverItWasKilled) {
  const ManualClock clock(absl::FromUnixSeconds(1790000000));
  int kills = 0;
  for (bool killed = true; killed; kills += killed ? 1 : 0) {
    TempFolder run;
    killed = KilledAt(
        kills, [&] { return MeshAuthority::Init(run.path(), clock).ok(); });
    SCOPED_TRACE(absl::StrCat("killed before change ", kills));
    auto mesh = MeshAuthority::Init(run.path(), clock);
    ASSERT_TRUE(mesh.ok()) << mesh.status();
    ASSERT_TRUE((*mesh)->Issue(kTax, kSystemLife, false).ok());
    EXPECT_EQ((*mesh)->StatusOf(kTax).state, IdentityState::kGood);
    EXPECT_EQ((*mesh)->authorities().roots().size(), 1u);
    EXPECT_EQ((*mesh)->authorities().intermediates().size(), 1u);
  }
  EXPECT_GT(kills, 20);
}

}  // namespace
}  // namespace psm::pki
