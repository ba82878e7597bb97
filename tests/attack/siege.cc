#include "tests/attack/siege.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"
#include "mesh/edge/test_grpc.h"
#include "tests/bench/process_cost.h"

namespace psm::attack {
namespace {

constexpr char kAttacker[] = "hoshizora-bank/customers";
constexpr char kAsker[] = "sakura/welfare";
constexpr char kProvider[] = "gbizid/gbizid";
constexpr char kNewcomer[] = "akatsuki/tax";

constexpr char kAskersAgreement[] = R"(
agencies { id: "sakura" name { ja: "さくら町" en: "Sakura" } kind: ADMINISTRATIVE }
systems { id: "sakura/welfare" }
agreements {
  id: "sakura-welfare-gbizid"
  version: 1
  consumer: "sakura/welfare"
  affair: "business-subsidy"
  statute { ja: "デジタル手続法 第11条" en: "Digital Procedures Act, art. 11" }
  grants { method: "psm.gbizid.v1.BusinessService/GetBusiness" attributes: "name" }
  valid_from: "2026-01-01"
}
)";

// Of one lane. A handshake costs the gateway far more than what an attacker
// then sends until it is cut off, and is the same for honest clients.
constexpr absl::Duration kBetweenConnections = absl::Milliseconds(20);
// Left to a starved gateway beside those it has.
constexpr rlim_t kSpareDescriptors = 24;

// Takes a process's descriptors away while it lives.
class Starvation {
 public:
  explicit Starvation(pid_t process) : process_(process) {
    std::error_code ignored;
    const auto open =
        std::distance(std::filesystem::directory_iterator(
                          absl::StrCat("/proc/", process, "/fd"), ignored),
                      std::filesystem::directory_iterator());
    prlimit(process_, RLIMIT_NOFILE, nullptr, &before_);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(open) + kSpareDescriptors;
    prlimit(process_, RLIMIT_NOFILE, &low, nullptr);
  }
  ~Starvation() { prlimit(process_, RLIMIT_NOFILE, &before_, nullptr); }
  Starvation(const Starvation&) = delete;
  Starvation& operator=(const Starvation&) = delete;

 private:
  const pid_t process_;
  rlimit before_ = {};
};

void LowerPriority() {
  // Of this thread alone: Linux keeps the value by thread.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
}

std::int64_t MemoryKib(pid_t process) {
  bench::ResetPeakMemory({process});
  return bench::PeakMemoryKib({process}).value_or(0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Siege>> Siege::Begin(
    const SiegeOptions& options) {
  std::unique_ptr<Siege> siege(new Siege(options));
  PSM_RETURN_IF_ERROR(siege->SetUp());
  return siege;
}

Siege::~Siege() = default;

absl::Status Siege::SetUp() {
  testing::MeshOptions options;
  options.without = {kProvider};
  options.agreements = kAskersAgreement;
  if (!options_.edge_limits.empty())
    absl::StrAppend(&options.agreements, "edge_limits {", options_.edge_limits,
                    "}\n");
  PSM_ASSIGN_OR_RETURN(mesh_, testing::Mesh::Start(std::move(options)));
  const RunFolder& folder = mesh_->folder();
  PSM_ASSIGN_OR_RETURN(gateway_,
                       ReadProcessName(folder.ProcessId(kGatewaySystem)));
  const std::string endpoint = mesh_->Endpoint(kGatewaySystem);
  if (!absl::SimpleAtoi(endpoint.substr(endpoint.rfind(':') + 1), &port_))
    return absl::InternalError(absl::StrCat("no port in ", endpoint));

  for (const auto& [system, context] :
       {std::pair(kAttacker, &attacker_), std::pair(kAsker, &asker_),
        std::pair(kProvider, &provider_)}) {
    *context = NewTlsContext(folder.Certificates(system) + "/identity.pem",
                             folder.Trust());
    if (*context == nullptr)
      return absl::NotFoundError(absl::StrCat("no certificate of ", system));
  }
  rogue_ = std::make_unique<RogueProvider>(provider_.get(), clock_);
  PSM_RETURN_IF_ERROR(WriteWholeFile(folder.Endpoint(kProvider),
                                     rogue_->address() + "\n", kPublic,
                                     Outlives::kProcess));
  victim_ = std::make_unique<Victim>(*mesh_, options_.callers);
  return absl::OkStatus();
}

Figures Siege::Play(const Attack& attack) {
  Figures figures;
  Tally tally;
  rogue_->Answer(attack.answer);
  const absl::Duration began = clock_.Monotonic();
  const absl::Duration used = GatewayTime();
  victim_->BeginWindow();
  poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(options_.alone)));
  figures.alone = victim_->EndWindow();

  const absl::Duration attacked = clock_.Monotonic();
  const absl::Duration used_alone = GatewayTime();
  figures.cpu_alone = absl::FDivDuration(used_alone - used, attacked - began);

  figures.before_kib = MemoryKib(gateway_.pid);
  victim_->BeginWindow();
  {
    std::optional<Starvation> starvation;
    if (attack.starved) starvation.emplace(gateway_.pid);
    PlayLanes(attack, clock_.Monotonic() + options_.attacked, tally);
  }
  figures.attacked = victim_->EndWindow();
  figures.cpu_attacked = absl::FDivDuration(GatewayTime() - used_alone,
                                            clock_.Monotonic() - attacked);
  figures.peak_kib = bench::PeakMemoryKib({gateway_.pid}).value_or(0);

  figures.serves_anew = ServesAnew();
  figures.after_kib = MemoryKib(gateway_.pid);
  figures.alive = IsRunning(gateway_);
  figures.outcomes = tally.counts();
  return figures;
}

absl::Duration Siege::GatewayTime() const {
  return bench::CpuTime({gateway_.pid}).value_or(absl::ZeroDuration());
}

void Siege::PlayLanes(const Attack& attack, absl::Duration until,
                      Tally& tally) {
  SSL_CTX* const identity =
      attack.answer == nullptr ? attacker_.get() : asker_.get();
  std::vector<std::thread> lanes;
  for (int i = 0; i < attack.lanes; ++i) {
    lanes.emplace_back([&] {
      LowerPriority();
      Lane lane(port_, identity, clock_, until, tally);
      while (!lane.TimeIsUp()) {
        attack.play(lane);
        lane.Rest(kBetweenConnections);
      }
    });
  }
  for (std::thread& lane : lanes) lane.join();
}

bool Siege::ServesAnew() {
  const edge::TestIdentity identity = [&] {
    const std::string folder = mesh_->folder().Certificates(kNewcomer);
    edge::TestIdentity read;
    read.key = ReadFile(folder + "/key.pem").value_or("");
    read.chain = ReadFile(folder + "/chain.pem").value_or("");
    return read;
  }();
  const std::string root = ReadFile(mesh_->folder().Trust()).value_or("");
  const absl::Duration limit = clock_.Monotonic() + absl::Seconds(10);
  while (clock_.Monotonic() < limit) {
    if (edge::TestCall(
            edge::TestChannel(mesh_->Endpoint(kGatewaySystem), root, &identity),
            "/grpc.health.v1.Health/Check", "", {},
            std::chrono::milliseconds(1000))
            .status.ok())
      return true;
  }
  return false;
}

}  // namespace psm::attack
