#include "mesh/agency/receipt_prover.h"

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
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/receipt.h"
#include "mesh/records/record_testing.h"
#include "mesh/records/timestamp.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm::agency {
namespace {

using records::v1::GetProofsRequest;
using records::v1::GetProofsResponse;
using records::v1::Record;
using records::v1::SideEntry;

constexpr char kSystem[] = "akatsuki/benefits";  // SampleRecord's consumer

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

TEST_F(ReceiptProverTest, ProvesInBatchesWhatVerifiesWithTheKeyAlone) {
  for (int i = 0; i < 150; ++i) Keep(Exchange(i));
  const absl::Status proved = ProveAll();
  ASSERT_TRUE(proved.ok()) << proved;
  EXPECT_EQ(prover_->proved(), 150u);
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 150u);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    EXPECT_EQ(verdicts[i].kind(), SideEntry::PROVED);
    EXPECT_EQ(verdicts[i].exchange_id(), absl::StrCat("exchange-", i));
    EXPECT_TRUE(
        VerifyReceiptProof(verdicts[i].proof(), TestSigner()->verifier()).ok());
  }
  const int asked = proofs_->asked();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(proofs_->asked(), asked) << "what is proved is not asked again";
}

// Of households that no receipt has room for, one larger than a question.
TEST_F(ReceiptProverTest, WhatAReceiptLeavesOutIsProvedAndKeptLikeTheRest) {
  const std::vector<int> persons = {14, 1, 250, 2};
  for (std::size_t i = 0; i < persons.size(); ++i) {
    const SideEntry entry = Exchange(static_cast<int>(i), persons[i]);
    EXPECT_EQ(entry.receipt().left_out() != 0, persons[i] > 12);
    Keep(entry);
  }
  const absl::Status proved = ProveAll();
  ASSERT_TRUE(proved.ok()) << proved;
  EXPECT_EQ(prover_->disproved(), 0u);
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 267u);
  std::map<std::string, int> of;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const records::v1::ReceiptProof& proof = verdicts[i].proof();
    EXPECT_EQ(proof.receipt().leaves(0).index(), i) << "each of them, once";
    EXPECT_TRUE(VerifyReceiptProof(proof, TestSigner()->verifier()).ok());
    EXPECT_EQ(proof.record().subject(), "");
    ++of[verdicts[i].exchange_id()];
  }
  for (std::size_t i = 0; i < persons.size(); ++i)
    EXPECT_EQ(of[absl::StrCat("exchange-", i)], persons[i]);
  const int asked = proofs_->asked();
  Restart();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(proofs_->asked(), asked) << "what is proved is not asked again";
}

TEST_F(ReceiptProverTest, ALeafThatComesLaterMustBeTheSignedTrees) {
  const SideEntry household = Exchange(0, 14);
  Keep(household);
  const std::uint64_t last =
      household.receipt().leaves(0).index() + 13;  // left out
  proofs_->Change(last, [](auto& proof) {
    (*proof.mutable_leaf()->mutable_salts())[0] ^= 1;
  });
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 14u);
  for (const SideEntry& verdict : verdicts) {
    EXPECT_EQ(verdict.kind() == SideEntry::DISPROVED,
              verdict.proof().receipt().leaves(0).index() == last);
  }
}

// A gateway cannot fill the ledger with what it has never recorded.
TEST_F(ReceiptProverTest, AReceiptThatLeavesOutWhatIsNotThereIsSaidOnce) {
  SideEntry lie = Exchange(0);
  lie.mutable_receipt()->set_left_out(1000);
  Keep(lie);
  Keep(Exchange(1, 14));
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  const std::vector<SideEntry> verdicts = Verdicts();
  EXPECT_EQ(prover_->disproved(), 1u);
  ASSERT_EQ(verdicts.size(), 16u);
  EXPECT_EQ(verdicts[0].kind(), SideEntry::PROVED);
  EXPECT_EQ(verdicts[1].kind(), SideEntry::DISPROVED);
  EXPECT_EQ(verdicts[1].exchange_id(), "exchange-0");
  for (std::size_t i = 2; i < verdicts.size(); ++i)
    EXPECT_EQ(verdicts[i].exchange_id(), "exchange-1");
}

TEST_F(ReceiptProverTest, ARestartGoesOnWhereItWas) {
  Keep(Exchange(1));
  ASSERT_TRUE(ProveAll().ok());
  Keep(Exchange(2));
  Restart();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(prover_->proved(), 1u);
  EXPECT_EQ(Verdicts().size(), 2u);
}

TEST_F(ReceiptProverTest, WhatDoesNotVerifyIsSaidAndTheRestProved) {
  const std::vector<
      std::pair<const char*, std::function<void(GetProofsResponse::Proof&)>>>
      lies = {
          {"another time",
           [](auto& p) {
             p.mutable_record()->mutable_ask_time()->set_nanos(1);
           }},
          {"another affair",
           [](auto& p) { p.mutable_record()->set_affair("other"); }},
          {"another path",
           [](auto& p) { p.add_inclusion(std::string(32, 'x')); }},
          {"no record", [](auto& p) { p.clear_record(); }},
          {"expunged, and two days are not over",
           [](auto& p) {
             p.clear_record();
             p.set_expunged(true);
           }},
      };
  int next = 0;
  for (const auto& [what, lie] : lies) {
    const SideEntry bad = Exchange(next++);
    Keep(bad);
    Keep(Exchange(next++));
    proofs_->Change(bad.receipt().leaves(0).index(), lie);
  }
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("receipt_disproved"), std::string::npos) << said;
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 2 * lies.size());
  for (std::size_t i = 0; i < lies.size(); ++i) {
    SCOPED_TRACE(lies[i].first);
    const SideEntry& bad = verdicts[2 * i];
    EXPECT_EQ(bad.kind(), SideEntry::DISPROVED);
    EXPECT_FALSE(bad.finding().empty());
    EXPECT_NE(said.find(bad.exchange_id()), std::string::npos) << said;
    EXPECT_EQ(verdicts[2 * i + 1].kind(), SideEntry::PROVED);
  }
  EXPECT_EQ(prover_->disproved(), lies.size());
}

TEST_F(ReceiptProverTest, WhatWasOldEnoughToBeExpungedIsNotJudged) {
  SideEntry old = Exchange(1);
  SetTimestamp(clock_.Now() - absl::Hours(49), old.mutable_time());
  Keep(old);
  Keep(Exchange(2));
  proofs_->Change(old.receipt().leaves(0).index(), [](auto& p) {
    p.clear_record();
    p.set_expunged(true);
  });
  ASSERT_TRUE(ProveAll().ok());
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_EQ(verdicts[0].kind(), SideEntry::PROVED);
  const int asked = proofs_->asked();
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(proofs_->asked(), asked) << "it is not asked for for ever";
}

TEST_F(ReceiptProverTest, ARecordThatSaysSomethingElseThanWasSeenIsDisproved) {
  const std::vector<std::pair<const char*, std::function<void(SideEntry&)>>>
      seen = {
          {"the answer's digest",
           [](SideEntry& e) { e.set_answer_digest(Sha256("what I got")); }},
          {"the request's digest",
           [](SideEntry& e) { e.set_request_digest(Sha256("what I sent")); }},
          {"the method", [](SideEntry& e) { e.set_method("a.B/C"); }},
          {"the outcome", [](SideEntry& e) { e.set_outcome(7); }},
          {"the exchange id", [](SideEntry& e) { e.set_exchange_id("mine"); }},
      };
  int next = 0;
  for (const auto& [what, change] : seen) {
    SideEntry entry = Exchange(next++);
    change(entry);
    Keep(entry);
  }
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), seen.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(verdicts[i].kind(), SideEntry::DISPROVED);
    EXPECT_EQ(verdicts[i].finding(), seen[i].first);
  }
}

TEST_F(ReceiptProverTest, ARefusedProofIsFoundAmongOthers) {
  Keep(Exchange(0));
  SideEntry omitted = Exchange(1);  // signed away: the log has no such record
  omitted.mutable_receipt()->mutable_leaves(0)->set_index(500);
  Keep(omitted);
  Keep(Exchange(2));
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("receipt_disproved"), std::string::npos) << said;
  const std::vector<SideEntry> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 3u);
  EXPECT_EQ(verdicts[0].kind(), SideEntry::PROVED);
  EXPECT_EQ(verdicts[1].kind(), SideEntry::DISPROVED);
  EXPECT_EQ(verdicts[1].exchange_id(), "exchange-1");
  EXPECT_NE(verdicts[1].finding().find("refuses"), std::string::npos);
  EXPECT_EQ(verdicts[2].kind(), SideEntry::PROVED);
}

TEST_F(ReceiptProverTest, WhatIsLateIsSaidOnceAndWhenItIsOver) {
  Keep(Exchange(0));
  proofs_->SetDown(MakeError(absl::StatusCode::kUnavailable,
                             "RECORDS_UNAVAILABLE", Party::kGateway, "no"));
  testing::internal::CaptureStderr();
  EXPECT_TRUE(absl::IsUnavailable(ProveAll()));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "not yet late";
  clock_.Advance(absl::Minutes(2));
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(absl::IsUnavailable(ProveAll()));
  std::string said = testing::internal::GetCapturedStderr();
  const std::size_t first = said.find("receipts_late");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("receipts_late", first + 1), std::string::npos) << said;
  EXPECT_NE(said.find("exchange-0"), std::string::npos) << said;
  EXPECT_TRUE(Verdicts().empty());

  proofs_->SetDown(absl::OkStatus());
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("receipts_on_time"), std::string::npos) << said;
  EXPECT_EQ(Verdicts().back().kind(), SideEntry::PROVED);
}

TEST_F(ReceiptProverTest, WithoutTheLogsKeyNothingIsBelieved) {
  Keep(Exchange(0));
  std::filesystem::rename(folder_.File("log.vkey"), folder_.File("away"));
  EXPECT_TRUE(absl::IsNotFound(ProveAll()));
  EXPECT_TRUE(Verdicts().empty());
  folder_.Write("log.vkey", NewTestSigner()->verifier().ToText() + "\n");
  testing::internal::CaptureStderr();
  ASSERT_TRUE(ProveAll().ok());
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(Verdicts().back().kind(), SideEntry::DISPROVED);
}

TEST_F(ReceiptProverTest, ALedgerThatCannotBeReadIsSaidOnce) {
  Keep(Exchange(0));
  std::filesystem::create_directory(folder_.File("ledger/proved"));
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(prover_->Prove().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  const std::size_t first = said.find("side_not_read");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("side_not_read", first + 1), std::string::npos) << said;
  std::filesystem::remove(folder_.File("ledger/proved"));
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(Verdicts().size(), 1u);
}

TEST_F(ReceiptProverTest, AReceiptIsNotAskedAboutAtOnce) {
  Keep(Exchange(0));
  ASSERT_TRUE(prover_->Prove().ok());
  EXPECT_EQ(proofs_->asked(), 0) << "the log is not published yet";
  ASSERT_TRUE(ProveAll().ok());
  EXPECT_EQ(Verdicts().size(), 1u);
}

TEST_F(ReceiptProverTest, TheThreadProvesByItselfAndEndsAtOnce) {
  Keep(Exchange(0));
  clock_.Advance(absl::Seconds(10));
  {
    ReceiptThread thread(
        {kSystem, folder_.File("log.vkey")}, *ledger_,
        [this] { return proofs_->Dial(); }, clock_);
    while (Verdicts().empty()) std::this_thread::yield();
  }
  EXPECT_EQ(Verdicts().front().kind(), SideEntry::PROVED);
}

}  // namespace
}  // namespace psm::agency
