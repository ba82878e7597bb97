// What the tests of this folder share: a small mesh whose gateway dies again
// and again, and what must hold after each of its lives.
#ifndef PSM_TESTS_CRASH_MORTAL_GATEWAY_H_
#define PSM_TESTS_CRASH_MORTAL_GATEWAY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/audit.h"
#include "mesh/records/log_keys.h"
#include "tests/crash/held_receipts.h"
#include "tests/crash/traced_programs.h"
#include "tests/support/mesh.h"

namespace psm::testing {

// How often: the variable of this name, a whole number, or `usual`.
int FromEnvironment(const char* name, int usual);

// A mesh of a gateway, one provider and clients.
class MortalGateway : public ::testing::Test {
 protected:
  void SetUp() override;

  Mesh& mesh() { return *mesh_; }
  TracedPrograms& programs() { return *programs_; }
  AskingClients& clients() { return *clients_; }
  // As far as the log leads from the key with which it began.
  LogKeys log_keys();
  const std::vector<HeldReceipt>& receipts() const { return receipts_; }
  int lives() const { return lives_; }
  std::uint64_t torn_bytes() const { return torn_bytes_; }  // of all starts

  void StartClients(int count, int pause);  // as AskingClients
  void FinishClients();

  // What a start said. Starts the gateway, which must serve and say what it
  // found in its records.
  void StartGateway();
  // The same of one that may fail at it: whether it serves. Where it does not,
  // it must have said why, or been killed.
  bool TryStartGateway();

  void KillGateway();
  // The signal that ended the gateway, 0 where it ended by itself; nullopt
  // where it runs after `patience`.
  std::optional<int> AwaitEnd(absl::Duration patience);

  // The auditor, who keeps the checkpoint of his last audit: the log, as it
  // lies on the disk now, holds and has grown from it. Whether it does.
  bool ExpectLogHolds();
  // What he has kept.
  std::optional<KeptCheckpoint> KeptByAuditor();
  // With a gateway that is up: nothing that a client holds is missing, and all
  // that it was answered since the last time is proved. Meanwhile clients ask
  // nothing new.
  void ExpectNothingLost();
  // The same of all that any client was ever answered, at the end.
  void ExpectNothingEverLost();

  AuditReport last_audit_;

 private:
  void ExpectStarted(LogWatch& said);
  std::string kept() const { return folder_.File("auditor/checkpoint"); }

  TempFolder folder_;
  std::unique_ptr<TracedPrograms> programs_;
  std::unique_ptr<Mesh> mesh_;
  std::unique_ptr<AskingClients> clients_;
  std::optional<LogKeys> first_key_;
  std::vector<HeldReceipt> receipts_;
  int lives_ = 1;
  std::uint64_t torn_bytes_ = 0;
};

// The same whose programs run under strace, with two clients: skipped where the
// sandbox allows no ptrace.
class TracedGateway : public MortalGateway {
 protected:
  void SetUp() override;
};

}  // namespace psm::testing

#endif  // PSM_TESTS_CRASH_MORTAL_GATEWAY_H_
