// A whole mesh for one test: real processes, real certificates, a run folder of
// its own, any number side by side. See README.md.
#ifndef PSM_TESTS_SUPPORT_MESH_H_
#define PSM_TESTS_SUPPORT_MESH_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/cli/launcher.h"
#include "mesh/cli/run_folder.h"
#include "mesh/cli/system_caller.h"
#include "mesh/directory/directory.h"
#include "psm/records/v1/record.pb.h"
#include "psm/seed/v1/seed.pb.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/log_watch.h"
#include "tests/support/record_filter.h"

namespace psm::testing {

struct MeshOptions {
  int residents = 40;
  int businesses = 4;
  // Further configuration folders, absolute: systems, agreements, contracts.
  std::vector<std::string> configuration = {};
  // What EditAgreements would write, in force from the start.
  std::string agreements = "";
  std::vector<std::string> without = {};  // systems that are not started
  // With the process that renews certificates by itself. Else they stay as they
  // are, however far the clock is advanced.
  bool renewals = false;
  // Where all programs are, in place of the built ones: to start one of them
  // otherwise.
  std::string programs = "";
};

class Mesh;

// A persona of the mesh. Lives no longer than its mesh.
class KnownPerson {
 public:
  // What `agency` calls the person, or for a business its corporate number. An
  // unknown agency fails the test and gives "".
  std::string CodeAt(absl::string_view agency) const;
  const seed::v1::Persona& persona() const { return persona_; }

 private:
  friend class Mesh;
  KnownPerson(const Mesh& mesh, seed::v1::Persona persona)
      : mesh_(mesh), persona_(std::move(persona)) {}
  const Mesh& mesh_;
  const seed::v1::Persona persona_;
};

// Every provider is reached through a FaultProxy, which passes everything on
// until it is told otherwise. Processes die with the thread that started them:
// start and restart from the test's own thread. Client, Person, Records
// and AwaitRecords are thread-safe; the rest belongs to that thread.
class Mesh {
 public:
  // Returns when the gateway and all systems serve. The error names the log of
  // what did not come up.
  static absl::StatusOr<std::unique_ptr<Mesh>> Start(MeshOptions options = {});

  // Stops everything. Removes the run folder, or where the running test has
  // failed, keeps it and prints its path.
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  // By short name: "hanako" (psm people lists them). An unknown one fails the
  // test.
  KnownPerson Person(absl::string_view id) const;

  // Calls as this system; it need not run, only have a certificate. Lives as
  // long as the mesh.
  SystemCaller& Client(const std::string& system) PSM_EXCLUDES(mu_);

  // The wall clock of all processes and of Client.
  const Clock& clock() const { return *clock_; }
  void AdvanceClock(absl::Duration by);

  // One system, or mesh/gateway. Stopping lets calls in flight end; all return
  // when it is done. KillSystem sends a signal, and where that is SIGKILL
  // returns when the process has ended.
  absl::Status StopSystem(const std::string& system);
  absl::Status StartSystem(const std::string& system);
  absl::Status RestartSystem(const std::string& system);
  absl::Status KillSystem(const std::string& system, int signal);

  // What the gateway sees of a provider: answers that come later by `by`;
  // connections reset and refused; connections on which nothing is answered;
  // all well again. A system that nothing provides fails the test.
  void Slow(const std::string& system, absl::Duration by);
  void Break(const std::string& system);
  void Silence(const std::string& system);
  void Mend(const std::string& system);

  // Puts psm.config.v1.Mesh text into a file of its own, in place of what an
  // earlier call put there, and returns when it is in force; or with the
  // gateway's refusal, which names the line: what was in force stays so.
  absl::Status EditAgreements(const std::string& text);

  // Oldest first. DATA_LOSS where the log is damaged.
  absl::StatusOr<std::vector<records::v1::Record>> Records(
      const RecordFilter& filter) const;
  // Waits until at least `count` match. DEADLINE_EXCEEDED, saying what there
  // is, after `patience`.
  absl::StatusOr<std::vector<records::v1::Record>> AwaitRecords(
      const RecordFilter& filter, std::size_t count = 1,
      absl::Duration patience = absl::Seconds(5)) const;

  // The next record does not fit; and fits again.
  void FillRecordsDisk();
  void FreeRecordsDisk();

  const RunFolder& folder() const { return launcher_->folder(); }
  // "127.0.0.1:PORT" of the process itself, past the FaultProxy; "" where it
  // does not run.
  std::string Endpoint(const std::string& system) const;
  LogWatch WatchLog(const std::string& system) const {
    return LogWatch(folder().Log(system));
  }

 private:
  friend class KnownPerson;
  explicit Mesh(std::string run) : run_(std::move(run)) {}
  absl::Status BringUp(const MeshOptions& options);
  absl::Status Interpose(const std::string& system);
  FaultProxy* ProxyOf(const std::string& system);
  std::string AgreementsFile() const;
  absl::Status ReadDirectory() PSM_EXCLUDES(mu_);
  absl::StatusOr<std::string> CodeAt(absl::string_view agency,
                                     const seed::v1::Persona& persona) const
      PSM_EXCLUDES(mu_);

  const std::string run_;
  std::vector<std::string> configuration_;
  std::unique_ptr<SharedOffsetClock> clock_;
  absl::Duration offset_;
  std::unique_ptr<Launcher> launcher_;
  std::map<std::string, std::unique_ptr<FaultProxy>> proxies_;
  std::map<std::string, std::string> endpoints_;  // before interposing
  mutable Mutex mu_;
  // As the gateway has it in force.
  std::shared_ptr<const Directory> directory_ PSM_GUARDED_BY(mu_);
  std::map<std::string, std::unique_ptr<SystemCaller>> callers_
      PSM_GUARDED_BY(mu_);
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SUPPORT_MESH_H_
