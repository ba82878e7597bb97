// 6. The gateway dies at any moment: what a client was answered is in the log.
#include <poll.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <thread>
#include <vector>

#include "mesh/directory/directory.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

constexpr int kKills = 50;
constexpr int kClients = 3;
constexpr int kAnswersBetweenKills = 4;
constexpr int kStops = 5;
constexpr int kRefusalsBetweenStops = 12;  // more than stand alone

class Crash : public Scenario {};

// Asks with ids of its own, and where an answer is lost, again with the same
// id, as a client should. Collects what it was answered.
class PersistentClient {
 public:
  PersistentClient(Mesh& mesh, std::atomic<int>& answers)
      : mesh_(mesh),
        request_(TaxRequest(mesh, "hanako")),
        answers_(answers),
        thread_([this] { Run(); }) {}

  // Ends after the question at hand is answered.
  const std::vector<std::string>& Finish() {
    stop_ = true;
    thread_.join();
    return answered_;
  }

 private:
  void Run() {
    while (!stop_) {
      const std::string id = NewExchangeId();
      for (;;) {
        const TaxReply reply = mesh_.Client(kBenefits).Call(
            &tax::v1::TaxService::Stub::GetTaxStatus,
            {.affair = kBenefitAffair,
             .provider = kYunagiTax,
             .exchange_id = id,
             .timeout = absl::Seconds(5)},
            request_);
        if (!reply.status.ok()) continue;
        EXPECT_EQ(reply->category(), tax::v1::GetTaxStatusResponse::EXEMPT);
        break;
      }
      answered_.push_back(id);
      ++answers_;
    }
  }

  Mesh& mesh_;
  const tax::v1::GetTaxStatusRequest request_;
  std::atomic<int>& answers_;
  std::atomic<bool> stop_{false};
  std::vector<std::string> answered_;  // until Finish, the thread's own
  std::thread thread_;
};

TEST_F(Crash, FiftyKillsUnderLoadLoseNothingThatAClientSaw) {
  std::atomic<int> answers{0};
  std::vector<std::unique_ptr<PersistentClient>> clients;
  for (int i = 0; i < kClients; ++i)
    clients.push_back(std::make_unique<PersistentClient>(mesh(), answers));
  absl::Status back;
  for (int kill = 0; kill < kKills && back.ok(); ++kill) {
    // A few more each time, so that kills fall on different moments.
    const int until = answers + kAnswersBetweenKills + kill % 3;
    const absl::Duration deadline =
        mesh().clock().Monotonic() + absl::Seconds(20);
    while (answers < until && mesh().clock().Monotonic() < deadline)
      poll(nullptr, 0, /*timeout=*/1);  // between two looks
    EXPECT_GE(answers, until) << "answers go on after kill " << kill;
    back = mesh().KillSystem(kGatewaySystem, SIGKILL);
    back.Update(mesh().StartSystem(kGatewaySystem));
  }
  ASSERT_TRUE(back.ok()) << back;

  std::vector<std::string> answered;
  for (auto& client : clients) {
    const std::vector<std::string>& own = client->Finish();
    answered.insert(answered.end(), own.begin(), own.end());
  }
  EXPECT_GE(answered.size(),
            static_cast<std::size_t>(kKills * kAnswersBetweenKills));
  std::map<std::string, int> recorded;
  auto records = mesh().Records({.kind = Record::EXCHANGE});
  ASSERT_TRUE(records.ok()) << records.status();
  for (const Record& record : *records) ++recorded[record.exchange_id()];
  for (const std::string& id : answered)
    EXPECT_EQ(recorded[id], 1) << id << ": there, and a retry no second one";
  std::printf("%d kills, %d answers, %d records\n", kKills,
              static_cast<int>(answered.size()),
              static_cast<int>(records->size()));
}

// Told to stop, it ends what it has begun and writes down what it has only
// counted.
TEST_F(Crash, AStopUnderLoadLosesNothingThatAClientSaw) {
  const std::string code = mesh().Person("kenji").CodeAt("yunagi");
  std::atomic<bool> stop{false};
  std::atomic<int> told{0};
  std::thread refused([&] {
    while (!stop)
      told += ReasonOf(AskAccount(mesh(), "yunagi/tax", code, "collect-arrears")
                           .status) == "NO_AGREEMENT";
  });
  std::atomic<int> answers{0};
  PersistentClient client(mesh(), answers);
  absl::Status back;
  for (int round = 0; round < kStops && back.ok(); ++round) {
    const int until = answers + kAnswersBetweenKills;
    const int told_until = told + kRefusalsBetweenStops;
    const absl::Duration deadline =
        mesh().clock().Monotonic() + absl::Seconds(20);
    while ((answers < until || told < told_until) &&
           mesh().clock().Monotonic() < deadline)
      poll(nullptr, 0, /*timeout=*/1);  // between two looks
    EXPECT_GE(answers, until) << "answers go on after stop " << round;
    EXPECT_GE(told, told_until) << "refusals go on after stop " << round;
    back = mesh().RestartSystem(kGatewaySystem);
  }
  stop = true;
  refused.join();
  const std::vector<std::string>& answered = client.Finish();
  ASSERT_TRUE(back.ok()) << back;
  ASSERT_TRUE(mesh().RestartSystem(kGatewaySystem).ok());

  for (const std::string& id : answered)
    EXPECT_EQ(
        mesh().Records({.exchange_id = id, .kind = Record::EXCHANGE})->size(),
        1u)
        << id;
  int recorded = 0;
  const auto refusals = mesh().Records(
      {.consumer = "yunagi/tax", .reason = "NO_AGREEMENT", .person = "kenji"});
  ASSERT_TRUE(refusals.ok()) << refusals.status();
  for (const Record& record : *refusals)
    recorded += record.kind() == Record::REFUSALS
                    ? static_cast<int>(record.count())
                    : 1;
  EXPECT_GE(recorded, told) << "one that was told is not in the log";
}

// The id of somebody's exchange is no key to another's request.
TEST_F(Crash, AnIdThatWasUsedCarriesNoOtherRequestAfterARestart) {
  const std::string id = NewExchangeId();
  ASSERT_TRUE(AskTax(mesh(), "hanako", {.exchange_id = id}).status.ok());
  ASSERT_TRUE(mesh().KillSystem(kGatewaySystem, SIGKILL).ok());
  ASSERT_TRUE(mesh().StartSystem(kGatewaySystem).ok());
  ASSERT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  const TaxReply reply = AskTax(mesh(), "fumie", {.exchange_id = id});
  EXPECT_EQ(ReasonOf(reply.status), "EXCHANGE_ID_REUSED") << reply.status;
  EXPECT_EQ(
      mesh().Records({.exchange_id = id, .kind = Record::EXCHANGE})->size(),
      1u);
}

}  // namespace
}  // namespace psm::testing
