// For tests: a log whose proofs a consumer's ledger is proved by.
#ifndef PSM_MESH_AGENCY_RECEIPT_PROVER_FIXTURE_H_
#define PSM_MESH_AGENCY_RECEIPT_PROVER_FIXTURE_H_

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/receipt_prover.h"
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/receipt.h"
#include "mesh/records/record_testing.h"
#include "mesh/records/timestamp.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm::agency {

using records::v1::GetProofsRequest;
using records::v1::GetProofsResponse;
using records::v1::Record;
using records::v1::SideEntry;

inline constexpr char kSystem[] =
    "akatsuki/benefits";  // SampleRecord's consumer

// Proves as the gateway does, from a real log; or says what a test wants.
class Proofs final : public records::v1::RecordsService::Service {
 public:
  explicit Proofs(RecordLog& log) : log_(log) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~Proofs() override { server_->Shutdown(); }

  grpc::Status GetProofs(grpc::ServerContext*, const GetProofsRequest* request,
                         GetProofsResponse* response) override {
    MutexLock lock(mu_);
    ++asked_;
    EXPECT_LE(request->items_size(), 100);
    if (!down_.ok()) return ToGrpc(down_);
    for (const auto& item : request->items()) {
      absl::StatusOr<ProvedRecord> proved =
          log_.Prove(item.index(), item.tree_size());
      if (!proved.ok()) return ToGrpc(proved.status());
      auto& proof = *response->add_proofs();
      proof = ShownProof(item, *proved);
      const auto change = changes_.find(item.index());
      if (change != changes_.end()) change->second(proof);
    }
    return grpc::Status::OK;
  }

  std::shared_ptr<grpc::Channel> Dial() const {
    return grpc::CreateChannel(absl::StrCat("127.0.0.1:", port_),
                               grpc::InsecureChannelCredentials());
  }
  void SetDown(absl::Status status) {
    MutexLock lock(mu_);
    down_ = std::move(status);
  }
  // What becomes of the proof of one record.
  void Change(std::uint64_t index,
              std::function<void(GetProofsResponse::Proof&)> change) {
    MutexLock lock(mu_);
    changes_[index] = std::move(change);
  }
  int asked() {
    MutexLock lock(mu_);
    return asked_;
  }

 private:
  RecordLog& log_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  Mutex mu_;
  int asked_ PSM_GUARDED_BY(mu_) = 0;
  absl::Status down_ PSM_GUARDED_BY(mu_);
  std::map<std::uint64_t, std::function<void(GetProofsResponse::Proof&)>>
      changes_ PSM_GUARDED_BY(mu_);
};

class ReceiptProverTest : public ::testing::Test {
 protected:
  ReceiptProverTest() {
    RecordStoreOptions options = TestOptions(folder_.File("records"));
    options.tiles = folder_.File("log");
    options.segment_bytes = 1 << 20;  // a household is one append
    auto log = RecordStore::Open(options, system_clock_, SystemRandom());
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    proofs_ = std::make_unique<Proofs>(*log_);
    folder_.Write("log.vkey", TestSigner()->verifier().ToText() + "\n");
    auto ledger = SideLedger::Open({folder_.File("ledger")}, clock_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    ledger_ = *std::move(ledger);
    Restart();
  }

  // The prover of another life of the process.
  void Restart() {
    prover_ = std::make_unique<ReceiptProver>(
        ReceiptProverOptions{kSystem, folder_.File("log.vkey")}, *ledger_,
        [this] { return proofs_->Dial(); }, clock_);
  }

  // An exchange that is recorded, and what its consumer keeps of it.
  SideEntry Exchange(int number, int persons = 1) {
    const Record record = SampleRecord(number);
    std::vector<Record> records(static_cast<std::size_t>(persons), record);
    for (std::size_t i = 1; i < records.size(); ++i)
      records[i].set_subject(absl::StrCat("somebody-", i));
    PendingAppend append;
    append.Start(*log_, loop_, records);
    loop_.RunUntil([&] { return append.status.has_value(); });
    EXPECT_TRUE(append.status->ok()) << *append.status;
    SideEntry entry;
    entry.set_kind(SideEntry::ANSWERED);
    entry.set_exchange_id(record.exchange_id());
    entry.set_method(record.method());
    entry.set_request_digest(record.request_digest());
    entry.set_answer_digest(record.released_digest());
    EXPECT_TRUE(entry.mutable_receipt()->ParseFromString(
        MakeReceipt(append.recorded).Joined()));
    return entry;
  }
  void Keep(const SideEntry& entry) {
    ASSERT_TRUE(ledger_->Keep({entry}).ok());
  }
  // Until the log is published.
  absl::Status ProveAll() {
    clock_.Advance(absl::Seconds(2));
    for (;;) {
      const absl::Status proved = prover_->Prove();
      if (ReasonOf(proved) != "LOG_NOT_PUBLISHED") return proved;
      std::this_thread::yield();
    }
  }
  std::vector<SideEntry> Verdicts() {
    std::vector<SideEntry> verdicts;
    EXPECT_TRUE(ReadSide(ledger_->folder(), {},
                         [&](const SideEntry& entry, const SidePosition&) {
                           if (entry.kind() == SideEntry::PROVED ||
                               entry.kind() == SideEntry::DISPROVED)
                             verdicts.push_back(entry);
                           return true;
                         })
                    .ok());
    return verdicts;
  }

  TempFolder folder_;
  SystemClock system_clock_;
  ManualClock clock_{absl::FromUnixSeconds(kSampleSeconds)};
  LoopExecutor loop_;
  std::unique_ptr<RecordStore> log_;
  std::unique_ptr<Proofs> proofs_;
  std::unique_ptr<SideLedger> ledger_;
  std::unique_ptr<ReceiptProver> prover_;
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_RECEIPT_PROVER_FIXTURE_H_
