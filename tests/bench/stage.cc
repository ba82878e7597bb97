#include "tests/bench/stage.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"
#include "mesh/records/log_key.h"
#include "mesh/subjects/subject_code.h"
#include "psm/bench/v1/bench.pb.h"
#include "tests/bench/proxy.h"

namespace psm::bench {
namespace {

namespace fs = std::filesystem;

constexpr char kRegister[] = "minami/register";
constexpr char kAffair[] = "bench";
constexpr int kPersons = 1000;
// So that a request has about 250 bytes, frames and headers left out.
constexpr std::size_t kForwardBytes = 245;
constexpr std::size_t kNoteBytes = 215;
constexpr absl::Duration kPatience = absl::Seconds(20);

std::string CallerName(int index) { return absl::StrCat("kita/desk-", index); }

// psm.config.v1.Mesh.
std::string MeshText() {
  std::string text = R"text(
agencies { id: "kita" name { ja: "北市(架空)" en: "North City (fictitious)" } kind: ADMINISTRATIVE }
agencies { id: "minami" name { ja: "南市(架空)" en: "South City (fictitious)" } kind: ADMINISTRATIVE }
systems {
  id: "minami/register"
  name { ja: "台帳" en: "Register" }
  services: "psm.bench.v1.BenchService"
}
affairs {
  id: "bench"
  title { ja: "測定" en: "Measurement" }
  statute { ja: "なし(試作)" en: "None (prototype)" }
}
)text";
  for (int i = 0; i < kCallers; ++i) {
    absl::StrAppend(&text, "systems { id: \"", CallerName(i),
                    "\" name { ja: \"窓口\" en: \"Desk\" } }\n",
                    "agreements {\n  id: \"desk-", i,
                    "\"\n  version: 1\n  consumer: \"", CallerName(i), R"text("
  affair: "bench"
  statute { ja: "なし(試作)" en: "None (prototype)" }
  grants { method: "psm.bench.v1.BenchService/Forward" }
  grants { method: "psm.bench.v1.BenchService/Ask" attributes: "agreed" }
  valid_from: "2026-01-01"
}
)text");
  }
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Stage>> Stage::SetUp(const StageOptions& options,
                                                    const Clock& clock) {
  std::unique_ptr<Stage> stage(new Stage(options, clock));
  PSM_RETURN_IF_ERROR(stage->MakeFolder());
  PSM_RETURN_IF_ERROR(stage->MakeMessages());
  PSM_RETURN_IF_ERROR(stage->StartProviders());
  PSM_RETURN_IF_ERROR(stage->StartGateway());
  PSM_RETURN_IF_ERROR(stage->StartProxies());
  return stage;
}

Stage::~Stage() {
  for (const auto& [name, process] : processes_)
    StopProcess(process, absl::Seconds(5)).IgnoreError();
}

absl::Status Stage::MakeFolder() {
  std::error_code ignored;
  fs::remove_all(options_.folder, ignored);
  for (const char* below :
       {"/keys", "/records", "/logs", "/config", "/endpoints/minami"}) {
    PSM_RETURN_IF_ERROR(psm::MakeFolder(options_.folder + below));
  }
  PSM_RETURN_IF_ERROR(WriteWholeFile(options_.folder + "/config/mesh.textproto",
                                     MeshText(), kPublic, Outlives::kProcess));
  SpawnOptions pki;
  pki.log = options_.folder + "/logs/pki.log";
  pki.command = {options_.programs + "/psm-pki", "init", "--run",
                 options_.folder};
  PSM_RETURN_IF_ERROR(RunProgram(pki));
  pki.command = {options_.programs + "/psm-pki",
                 "issue",
                 "--run",
                 options_.folder,
                 "--life",
                 "24h",
                 std::string(kGatewaySystem),
                 kRegister};
  for (int i = 0; i < kCallers; ++i) pki.command.push_back(CallerName(i));
  PSM_RETURN_IF_ERROR(RunProgram(pki));
  for (int i = 0; i < kCallers; ++i) {
    PSM_ASSIGN_OR_RETURN(std::shared_ptr<const edge::TlsConfig> tls,
                         Tls(CallerName(i)));
    callers_.push_back(std::move(tls));
  }
  PSM_RETURN_IF_ERROR(
      CreateLogKey(options_.folder + "/keys/log.pem", LogOrigin(kMainLog)));
  return CreateMasterKey(options_.folder + "/keys/master.key");
}

absl::StatusOr<std::shared_ptr<const edge::TlsConfig>> Stage::Tls(
    const std::string& system) const {
  return edge::TlsConfig::Load(edge::TlsFilesOf(options_.folder, system),
                               clock_.Now());
}

absl::Status Stage::MakeMessages() {
  v1::ForwardRequest forward;
  forward.set_body(std::string(kForwardBytes, 'b'));
  forward_messages_.push_back(forward.SerializeAsString());

  PSM_ASSIGN_OR_RETURN(SecretBytes key,
                       ReadMasterKey(options_.folder + "/keys/master.key"));
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SubjectScopes> scopes,
                       SubjectScopes::Create(key));
  SubjectScope& kita = scopes->For(SubjectScopeKind::kAgency, "kita");
  v1::AskRequest ask;
  ask.set_note(std::string(kNoteBytes, 'n'));
  for (int i = 0; i < kPersons; ++i) {
    std::string number(PersonNumber::kSize, '\0');
    number[0] = static_cast<char>(i & 0xff);
    number[1] = static_cast<char>(i >> 8);
    PSM_ASSIGN_OR_RETURN(PersonNumber person, PersonNumber::FromBytes(number));
    ask.set_subject(kita.Encode(person));
    ask_messages_.push_back(ask.SerializeAsString());
  }
  return absl::OkStatus();
}

LoadOptions Stage::Calls(absl::string_view scenario) const {
  LoadOptions calls;
  const bool exchange = scenario == "exchange";
  calls.path = exchange ? kAskPath : kForwardPath;
  calls.messages = exchange ? ask_messages_ : forward_messages_;
  // Named in both, so that the proxies carry the same bytes.
  calls.metadata.emplace_back("psm-affair", kAffair);
  return calls;
}

absl::Status Stage::StartProviders() {
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const edge::TlsConfig> as_register,
                       Tls(kRegister));
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const edge::TlsConfig> as_gateway,
                       Tls(std::string(kGatewaySystem)));
  PSM_ASSIGN_OR_RETURN(register_,
                       Backend::Start(std::move(as_register), clock_));
  PSM_ASSIGN_OR_RETURN(localhost_,
                       Backend::Start(std::move(as_gateway), clock_));
  targets_["none"] = {localhost_->endpoint(), 0};
  return WriteWholeFile(absl::StrCat(options_.folder, "/endpoints/", kRegister),
                        register_->endpoint() + "\n", kPrivate,
                        Outlives::kProcess);
}

absl::Status Stage::StartGateway() {
  const std::string endpoint_file =
      absl::StrCat(options_.folder, "/endpoints/", kGatewaySystem);
  SpawnOptions spawn;
  spawn.log = options_.folder + "/logs/mesh.gateway.log";
  spawn.dies_with_parent = true;
  spawn.command = {options_.programs + "/psm-gateway",
                   "--run",
                   options_.folder,
                   "--config",
                   options_.folder + "/config",
                   "--config",
                   options_.contracts,
                   "--listen",
                   "127.0.0.1:0"};
  PSM_ASSIGN_OR_RETURN(const ProcessName process, Spawn(spawn));
  processes_["psm"] = process;
  PSM_RETURN_IF_ERROR(
      psm::MakeFolder(FolderOf(endpoint_file), Outlives::kProcess));
  absl::StatusOr<std::string> endpoint =
      AwaitFile(endpoint_file, process, kPatience);
  if (!endpoint.ok()) {
    return absl::UnavailableError(
        absl::StrCat("the gateway did not come up; its log ends with:\n",
                     LastLines(spawn.log, 5)));
  }
  targets_["psm"] = {*std::move(endpoint), process.pid};
  return absl::OkStatus();
}

absl::Status Stage::RestartGateway() {
  PSM_RETURN_IF_ERROR(StopProcess(processes_.at("psm"), kPatience));
  // It would read what the race has recorded, and keep an index of it. What was
  // published goes with it: a log without its records is one that was cut.
  std::error_code ignored;
  fs::remove_all(options_.folder + "/records", ignored);
  fs::remove_all(options_.folder + "/log", ignored);
  PSM_RETURN_IF_ERROR(psm::MakeFolder(options_.folder + "/records"));
  return StartGateway();
}

absl::Status Stage::StartProxies() {
  for (const std::string& proxy : options_.proxies) {
    ProxyPlace place;
    place.folder = absl::StrCat(options_.folder, "/", proxy);
    PSM_RETURN_IF_ERROR(psm::MakeFolder(place.folder, Outlives::kProcess));
    place.identity = absl::StrCat(options_.folder, "/pki/systems/",
                                  kGatewaySystem, "/identity.pem");
    place.trust = options_.folder + "/pki/trust.pem";
    place.backend = localhost_->endpoint();
    PSM_ASSIGN_OR_RETURN(place.port, FreePort());
    PSM_ASSIGN_OR_RETURN(const ProcessName process, StartProxy(proxy, place));
    processes_[proxy] = process;
    targets_[proxy] = {absl::StrCat("127.0.0.1:", place.port), process.pid};
  }
  return absl::OkStatus();
}

}  // namespace psm::bench
