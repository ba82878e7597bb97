// A mesh without processes for tests of the exchange: real contracts, policy
// and codes; a log and providers that check what is done to them.
#ifndef PSM_MESH_EXCHANGE_EXCHANGE_FIXTURE_H_
#define PSM_MESH_EXCHANGE_EXCHANGE_FIXTURE_H_

#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/exchange/exchange.h"
#include "mesh/records/log_head.h"
#include "mesh/records/record_testing.h"
#include "mesh/records/tlog/reference_tree.h"

namespace psm {

// Runs posted work when the test says so.
class TestExecutor : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> work) override {
    queue_.push_back(std::move(work));
  }
  void RunAll() {
    while (!queue_.empty()) {
      auto work = std::move(queue_.front());
      queue_.pop_front();
      work();
    }
  }

 private:
  std::deque<absl::AnyInvocable<void()>> queue_;
};

// Keeps records in memory. Can hold appends back, to look at what is released
// meanwhile, and can fail them.
class FakeLog : public RecordLog {
 public:
  void Append(std::vector<records::v1::Record> entries, Executor& executor,
              Completion<absl::StatusOr<Recorded>>* done) override {
    Waiting waiting{std::move(entries), &executor, done};
    if (hold) {
      held.push_back(std::move(waiting));
    } else {
      Finish(std::move(waiting));
    }
  }
  absl::StatusOr<RecordPage> List(const RecordQuery& query) override {
    RecordPage page;
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
      if (it->subject() == query.subject &&
          it->corporation() == query.corporation &&
          (!query.is_shown || query.is_shown(*it)))
        page.records.push_back(*it);
    }
    return page;
  }
  absl::StatusOr<std::vector<StoredRecord>> FindExchange(
      absl::string_view consumer, absl::string_view id, absl::Time) override {
    std::vector<StoredRecord> found;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i].consumer() == consumer && records[i].exchange_id() == id)
        found.push_back({i, std::string(seals[i].seed()), records[i]});
    }
    return found;
  }
  absl::StatusOr<ProvedRecord> Prove(std::uint64_t index,
                                     std::uint64_t tree_size) override {
    if (index >= records.size()) {
      return MakeError(absl::StatusCode::kNotFound, "RECEIPT_UNKNOWN",
                       Party::kConsumer, "no such record");
    }
    std::vector<tlog::Hash> leaves;
    for (const RecordSeal& seal : seals)
      leaves.push_back(tlog::LeafHash(seal.leaf()));
    tlog::MemoryReader tree(std::move(leaves));
    absl::StatusOr<std::vector<tlog::Hash>> inclusion =
        tlog::ProveInclusion(index, tree_size, tree);
    if (!inclusion.ok()) return inclusion.status();
    if (expunged) return ProvedRecord{{}, *inclusion, true};
    const auto at = static_cast<std::size_t>(index);
    return ProvedRecord{records[at], *inclusion, false,
                        std::string(seals[at].seed())};
  }
  std::shared_ptr<const tlog::SignedCheckpoint> Checkpoint() override {
    return checkpoint;
  }
  absl::Status Health() override { return failure; }

  void ReleaseHeld() {
    auto waiting = std::move(held);
    held.clear();
    for (Waiting& one : waiting) Finish(std::move(one));
  }

  struct Waiting {
    std::vector<records::v1::Record> entries;
    Executor* executor;
    Completion<absl::StatusOr<Recorded>>* done;
  };
  bool hold = false;
  absl::Status failure;
  bool expunged = false;  // all that was recorded
  std::vector<Waiting> held;
  std::vector<records::v1::Record> records;
  std::vector<RecordSeal> seals;
  tlog::Frontier frontier;
  std::shared_ptr<const tlog::SignedCheckpoint> checkpoint;

 private:
  void Finish(Waiting waiting) {
    Recorded recorded;
    recorded.index = records.size();
    if (failure.ok()) {
      for (records::v1::Record& record : waiting.entries) {
        recorded.seals.push_back(Seal(record, SystemRandom()));
        seals.push_back(recorded.seals.back());
        frontier.Append(tlog::LeafHash(seals.back().leaf()));
        records.push_back(std::move(record));
      }
      checkpoint = std::make_shared<const tlog::SignedCheckpoint>(
          SignHead(frontier, *TestSigner())->checkpoint);
      recorded.checkpoint = checkpoint;
    }
    absl::StatusOr<Recorded> told(std::move(recorded));
    if (!failure.ok()) told = failure;
    waiting.executor->Post([done = waiting.done, told] { done->Set(told); });
  }
};

// Providers as functions by path. Can hold calls back.
class FakeLink : public ProviderLink {
 public:
  using Provider = std::function<ProviderReply(const ProviderRequest&)>;

  void Invoke(ProviderRequest request, Cancellation& cancellation,
              Completion<ProviderReply>* done) override {
    requests.push_back(request);
    if (cancellation.cancelled()) {
      ProviderReply reply;
      reply.status = cancellation.reason();
      return done->Set(std::move(reply));
    }
    if (hold) {
      held.emplace_back(std::move(request), done);
      return;
    }
    done->Set(providers.at(request.path)(request));
  }
  void ReleaseHeld() {
    auto calls = std::move(held);
    held.clear();
    for (auto& [request, done] : calls)
      done->Set(providers.at(request.path)(request));
  }

  std::map<std::string, Provider> providers;
  std::vector<ProviderRequest> requests;
  bool hold = false;
  std::vector<std::pair<ProviderRequest, Completion<ProviderReply>*>> held;
};

class FakePeer : public Peer {
 public:
  explicit FakePeer(std::string system) : system_(std::move(system)) {}
  const std::string& system_id() const override { return system_; }
  absl::Status CheckCertificate(absl::Time) const override { return status; }
  absl::Status status;

 private:
  const std::string system_;
};

// The provider's answer to every call.
inline FakeLink::Provider Answering(const google::protobuf::Message& message) {
  std::string bytes = message.SerializeAsString();
  return [bytes](const ProviderRequest&) {
    ProviderReply reply;
    reply.from_provider = true;
    reply.message = bytes;
    return reply;
  };
}

inline FakeLink::Provider Refusing(absl::Status status) {
  return [status](const ProviderRequest&) {
    ProviderReply reply;
    reply.from_provider = true;
    reply.status = status;
    return reply;
  };
}

class ExchangeFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    SetPolicy(kConfiguration);
    auto scopes = SubjectScopes::Create(SecretBytes(std::string(32, 'k')));
    ASSERT_TRUE(scopes.ok()) << scopes.status();
    scopes_ = *std::move(scopes);
    pages_ = PageTokens::Create(SecretBytes(std::string(32, 'k'))).value();
  }

  static const char kConfiguration[];

  std::shared_ptr<const PolicyEngine> MakePolicy(const std::string& text) {
    Configuration configuration;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        text, &configuration.mesh));
    std::ifstream file(PSM_CONTRACTS_FILE, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    configuration.descriptor_sets.emplace_back();
    EXPECT_TRUE(
        configuration.descriptor_sets.back().ParseFromString(bytes.str()))
        << PSM_CONTRACTS_FILE;
    auto contracts = ContractSet::Create(configuration.descriptor_sets);
    EXPECT_TRUE(contracts.ok()) << contracts.status();
    auto directory = Directory::Create(configuration);
    EXPECT_TRUE(directory.ok()) << directory.status();
    auto policy = PolicyEngine::Create(configuration, *directory, *contracts);
    EXPECT_TRUE(policy.ok()) << policy.status();
    return *policy;
  }
  void SetPolicy(const std::string& text) { policy_ = MakePolicy(text); }

  Environment& env() {
    if (env_ == nullptr) {
      env_ = std::make_unique<Environment>(Environment{
          clock_, policy_, *scopes_, *pages_, consents_, log_, executor_, link_,
          SystemRandom(), rates_, refusals_, nullptr, "test"});
    }
    return *env_;
  }

  // A person by one letter.
  PersonNumber Person(char letter) {
    return *PersonNumber::FromBytes(std::string(PersonNumber::kSize, letter));
  }
  std::string Code(const std::string& agency, char letter) {
    return scopes_->For(SubjectScopeKind::kAgency, agency)
        .Encode(Person(letter));
  }
  std::string RecordsCode(char letter) {
    return scopes_->For(SubjectScopeKind::kRecords, "").Encode(Person(letter));
  }

  Ask MakeAsk(const std::string& path, const std::string& affair,
              const google::protobuf::Message& request) {
    Ask ask;
    ask.peer = &peer_;
    ask.path = path;
    ask.affair = affair;
    ask.message = request.SerializeAsString();
    ask.ask_time = clock_.Now();
    ask.cancellation = &cancellation_;
    return ask;
  }

  // Starts a task and runs what is posted; the answer is there once nothing is
  // held back.
  void BeginTask(Task<Answer> task) {
    answer_.reset();
    Start(std::move(task),
          [this](Answer answer) { answer_ = std::move(answer); });
    executor_.RunAll();
  }
  Answer RunTask(Task<Answer> task) {
    BeginTask(std::move(task));
    EXPECT_TRUE(answer_.has_value()) << "the task has not ended";
    return answer_.has_value() ? *answer_ : Answer();
  }
  void Begin(Ask ask) { BeginTask(RunExchange(env(), std::move(ask))); }
  Answer Run(Ask ask) { return RunTask(RunExchange(env(), std::move(ask))); }

  ManualClock clock_{absl::FromUnixSeconds(1790000000)};
  TestExecutor executor_;
  FakeLog log_;
  FakeLink link_;
  RateLimiter rates_;
  RefusalCounter refusals_;
  ConsentState consents_{absl::Seconds(1)};
  Cancellation cancellation_;
  FakePeer peer_{"akatsuki/benefits"};
  std::unique_ptr<SubjectScopes> scopes_;
  std::unique_ptr<PageTokens> pages_;
  std::shared_ptr<const PolicyEngine> policy_;
  std::unique_ptr<Environment> env_;
  std::optional<Answer> answer_;
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_EXCHANGE_FIXTURE_H_
