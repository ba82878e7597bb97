// A batch is settled as a whole or not at all: its entries are on the disk, and
// only then the position behind it is written. A crash in between proves a
// batch twice, which does no harm; nothing is left out.
#include "mesh/agency/receipt_prover.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/log_key.h"
#include "mesh/records/receipt.h"
#include "mesh/records/reconciliation.h"
#include "mesh/records/timestamp.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm::agency {
namespace {

using records::v1::GetProofsRequest;
using records::v1::GetProofsResponse;
using records::v1::SideEntry;

constexpr std::size_t kBatch = 100;  // RecordsService takes no more
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr std::chrono::nanoseconds kTick = std::chrono::seconds(1);

// The gateway says that there is no such record, which a receipt says there
// is. Anything else may pass.
bool IsRefusal(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "RECEIPT_UNKNOWN" || reason == "PROOF_REQUEST_INVALID";
}

SideEntry Verdict(SideEntry::Kind kind, const SideEntry& of) {
  SideEntry entry;
  entry.set_kind(kind);
  entry.set_exchange_id(of.exchange_id());
  entry.set_method(of.method());
  return entry;
}

}  // namespace

ReceiptProver::ReceiptProver(
    ReceiptProverOptions options, SideLedger& ledger,
    std::function<std::shared_ptr<grpc::Channel>()> gateway, const Clock& clock)
    : options_(std::move(options)),
      ledger_(ledger),
      gateway_(std::move(gateway)),
      clock_(clock) {}

absl::Status ReceiptProver::Prove() {
  for (;;) {
    const absl::StatusOr<Batch> next = NextBatch();
    if (!next.ok() && !unread_)
      LogError("side_not_read",
               {{"error", std::string(next.status().message())}});
    unread_ = !next.ok();
    PSM_RETURN_IF_ERROR(next.status());
    const Batch& batch = *next;
    if (batch.pending.empty()) {
      if (batch.behind.file != position_.file) return Advance(batch.behind);
      position_ = batch.behind;
      return absl::OkStatus();
    }
    const absl::StatusOr<LogKeys> key = ReadLogKeys(options_.log_key);
    const absl::Status settled = key.ok() ? Settle(batch, *key) : key.status();
    if (!settled.ok()) {
      SayLate(batch.pending.front(), settled);
      return settled;
    }
    if (late_) LogInfo("receipts_on_time");
    late_ = false;
    PSM_RETURN_IF_ERROR(Advance(batch.behind));
  }
}

absl::StatusOr<ReceiptProver::Batch> ReceiptProver::NextBatch() {
  if (!begun_) {
    const absl::StatusOr<std::string> mark =
        ReadFile(absl::StrCat(ledger_.folder(), "/proved"));
    if (!mark.ok() && !absl::IsNotFound(mark.status())) return mark.status();
    const std::vector<std::string> parts =
        absl::StrSplit(mark.ok() ? *mark : "0 0", ' ');
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &position_.file) ||
        !absl::SimpleAtoi(parts[1], &position_.offset)) {
      position_ = {};  // all of it once more
    }
    begun_ = true;
  }
  PSM_ASSIGN_OR_RETURN(const std::uint64_t oldest,
                       OldestSideFile(ledger_.folder()));
  if (position_.file != 0 && oldest > position_.file) {
    LogError("receipts_dropped_unproved",
             {{"files", absl::StrCat(oldest - position_.file)}});
    position_ = {oldest, 0};
  }
  const absl::Time until = clock_.Now() - options_.settle;
  Batch batch;
  batch.behind = position_;
  PSM_RETURN_IF_ERROR(
      ReadSide(ledger_.folder(), position_,
               [&](const SideEntry& entry, const SidePosition& behind) {
                 if (entry.kind() == SideEntry::ANSWERED &&
                     entry.has_receipt()) {
                   const auto leaves =
                       static_cast<std::size_t>(entry.receipt().leaves_size());
                   // One that is of tomorrow is not waited for.
                   const absl::Time time = FromTimestamp(entry.time());
                   const bool young = time > until && time <= clock_.Now();
                   const bool full = !batch.pending.empty() &&
                                     batch.pending.size() + leaves > kBatch;
                   if (young || full) return false;
                   for (int i = 0; i < entry.receipt().leaves_size(); ++i)
                     batch.pending.push_back({entry, i});
                 }
                 batch.behind = behind;
                 return true;
               })
          .status());
  return batch;
}

absl::Status ReceiptProver::Ask(absl::Span<const Pending> pending,
                                GetProofsResponse* response) {
  GetProofsRequest request;
  for (const Pending& one : pending) {
    auto& item = *request.add_items();
    item.set_index(one.entry.receipt().leaves(one.leaf).index());
    item.set_tree_size(one.entry.receipt().tree_size());
  }
  // Once: the next tick asks again, and a process that stops waits for nobody.
  const std::unique_ptr<grpc::ClientContext> context =
      Outgoing(nullptr, "", kPatience);
  {
    MutexLock lock(mu_);
    if (cancelled_) return absl::CancelledError("this process stops");
    asking_ = context.get();
  }
  records::v1::RecordsService::Stub stub(gateway_());
  const absl::Status status =
      FromGrpc(stub.GetProofs(context.get(), request, response));
  {
    MutexLock lock(mu_);
    asking_ = nullptr;
  }
  PSM_RETURN_IF_ERROR(status);
  if (response->proofs_size() != static_cast<int>(pending.size()))
    return absl::InternalError("the gateway proved other records");
  return absl::OkStatus();
}

void ReceiptProver::Cancel() {
  MutexLock lock(mu_);
  cancelled_ = true;
  if (asking_ != nullptr) asking_->TryCancel();
}

absl::Status ReceiptProver::Settle(const Batch& batch, const LogKeys& key) {
  std::vector<SideEntry> verdicts;
  GetProofsResponse response;
  const absl::Status answered = Ask(batch.pending, &response);
  if (!answered.ok() && !IsRefusal(answered)) return answered;
  for (std::size_t i = 0; i < batch.pending.size(); ++i) {
    const Pending& one = batch.pending[i];
    if (answered.ok()) {
      AddVerdict(one, response.proofs(static_cast<int>(i)), key, verdicts);
      continue;
    }
    // The gateway refuses a batch for one of it: which?
    GetProofsResponse alone;
    const absl::Status status = Ask({one}, &alone);
    if (status.ok()) {
      AddVerdict(one, alone.proofs(0), key, verdicts);
    } else if (IsRefusal(status)) {
      SideEntry refused = Verdict(SideEntry::DISPROVED, one.entry);
      *refused.mutable_proof()->mutable_receipt() =
          OnlyLeaf(one.entry.receipt(), one.leaf);
      refused.set_finding(
          absl::StrCat("the gateway refuses to prove it: ", ReasonOf(status)));
      verdicts.push_back(std::move(refused));
    } else {
      return status;
    }
  }
  PSM_RETURN_IF_ERROR(ledger_.Keep(verdicts));
  PSM_RETURN_IF_ERROR(ledger_.Sync());
  for (const SideEntry& verdict : verdicts) Say(verdict);
  return absl::OkStatus();
}

void ReceiptProver::AddVerdict(const Pending& pending,
                               const GetProofsResponse::Proof& proof,
                               const LogKeys& key,
                               std::vector<SideEntry>& verdicts) const {
  if (!proof.expunged()) {
    verdicts.push_back(Judge(pending, proof, key));
    return;
  }
  // Nothing shows any more that it holds, nor that it does not: unless it is
  // too young to be gone.
  std::string finding = FindingOfExpunged(pending.entry, clock_.Now());
  if (finding.empty()) {
    LogWarning("receipt_expunged",
               {{"exchange_id", pending.entry.exchange_id()}});
    return;
  }
  SideEntry verdict = Verdict(SideEntry::DISPROVED, pending.entry);
  *verdict.mutable_proof()->mutable_receipt() =
      OnlyLeaf(pending.entry.receipt(), pending.leaf);
  verdict.set_finding(std::move(finding));
  verdicts.push_back(std::move(verdict));
}

SideEntry ReceiptProver::Judge(const Pending& pending,
                               const GetProofsResponse::Proof& proof,
                               const LogKeys& key) const {
  records::v1::ReceiptProof whole;
  *whole.mutable_receipt() = OnlyLeaf(pending.entry.receipt(), pending.leaf);
  *whole.mutable_record() = proof.record();
  *whole.mutable_inclusion() = proof.inclusion();
  std::string finding = FindingOf(pending.entry, whole, options_.system, key);
  SideEntry verdict =
      Verdict(finding.empty() ? SideEntry::PROVED : SideEntry::DISPROVED,
              pending.entry);
  *verdict.mutable_proof() = std::move(whole);
  verdict.set_finding(std::move(finding));
  return verdict;
}

void ReceiptProver::Say(const SideEntry& entry) {
  if (entry.kind() == SideEntry::PROVED) {
    ++proved_;
    return;
  }
  ++disproved_;
  LogError("receipt_disproved",
           {{"exchange_id", entry.exchange_id()},
            {"method", entry.method()},
            {"index", absl::StrCat(entry.proof().receipt().leaves(0).index())},
            {"finding", entry.finding()}});
}

void ReceiptProver::SayLate(const Pending& oldest, const absl::Status& why) {
  const absl::Duration age = clock_.Now() - FromTimestamp(oldest.entry.time());
  if (late_ || age < options_.late) return;
  late_ = true;
  LogWarning(
      "receipts_late",
      {{"exchange_id", oldest.entry.exchange_id()},
       {"age_s", absl::StrCat(absl::ToInt64Seconds(age))},
       {"error", why.ToString(absl::StatusToStringMode::kWithNoExtraData)}});
}

absl::Status ReceiptProver::Advance(const SidePosition& behind) {
  position_ = behind;
  return WriteWholeFile(absl::StrCat(ledger_.folder(), "/proved"),
                        absl::StrCat(behind.file, " ", behind.offset), kPrivate,
                        Outlives::kProcess);
}

ReceiptThread::ReceiptThread(
    ReceiptProverOptions options, SideLedger& ledger,
    std::function<std::shared_ptr<grpc::Channel>()> gateway, const Clock& clock)
    : prover_(std::move(options), ledger, std::move(gateway), clock),
      thread_([this] { Run(); }) {}

ReceiptThread::~ReceiptThread() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  prover_.Cancel();
  thread_.join();
}

void ReceiptThread::Run() {
  for (;;) {
    {
      MutexLock lock(mu_);
      if (!stopping_) stop_.WaitFor(mu_, kTick);
      if (stopping_) return;
    }
    // What is not proved now is tried again; what lasts is said as late.
    prover_.Prove().IgnoreError();
  }
}

}  // namespace psm::agency
