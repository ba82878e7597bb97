// Turns the receipts that a system has kept into proofs, in batches, away from
// its calls; and says where one proves nothing.
#ifndef PSM_MESH_AGENCY_RECEIPT_PROVER_H_
#define PSM_MESH_AGENCY_RECEIPT_PROVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/side_ledger.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm::agency {

struct ReceiptProverOptions {
  std::string system;   // whose ledger it is: "agency/system"
  std::string log_key;  // file with the log's verifying key, a vkey
  // A receipt is asked about when it is this old: the log is published within a
  // second.
  absl::Duration settle = absl::Milliseconds(1500);
  // A receipt whose proof the gateway has not given by then is late.
  absl::Duration late = absl::Seconds(60);
};

// For each receipt in a ledger, in the order of the ledger: asks the gateway
// for the proof, verifies it under the log's public key, holds the record
// against what the ledger says was asked and answered, and adds an entry PROVED
// or DISPROVED; for one that leaves records out, of these as well, whose leaves
// come with their proofs. How far it has come stands in a file `proved` of the
// ledger's folder, so that a restart goes on there. In memory it holds one
// batch.
// Thread-compatible, but for Cancel.
class ReceiptProver {
 public:
  // `clock` and `ledger` must outlive it; `gateway` gives the channel for each
  // question.
  ReceiptProver(ReceiptProverOptions options, SideLedger& ledger,
                std::function<std::shared_ptr<grpc::Channel>()> gateway,
                const Clock& clock);

  // Proves what can be proved now: all receipts that are older than `settle`.
  // An entry is durable before it is said anywhere that it was added. Errors:
  // why the next ones could not be proved yet (the gateway's UNAVAILABLE, the
  // log's key missing...), or of the ledger's disk.
  //
  // Says in the log: `receipt_disproved` (error) for each that does not verify
  // or whose proof is refused; `receipts_late` (warning), once until it is
  // over, where the next one is late, and `receipts_on_time` then;
  // `side_not_read` (error), once, where the ledger cannot be read.
  absl::Status Prove();

  // What Prove has found since it was made.
  std::uint64_t proved() const { return proved_; }
  std::uint64_t disproved() const { return disproved_; }

  // Ends the question under way, from any thread, and every later one.
  void Cancel() PSM_EXCLUDES(mu_);

 private:
  struct Pending {
    std::shared_ptr<const records::v1::SideEntry> entry;
    records::v1::Receipt receipt;  // of the entry's, for one record
  };
  struct Batch {
    std::vector<Pending> pending;
    SidePosition behind;
    int within = 0;  // records of the receipt that follows `behind`
  };

  absl::StatusOr<Batch> NextBatch();
  // Takes `entry` into `batch`, from record number `next` on; false where it
  // does not fit whole.
  static bool Take(const records::v1::SideEntry& entry, int next, Batch& batch);
  absl::Status Settle(Batch& batch, const LogKeys& key);
  absl::Status Ask(absl::Span<const Pending> pending,
                   records::v1::GetProofsResponse* response);
  // The entry that says what came of it; nullopt where the record was old
  // enough to be expunged, and is.
  std::optional<records::v1::SideEntry> VerdictOf(
      const Pending& pending,
      const records::v1::GetProofsResponse::Proof& proof,
      const LogKeys& key) const;
  // The same, asked for alone.
  absl::StatusOr<std::optional<records::v1::SideEntry>> AskAlone(
      const Pending& pending, const LogKeys& key);
  records::v1::SideEntry Judge(
      const Pending& pending,
      const records::v1::GetProofsResponse::Proof& proof,
      const LogKeys& key) const;
  void Say(const records::v1::SideEntry& entry);
  void SayLate(const Pending& oldest, const absl::Status& why);
  absl::Status Advance(const Batch& batch);

  const ReceiptProverOptions options_;
  SideLedger& ledger_;
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
  const Clock& clock_;
  bool begun_ = false;  // position_ has been read
  SidePosition position_;
  int within_ = 0;  // records of the receipt that follows, settled in this life
  bool late_ = false;    // and that is said
  bool unread_ = false;  // likewise
  std::uint64_t proved_ = 0;
  std::uint64_t disproved_ = 0;

  Mutex mu_;
  grpc::ClientContext* asking_ PSM_GUARDED_BY(mu_) = nullptr;
  bool cancelled_ PSM_GUARDED_BY(mu_) = false;
};

// A thread that calls Prove about once a second while there is something to
// prove. Ends, with the question under way, when it is destroyed.
class ReceiptThread {
 public:
  ReceiptThread(ReceiptProverOptions options, SideLedger& ledger,
                std::function<std::shared_ptr<grpc::Channel>()> gateway,
                const Clock& clock);
  ~ReceiptThread();
  ReceiptThread(const ReceiptThread&) = delete;
  ReceiptThread& operator=(const ReceiptThread&) = delete;

 private:
  void Run() PSM_EXCLUDES(mu_);

  ReceiptProver prover_;
  Mutex mu_;
  CondVar stop_;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_RECEIPT_PROVER_H_
