// 17. The gateway and the agencies are stopped and started while everybody
// calls: what is in flight ends, what is new comes elsewhere or again, and who
// calls by the agency library sees none of it.
#include <poll.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/cli/process.h"
#include "mesh/directory/directory.h"
#include "mesh/edge/test_raw_peer.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using tax::v1::TaxService;

constexpr int kSlowCalls = 4;
constexpr int kClients = 3;
constexpr int kRestarts = 3;
constexpr int kAnswersBetweenRestarts = 5;
// Of the gateway (mesh/gateway/main.cc): for calls, then for the last words and
// records.
constexpr absl::Duration kDrainBound = absl::Seconds(5);
constexpr absl::Duration kStopBound = absl::Seconds(8);
// For the whole of a call that lives through a restart, on a busy machine.
constexpr absl::Duration kPatience = absl::Seconds(40);
constexpr char kTaxPath[] = "/psm.tax.v1.TaxService/GetTaxStatus";

class Drain : public Scenario {
 protected:
  // Sends the gateway a signal and waits for its end; its exit code, or -1.
  static int End(int signal) {
    auto process = ReadProcessName(mesh().folder().ProcessId(kGatewaySystem));
    EXPECT_TRUE(process.ok()) << process.status();
    EXPECT_TRUE(SignalProcess(*process, signal).ok());
    int result = 0;
    EXPECT_EQ(waitpid(process->pid, &result, 0), process->pid);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
  }
  // How many records of this kind, or of any, each exchange has.
  static std::map<std::string, int> Recorded(
      std::optional<Record::Kind> kind = std::nullopt) {
    std::map<std::string, int> recorded;
    const auto records = mesh().Records({.kind = kind});
    EXPECT_TRUE(records.ok()) << records.status();
    if (!records.ok()) return recorded;
    for (const Record& record : *records) ++recorded[record.exchange_id()];
    return recorded;
  }
  static void AwaitMinato(LogWatch& minato, int calls) {
    for (int i = 0; i < calls; ++i) {
      auto called = minato.Await({"called"}, absl::Seconds(20));
      ASSERT_TRUE(called.ok()) << called.status();
    }
  }
};

// How a call ended, by the id that it had.
using Ends = std::map<std::string, absl::Status>;

// Calls of one client, one after the other.
class SteadyClient {
 public:
  // `ask` makes a call with this exchange id; on the client's own thread.
  explicit SteadyClient(std::function<absl::Status(const std::string& id)> ask)
      : ask_(std::move(ask)), thread_([this] { Run(); }) {}
  const Ends& Finish() {
    stop_ = true;
    thread_.join();
    return ends_;
  }
  int answered() const { return answered_; }

 private:
  void Run() {
    while (!stop_) {
      const std::string id = NewExchangeId();
      ends_[id] = ask_(id);
      answered_ += ends_[id].ok() ? 1 : 0;
      poll(nullptr, 0, /*timeout=*/5);  // not to keep the machine busy
    }
  }
  const std::function<absl::Status(const std::string& id)> ask_;
  std::atomic<bool> stop_{false};
  std::atomic<int> answered_{0};
  Ends ends_;  // until Finish, the thread's own
  std::thread thread_;
};

// Without retries.
std::unique_ptr<SteadyClient> PlainClient(Mesh& mesh) {
  return std::make_unique<SteadyClient>([&mesh](const std::string& id) {
    return AskTax(mesh, "hanako", {.exchange_id = id, .timeout = kPatience})
        .status;
  });
}

// As an agency calls, by the agency library.
std::unique_ptr<SteadyClient> AgencyClient(Mesh& mesh) {
  return std::make_unique<SteadyClient>(
      [&caller = mesh.Client(kBenefits),
       request = TaxRequest(mesh, "hanako")](const std::string& id) {
        tax::v1::GetTaxStatusResponse response;
        return agency::Call([&] { return caller.Channel(); },
                            &TaxService::Stub::GetTaxStatus,
                            {.affair = kBenefitAffair,
                             .provider = kYunagiTax,
                             .exchange_id = id,
                             .timeout = kPatience},
                            request, &response);
      });
}

void AwaitAnswers(Mesh& mesh, const SteadyClient& client, int more) {
  const int until = client.answered() + more;
  const absl::Duration deadline = mesh.clock().Monotonic() + kPatience;
  while (client.answered() < until && mesh.clock().Monotonic() < deadline)
    poll(nullptr, 0, /*timeout=*/1);  // between two looks
  EXPECT_GE(client.answered(), until) << "answers go on";
}

// A call in flight by hand, to see what an HTTP/2 client is told.
class RawCall {
 public:
  explicit RawCall(Mesh& mesh)
      : request_(TaxRequest(mesh, "hanako").SerializeAsString()) {
    int port = 0;
    const std::string gateway = mesh.Endpoint(kGatewaySystem);
    EXPECT_TRUE(
        absl::SimpleAtoi(gateway.substr(gateway.rfind(':') + 1), &port));
    identity_.files.identity =
        mesh.folder().Certificates(kBenefits) + "/identity.pem";
    peer_ = std::make_unique<edge::RawPeer>(
        port, mesh.folder().Trust(),
        edge::RawPeer::Options{.identity = &identity_});
    EXPECT_TRUE(peer_->ok());
    peer_->SayHello();
  }
  void Ask(std::int32_t stream) {
    edge::RawFields fields = edge::RequestFields(kTaxPath);
    fields.insert(fields.end(), {{"psm-affair", kBenefitAffair},
                                 {"psm-provider", kMinatoTax}});
    peer_->Send(edge::MakeHeaders(stream, fields, false) +
                edge::MakeMessage(stream, request_, true));
  }
  // The last stream id of the next GOAWAY, which says no error; -1 where none
  // comes.
  std::int64_t ReadGoaway() {
    const auto frame = peer_->ReadType(NGHTTP2_GOAWAY);
    if (!frame.has_value() || frame->payload.size() < 8) return -1;
    EXPECT_EQ(frame->ErrorCode(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
    std::int64_t last = 0;
    for (int i = 0; i < 4; ++i)
      last = last << 8 | static_cast<unsigned char>(frame->payload[i]);
    return last;
  }
  std::string ReadStatus(std::int32_t stream) {
    const auto end = peer_->ReadEnd(stream);
    return end.has_value() ? end->Field("grpc-status") : "connection ended";
  }
  bool HasEnded() { return peer_->ReadGoaway() >= -1; }

 private:
  const std::string request_;
  edge::TestIdentity identity_;
  std::unique_ptr<edge::RawPeer> peer_;
};

TEST_F(Drain, AStopEndsWhatIsInFlightAndLosesNoRecord) {
  LogWatch minato = WatchMinato(mesh());
  ASSERT_TRUE(AskTax(mesh(), "hanako", {.provider = kMinatoTax}).status.ok());
  // Its connection may be another worker's, which then knows Minato, too.
  RawCall raw(mesh());
  raw.Ask(1);
  ASSERT_EQ(raw.ReadStatus(1), "0");
  AwaitMinato(minato, 2);
  mesh().Slow(kMinatoTax, absl::Seconds(1));
  std::vector<std::unique_ptr<SteadyClient>> load;
  for (int i = 0; i < kClients; ++i) load.push_back(PlainClient(mesh()));
  AwaitAnswers(mesh(), *load.front(), kAnswersBetweenRestarts);
  Ends slow;
  for (int i = 0; i < kSlowCalls; ++i) slow[NewExchangeId()];
  std::vector<std::thread> asking;
  for (auto& [id, end] : slow) {
    asking.emplace_back([id = id, &end = end] {
      end =
          AskTax(mesh(), "hanako", {.provider = kMinatoTax, .exchange_id = id})
              .status;
    });
  }
  raw.Ask(3);
  AwaitMinato(minato, kSlowCalls + 1);

  const absl::Duration started = mesh().clock().Monotonic();
  std::atomic<int> exit_code{-2};
  std::thread ending([&] { exit_code = End(SIGTERM); });
  // First no more, then what still counts (RFC 9113, 6.8).
  EXPECT_EQ(raw.ReadGoaway(), 0x7fffffff);
  EXPECT_EQ(raw.ReadGoaway(), 3);
  EXPECT_EQ(raw.ReadStatus(3), "0") << "what was in flight is answered";
  EXPECT_TRUE(raw.HasEnded());
  for (std::thread& thread : asking) thread.join();
  ending.join();
  const absl::Duration took = mesh().clock().Monotonic() - started;
  EXPECT_EQ(exit_code, 0);
  EXPECT_LT(took, kStopBound);
  Ends ends = slow;
  for (auto& client : load) {
    const Ends& own = client->Finish();
    ends.insert(own.begin(), own.end());
  }
  mesh().Mend(kMinatoTax);
  ASSERT_TRUE(mesh().StartSystem(kGatewaySystem).ok());

  int refused = 0;
  std::map<std::string, int> exchanges = Recorded(Record::EXCHANGE);
  std::map<std::string, int> all = Recorded();
  for (const auto& [id, end] : slow)
    EXPECT_TRUE(end.ok()) << end << ": it was in flight";
  for (const auto& [id, end] : ends) {
    if (end.ok()) {
      EXPECT_EQ(exchanges[id], 1) << id;
      continue;
    }
    ++refused;
    EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable) << end;
    EXPECT_EQ(all[id], 0) << id
                          << " was begun, and its client told to call again: "
                          << end;
  }
  EXPECT_GT(refused, 0) << "clients went on calling";
  std::printf("stopped in %s: %d calls, %d refused\n",
              absl::FormatDuration(took).c_str(), static_cast<int>(ends.size()),
              refused);
}

TEST_F(Drain, AProviderThatNeverAnswersHoldsNoStopAndItsCallIsRecorded) {
  LogWatch minato = WatchMinato(mesh());
  const std::string id = NewExchangeId();
  TaxReply reply;
  std::thread asking([&] {
    tax::v1::GetTaxStatusRequest request = TaxRequest(mesh(), "hanako");
    request.set_fiscal_year(kAnswerWhenCancelled);
    reply = mesh().Client(kBenefits).Call(&TaxService::Stub::GetTaxStatus,
                                          {.affair = kBenefitAffair,
                                           .provider = kMinatoTax,
                                           .exchange_id = id,
                                           .timeout = absl::Minutes(5)},
                                          request);
  });
  AwaitMinato(minato, 1);
  const absl::Duration started = mesh().clock().Monotonic();
  const int exit_code = End(SIGTERM);
  const absl::Duration took = mesh().clock().Monotonic() - started;
  asking.join();
  EXPECT_EQ(exit_code, 0);
  EXPECT_GE(took, kDrainBound) << "it was given its time";
  EXPECT_LT(took, kStopBound);
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(reply.status), "GATEWAY_STOPPING") << reply.status;
  EXPECT_TRUE(minato.Await({"cancelled"}, absl::Seconds(10)).ok());
  const Record record = OnlyRecord(mesh(), {.exchange_id = id});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_EQ(record.reason(), "GATEWAY_STOPPING");
  ASSERT_TRUE(mesh().StartSystem(kGatewaySystem).ok());
}

class Restarts : public Drain {
 protected:
  // Agencies call all the time while `restart` happens again and again: every
  // call is answered and recorded once.
  static void ExpectNothingFails(const std::function<absl::Status()>& restart) {
    std::vector<std::unique_ptr<SteadyClient>> clients;
    for (int i = 0; i < kClients; ++i) clients.push_back(AgencyClient(mesh()));
    for (int i = 0; i < kRestarts; ++i) {
      AwaitAnswers(mesh(), *clients.front(), kAnswersBetweenRestarts);
      const absl::Status restarted = restart();
      EXPECT_TRUE(restarted.ok()) << restarted;
    }
    AwaitAnswers(mesh(), *clients.front(), kAnswersBetweenRestarts);
    Ends ends;
    for (auto& client : clients) {
      const Ends& own = client->Finish();
      ends.insert(own.begin(), own.end());
    }
    std::map<std::string, int> exchanges = Recorded(Record::EXCHANGE);
    for (const auto& [id, end] : ends) {
      EXPECT_TRUE(end.ok()) << end;
      EXPECT_EQ(exchanges[id], 1) << id << ": attempts are one exchange";
    }
    std::printf("%d restarts, %d calls\n", kRestarts,
                static_cast<int>(ends.size()));
  }
};

TEST_F(Restarts, OfTheGatewayFailNoIdempotentCallOfAnAgency) {
  ExpectNothingFails([] { return mesh().RestartSystem(kGatewaySystem); });
}

TEST_F(Restarts, OfAKilledGatewayFailNoIdempotentCallOfAnAgency) {
  ExpectNothingFails([] {
    absl::Status status = mesh().KillSystem(kGatewaySystem, SIGKILL);
    status.Update(mesh().StartSystem(kGatewaySystem));
    return status;
  });
}

TEST_F(Restarts, OfAProviderFailNoIdempotentCallOfAnAgency) {
  ExpectNothingFails([] { return mesh().RestartSystem(kYunagiTax); });
}

TEST_F(Restarts, OfAKilledProviderFailNoIdempotentCallOfAnAgency) {
  ExpectNothingFails([] {
    absl::Status status = mesh().KillSystem(kYunagiTax, SIGKILL);
    status.Update(mesh().StartSystem(kYunagiTax));
    return status;
  });
}

}  // namespace
}  // namespace psm::testing
