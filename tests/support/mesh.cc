// Order matters in two places. Providers start before the gateway, so that
// their FaultProxies are in place before it dials the first of them. And they
// stop before it, so that nobody's call ends half-way.
#include "tests/support/mesh.h"

#include <poll.h>
#include <stdlib.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/run_folder.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/persona_file.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/directory.h"
#include "mesh/directory/renewal_process.h"
#include "mesh/records/record_reader.h"
#include "tests/support/mesh_template.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;
using records::v1::Record;

// A process that does not end by itself within this time is killed.
constexpr absl::Duration kStopPatience = absl::Seconds(2);
constexpr absl::Duration kEditPatience = absl::Seconds(10);

void Silent(absl::string_view) {}

bool TestHasFailed() {
  if (std::uncaught_exceptions() > 0) return true;  // about to fail
  const ::testing::UnitTest& run = *::testing::UnitTest::GetInstance();
  if (const auto* test = run.current_test_info(); test != nullptr)
    return test->result()->Failed();
  // Between tests: a mesh that a whole suite shares.
  const auto* suite = run.current_test_suite();
  return suite == nullptr
             ? run.Failed()
             : suite->Failed() || suite->ad_hoc_test_result().Failed();
}

std::string FirstLine(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

std::string KnownPerson::CodeAt(absl::string_view agency) const {
  absl::StatusOr<std::string> code = mesh_.CodeAt(agency, persona_);
  if (code.ok()) return *code;
  ADD_FAILURE() << code.status();
  return "";
}

absl::StatusOr<std::unique_ptr<Mesh>> Mesh::Start(MeshOptions options) {
  std::string run = (fs::temp_directory_path() / "psm-mesh-XXXXXX").string();
  if (mkdtemp(run.data()) == nullptr)
    return absl::UnavailableError(absl::StrCat("cannot make ", run));
  std::unique_ptr<Mesh> mesh(new Mesh(run));
  PSM_RETURN_IF_ERROR(mesh->BringUp(options));
  return mesh;
}

absl::Status Mesh::BringUp(const MeshOptions& options) {
  LaunchOptions launch;
  launch.run = run_;
  launch.programs = PSM_BUILT_PROGRAMS;
  launch.configuration = {PSM_BUILT_CONFIGURATION, PSM_BUILT_CONTRACTS};
  launch.port = 0;
  launch.residents = options.residents;
  launch.businesses = options.businesses;
  PSM_RETURN_IF_ERROR(CopyMeshTemplate(PSM_BUILT_TEMPLATES, launch));
  if (!options.programs.empty()) launch.programs = options.programs;

  launch.configuration.insert(launch.configuration.end(),
                              options.configuration.begin(),
                              options.configuration.end());
  launch.configuration.push_back(run_ + "/configuration");
  configuration_ = launch.configuration;
  PSM_RETURN_IF_ERROR(
      agency::ReplaceFile(AgreementsFile(), options.agreements));
  PSM_ASSIGN_OR_RETURN(clock_, SharedOffsetClock::Open(run_ + "/clock"));
  launch.environment = {{"PSM_CLOCK_FILE", run_ + "/clock"}};
  launch.dies_with_parent = true;
  launch.without = options.without;
  launch.without.push_back(kGatewaySystem);
  if (!options.renewals) launch.without.push_back(kRenewalProcess);
  PSM_ASSIGN_OR_RETURN(launcher_, Launcher::Create(std::move(launch)));
  PSM_RETURN_IF_ERROR(ReadDirectory());
  PSM_RETURN_IF_ERROR(launcher_->Prepare(Silent));
  PSM_RETURN_IF_ERROR(launcher_->Start(Silent));
  for (const SystemState& state : launcher_->States()) {
    if (state.running) PSM_RETURN_IF_ERROR(Interpose(state.id));
  }
  return launcher_->StartOne(kGatewaySystem);
}

Mesh::~Mesh() {
  if (launcher_ != nullptr) {
    std::vector<SystemState> states = launcher_->States();
    // The gateway comes first and goes last.
    std::reverse(states.begin(), states.end());
    for (const SystemState& state : states) {
      if (!state.running) continue;
      SignalProcess(state.process, SIGCONT).IgnoreError();
      if (state.id != kGatewaySystem)
        SignalProcess(state.process, SIGTERM).IgnoreError();
    }
    for (const SystemState& state : states)
      launcher_->StopOne(state.id, kStopPatience).IgnoreError();
  }
  if (TestHasFailed()) {
    std::fprintf(stderr, "the mesh's run folder is kept: %s\n", run_.c_str());
    return;
  }
  std::error_code ignored;
  fs::remove_all(run_, ignored);
}

KnownPerson Mesh::Person(absl::string_view id) const {
  absl::StatusOr<seed::v1::Persona> persona = FindPersona(folder(), id);
  if (!persona.ok()) {
    ADD_FAILURE() << persona.status();
    return KnownPerson(*this, seed::v1::Persona());
  }
  return KnownPerson(*this, *std::move(persona));
}

absl::Status Mesh::ReadDirectory() {
  PSM_ASSIGN_OR_RETURN(Configuration configuration,
                       LoadConfiguration(configuration_));
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const Directory> directory,
                       Directory::Create(configuration));
  MutexLock lock(mu_);
  directory_ = std::move(directory);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Mesh::CodeAt(
    absl::string_view agency, const seed::v1::Persona& persona) const {
  std::shared_ptr<const Directory> directory;
  {
    MutexLock lock(mu_);
    directory = directory_;
  }
  const Agency* found = directory->FindAgency(agency);
  if (found == nullptr)
    return absl::NotFoundError(absl::StrCat("no agency ", agency));
  return psm::CodeAt(folder(), *found, persona);
}

SystemCaller& Mesh::Client(const std::string& system) {
  MutexLock lock(mu_);
  std::unique_ptr<SystemCaller>& caller = callers_[system];
  if (caller == nullptr)
    caller = std::make_unique<SystemCaller>(run_, system, *clock_);
  return *caller;
}

void Mesh::AdvanceClock(absl::Duration by) {
  offset_ += by;
  clock_->SetOffset(offset_);
}

// Puts the proxy's address where the gateway looks for the system's.
absl::Status Mesh::Interpose(const std::string& system) {
  if (system == kGatewaySystem || system == kRenewalProcess)
    return absl::OkStatus();
  const std::string file = folder().Endpoint(system);
  endpoints_[system] = FirstLine(file);
  std::unique_ptr<FaultProxy>& proxy = proxies_[system];
  if (proxy == nullptr) {
    PSM_ASSIGN_OR_RETURN(proxy, FaultProxy::Start(endpoints_[system]));
  } else {
    proxy->SetTarget(endpoints_[system]);
  }
  return agency::ReplaceFile(file, proxy->endpoint() + "\n");
}

absl::Status Mesh::StopSystem(const std::string& system) {
  endpoints_.erase(system);
  return launcher_->StopOne(system);
}

absl::Status Mesh::StartSystem(const std::string& system) {
  PSM_RETURN_IF_ERROR(launcher_->StartOne(system));
  return Interpose(system);
}

absl::Status Mesh::RestartSystem(const std::string& system) {
  PSM_RETURN_IF_ERROR(StopSystem(system));
  return StartSystem(system);
}

absl::Status Mesh::KillSystem(const std::string& system, int signal) {
  PSM_ASSIGN_OR_RETURN(ProcessName process,
                       ReadProcessName(folder().ProcessId(system)));
  PSM_RETURN_IF_ERROR(SignalProcess(process, signal));
  // Waits for it and takes its exit status, as it is our child.
  return signal == SIGKILL ? StopProcess(process, absl::InfiniteDuration())
                           : absl::OkStatus();
}

FaultProxy* Mesh::ProxyOf(const std::string& system) {
  auto found = proxies_.find(system);
  if (found != proxies_.end()) return found->second.get();
  ADD_FAILURE() << "nothing stands between the gateway and " << system;
  return nullptr;
}

void Mesh::Slow(const std::string& system, absl::Duration by) {
  if (FaultProxy* proxy = ProxyOf(system)) proxy->Delay(by);
}
void Mesh::Break(const std::string& system) {
  if (FaultProxy* proxy = ProxyOf(system)) proxy->Cut();
}
void Mesh::Silence(const std::string& system) {
  if (FaultProxy* proxy = ProxyOf(system)) proxy->Swallow();
}
void Mesh::Mend(const std::string& system) {
  if (FaultProxy* proxy = ProxyOf(system)) proxy->Pass();
}

std::string Mesh::AgreementsFile() const {
  return run_ + "/configuration/agreements.textproto";
}

absl::Status Mesh::EditAgreements(const std::string& text) {
  LogWatch log = WatchLog(kGatewaySystem);
  PSM_RETURN_IF_ERROR(agency::ReplaceFile(AgreementsFile(), text));
  PSM_ASSIGN_OR_RETURN(LogLine line, log.Await({"configuration_in_force",
                                                "configuration_refused"},
                                               kEditPatience));
  if (line["event"] != "configuration_in_force")
    return absl::InvalidArgumentError(line["error"]);
  return ReadDirectory();
}

absl::StatusOr<std::vector<Record>> Mesh::Records(
    const RecordFilter& filter) const {
  std::string subject;
  if (!filter.person.empty()) {
    PSM_ASSIGN_OR_RETURN(seed::v1::Persona persona,
                         FindPersona(folder(), filter.person));
    PSM_ASSIGN_OR_RETURN(subject, RecordsCodeOf(folder(), persona));
  }
  std::vector<Record> found;
  absl::Status read = RecordReader(folder().Records())
                          .Read(0,
                                [&](std::uint64_t, const Record& record) {
                                  if (Matches(filter, subject, record))
                                    found.push_back(record);
                                  return true;
                                })
                          .status();
  if (!read.ok()) return read;
  return found;
}

absl::StatusOr<std::vector<Record>> Mesh::AwaitRecords(
    const RecordFilter& filter, std::size_t count,
    absl::Duration patience) const {
  const absl::Duration deadline = clock_->Monotonic() + patience;
  for (;;) {
    PSM_ASSIGN_OR_RETURN(std::vector<Record> found, Records(filter));
    if (found.size() >= count) return found;
    if (clock_->Monotonic() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat(found.size(), " records of ", count));
    }
    poll(nullptr, 0, /*timeout=*/5);  // between two looks at the log
  }
}

void Mesh::FillRecordsDisk() {
  // Bytes that the store may use; it reads the file before each commit.
  absl::Status written =
      agency::ReplaceFile(folder().Records() + "/quota", "0\n");
  if (!written.ok()) ADD_FAILURE() << written;
}

void Mesh::FreeRecordsDisk() { fs::remove(folder().Records() + "/quota"); }

std::string Mesh::Endpoint(const std::string& system) const {
  if (system == kGatewaySystem) return FirstLine(folder().Endpoint(system));
  auto found = endpoints_.find(system);
  return found == endpoints_.end() ? "" : found->second;
}

}  // namespace psm::testing
