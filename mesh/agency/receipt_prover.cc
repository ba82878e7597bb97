// A batch is settled as a whole or not at all: its entries are on the disk, and
// only then the position behind it is written. A crash in between proves a
// batch twice, which does no harm; nothing is left out. The position is between
// entries, so a receipt of more records than a batch takes is proved once more
// from its first after a crash.
#include "mesh/agency/receipt_prover.h"

#include <algorithm>
#include <limits>
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

constexpr std::size_t kBatch = kMaxProofs;
constexpr int kAllOfIt = std::numeric_limits<int>::max();
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
    absl::StatusOr<Batch> next = NextBatch();
    if (!next.ok() && !unread_)
      LogError("side_not_read",
               {{"error", std::string(next.status().message())}});
    unread_ = !next.ok();
    PSM_RETURN_IF_ERROR(next.status());
    Batch& batch = *next;
    if (batch.pending.empty()) {
      if (batch.behind.file != position_.file) return Advance(batch);
      position_ = batch.behind;
      within_ = 0;
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
    PSM_RETURN_IF_ERROR(Advance(batch));
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
    within_ = 0;
  }
  const absl::Time until = clock_.Now() - options_.settle;
  Batch batch;
  batch.behind = position_;
  int next = within_;
  PSM_RETURN_IF_ERROR(
      ReadSide(ledger_.folder(), position_,
               [&](const SideEntry& entry, const SidePosition& behind) {
                 const int from = std::exchange(next, 0);
                 if (entry.kind() == SideEntry::ANSWERED &&
                     entry.has_receipt()) {
                   // One that is of tomorrow is not waited for.
                   const absl::Time time = FromTimestamp(entry.time());
                   const bool young = time > until && time <= clock_.Now();
                   if (young || !Take(entry, from, batch)) return false;
                 }
                 batch.behind = behind;
                 return true;
               })
          .status());
  return batch;
}

bool ReceiptProver::Take(const SideEntry& entry, int next, Batch& batch) {
  const int records = RecordsOf(entry.receipt());
  const auto shared = std::make_shared<const SideEntry>(entry);
  for (; next < records; ++next) {
    if (batch.pending.size() == kBatch) {
      batch.within = next;
      return false;
    }
    batch.pending.push_back({shared, OnlyLeaf(entry.receipt(), next)});
  }
  return true;
}

absl::Status ReceiptProver::Ask(absl::Span<const Pending> pending,
                                GetProofsResponse* response) {
  GetProofsRequest request;
  for (const Pending& one : pending)
    *request.add_items() = QuestionFor(one.receipt);
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

absl::Status ReceiptProver::Settle(Batch& batch, const LogKeys& key) {
  std::vector<SideEntry> verdicts;
  GetProofsResponse response;
  const absl::Status answered = Ask(batch.pending, &response);
  if (!answered.ok() && !IsRefusal(answered)) return answered;
  // A receipt that says that it leaves out what is not so is not followed any
  // further: it may say so of any number.
  std::shared_ptr<const SideEntry> given_up;
  for (std::size_t i = 0; i < batch.pending.size(); ++i) {
    const Pending& one = batch.pending[i];
    if (one.entry == given_up) continue;
    std::optional<SideEntry> verdict;
    if (answered.ok()) {
      verdict = VerdictOf(one, response.proofs(static_cast<int>(i)), key);
    } else {
      // The gateway refuses a batch for one of it: which?
      PSM_ASSIGN_OR_RETURN(verdict, AskAlone(one, key));
    }
    if (!verdict.has_value()) continue;
    if (verdict->kind() == SideEntry::DISPROVED && IsLeftOut(one.receipt))
      given_up = one.entry;
    verdicts.push_back(*std::move(verdict));
  }
  if (batch.within != 0 && given_up == batch.pending.back().entry)
    batch.within = kAllOfIt;
  PSM_RETURN_IF_ERROR(ledger_.Keep(verdicts));
  PSM_RETURN_IF_ERROR(ledger_.Sync());
  for (const SideEntry& verdict : verdicts) Say(verdict);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SideEntry>> ReceiptProver::AskAlone(
    const Pending& pending, const LogKeys& key) {
  GetProofsResponse response;
  const absl::Status status = Ask({pending}, &response);
  if (status.ok()) return VerdictOf(pending, response.proofs(0), key);
  if (!IsRefusal(status)) return status;
  SideEntry refused = Verdict(SideEntry::DISPROVED, *pending.entry);
  *refused.mutable_proof()->mutable_receipt() = pending.receipt;
  refused.set_finding(
      absl::StrCat("the gateway refuses to prove it: ", ReasonOf(status)));
  return refused;
}

std::optional<SideEntry> ReceiptProver::VerdictOf(
    const Pending& pending, const GetProofsResponse::Proof& proof,
    const LogKeys& key) const {
  if (!proof.expunged()) return Judge(pending, proof, key);
  // Nothing shows any more that it holds, nor that it does not: unless it is
  // too young to be gone.
  std::string finding = FindingOfExpunged(*pending.entry, clock_.Now());
  if (finding.empty()) {
    LogWarning("receipt_expunged",
               {{"exchange_id", pending.entry->exchange_id()}});
    return std::nullopt;
  }
  SideEntry verdict = Verdict(SideEntry::DISPROVED, *pending.entry);
  *verdict.mutable_proof()->mutable_receipt() = pending.receipt;
  verdict.set_finding(std::move(finding));
  return verdict;
}

SideEntry ReceiptProver::Judge(const Pending& pending,
                               const GetProofsResponse::Proof& proof,
                               const LogKeys& key) const {
  records::v1::ReceiptProof whole = ProofOf(pending.receipt, proof);
  std::string finding = FindingOf(*pending.entry, whole, options_.system, key);
  SideEntry verdict =
      Verdict(finding.empty() ? SideEntry::PROVED : SideEntry::DISPROVED,
              *pending.entry);
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
  const absl::Duration age = clock_.Now() - FromTimestamp(oldest.entry->time());
  if (late_ || age < options_.late) return;
  late_ = true;
  LogWarning(
      "receipts_late",
      {{"exchange_id", oldest.entry->exchange_id()},
       {"age_s", absl::StrCat(absl::ToInt64Seconds(age))},
       {"error", why.ToString(absl::StatusToStringMode::kWithNoExtraData)}});
}

absl::Status ReceiptProver::Advance(const Batch& batch) {
  const SidePosition& behind = batch.behind;
  position_ = behind;
  within_ = batch.within;
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
