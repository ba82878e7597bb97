#include "tests/crash/mortal_gateway.h"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "mesh/base/clock.h"
#include "mesh/cli/process.h"
#include "mesh/directory/directory.h"
#include "mesh/records/log_key.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/missing.h"

namespace psm::testing {
namespace {

// For what does happen, on a machine that is busy, too.
constexpr absl::Duration kPatience = absl::Seconds(30);

// Nobody calls them.
const std::vector<std::string>& Idle() {
  static const auto* const idle = new std::vector<std::string>{
      "accounts/accounts", "akatsuki/benefits", "akatsuki/residents",
      "akatsuki/tax",      "gbizid/gbizid",     "hoshizora-bank/customers",
      "identity/identity", "yunagi/residents"};
  return *idle;
}

}  // namespace

int FromEnvironment(const char* name, int usual) {
  int number = 0;
  const char* text = std::getenv(name);
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : usual;
}

void MortalGateway::SetUp() {
  programs_ = std::make_unique<TracedPrograms>(PSM_BUILT_PROGRAMS,
                                               folder_.File("programs"));
  MeshOptions options;
  options.programs = programs_->folder();
  options.without = Idle();
  absl::StatusOr<std::unique_ptr<Mesh>> mesh = Mesh::Start(std::move(options));
  ASSERT_TRUE(mesh.ok()) << mesh.status();
  mesh_ = *std::move(mesh);
  absl::StatusOr<LogKeys> keys = ReadLogKeys(mesh_->folder().LogVerifierKey());
  ASSERT_TRUE(keys.ok()) << keys.status();
  first_key_ = *std::move(keys);
}

LogKeys MortalGateway::log_keys() {
  absl::StatusOr<LogKeys> keys =
      FollowPublishedKeys(mesh().folder().PublishedLog(), *first_key_);
  EXPECT_TRUE(keys.ok()) << keys.status();
  return keys.ok() ? *std::move(keys) : *first_key_;
}

void MortalGateway::StartClients(int count, int pause) {
  clients_ = std::make_unique<AskingClients>(*mesh_, count, pause);
}

void MortalGateway::FinishClients() {
  clients_->Finish();
  EXPECT_TRUE(clients_->surprises().empty()) << *clients_->surprises().begin();
}

void MortalGateway::ExpectStarted(LogWatch& said) {
  ++lives_;
  const absl::StatusOr<LogLine> opened =
      said.Await({"records_opened"}, absl::ZeroDuration());
  ASSERT_TRUE(opened.ok()) << opened.status();
  std::uint64_t torn = 0;
  EXPECT_TRUE(absl::SimpleAtoi(opened->at("torn_bytes"), &torn));
  torn_bytes_ += torn;
}

void MortalGateway::StartGateway() {
  LogWatch said = mesh().WatchLog(kGatewaySystem);
  const absl::Status started = mesh().StartSystem(kGatewaySystem);
  ASSERT_TRUE(started.ok()) << started;
  ExpectStarted(said);
}

bool MortalGateway::TryStartGateway() {
  LogWatch said = mesh().WatchLog(kGatewaySystem);
  if (mesh().StartSystem(kGatewaySystem).ok()) {
    ExpectStarted(said);
    return true;
  }
  if (AwaitEnd(kPatience) != SIGKILL) {
    const absl::StatusOr<LogLine> why =
        said.Await({"not_started"}, absl::ZeroDuration());
    EXPECT_TRUE(why.ok() && !why->at("error").empty()) << why.status();
  }
  return false;
}

void MortalGateway::KillGateway() {
  const absl::Status killed = mesh().KillSystem(kGatewaySystem, SIGKILL);
  EXPECT_TRUE(killed.ok()) << killed;
}

std::optional<int> MortalGateway::AwaitEnd(absl::Duration patience) {
  const absl::StatusOr<ProcessName> gateway =
      ReadProcessName(mesh().folder().ProcessId(kGatewaySystem));
  if (!gateway.ok()) {
    ADD_FAILURE() << gateway.status();
    return std::nullopt;
  }
  const absl::Duration deadline = mesh().clock().Monotonic() + patience;
  for (;;) {
    int result = 0;
    const pid_t ended = waitpid(gateway->pid, &result, WNOHANG);
    if (ended == gateway->pid)
      return WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    EXPECT_EQ(ended, 0) << "the gateway is a child of this process";
    if (ended != 0 || mesh().clock().Monotonic() >= deadline)
      return std::nullopt;
    poll(nullptr, 0, /*timeout=*/1);  // between two looks
  }
}

std::optional<KeptCheckpoint> MortalGateway::KeptByAuditor() {
  absl::StatusOr<std::optional<KeptCheckpoint>> before =
      ReadKeptCheckpoint(kept(), log_keys());
  EXPECT_TRUE(before.ok()) << before.status();
  return before.ok() ? *std::move(before) : std::nullopt;
}

bool MortalGateway::ExpectLogHolds() {
  AuditOptions audit;
  audit.log = mesh().folder().PublishedLog();
  audit.records = mesh().folder().Records();
  audit.kept = KeptByAuditor();
  absl::StatusOr<AuditReport> report =
      AuditLog(audit, *first_key_, SystemClock());
  EXPECT_TRUE(report.ok()) << report.status();
  if (!report.ok()) return false;
  EXPECT_FALSE(report->finding.has_value())
      << report->finding->file << ": " << report->finding->what;
  if (report->finding.has_value()) return false;
  EXPECT_TRUE(report->records_read);
  const absl::Status kept_now = KeepCheckpoint(kept(), *report);
  EXPECT_TRUE(kept_now.ok()) << kept_now;
  last_audit_ = *std::move(report);
  return true;
}

void MortalGateway::ExpectNothingLost() {
  clients_->Hold();
  std::vector<HeldReceipt> held = clients_->Take();
  ExpectProved(mesh(), held, log_keys());
  ExpectRecordedOnce(mesh(), held);
  receipts_.insert(receipts_.end(), std::make_move_iterator(held.begin()),
                   std::make_move_iterator(held.end()));
  clients_->GoOn();
}

void MortalGateway::ExpectNothingEverLost() {
  ExpectNothingLost();
  ExpectProved(mesh(), receipts_, log_keys());
  ExpectRecordedOnce(mesh(), receipts_);
  ASSERT_TRUE(mesh().StopSystem(kGatewaySystem).ok());
  EXPECT_TRUE(ExpectLogHolds());
  EXPECT_EQ(last_audit_.unpublished, 0u) << "a gateway that is told to stop "
                                            "publishes all";
  EXPECT_GE(last_audit_.entries, receipts_.size());
}

void TracedGateway::SetUp() {
  if (absl::Status works = TracedPrograms::Works(); !works.ok())
    PSM_MISSING(kRequirePtrace, works.message());
  MortalGateway::SetUp();
  if (!HasFatalFailure()) StartClients(/*count=*/2, /*pause=*/8);
}

}  // namespace psm::testing
