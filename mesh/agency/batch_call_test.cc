// A batch over a real channel, whose other end answers in another order,
// refuses and breaks off.
#include "mesh/agency/batch_call.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/kept_call.h"
#include "mesh/agency/server.h"
#include "mesh/agency/test_side.h"
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/digest.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"

namespace psm::agency {
namespace {

using linkage::v1::LinkageService;
using linkage::v1::RetrieveBatchRequest;
using linkage::v1::RetrieveBatchResponse;
using linkage::v1::RetrieveResponse;
using records::v1::SideEntry;

// Answers when all have been asked, the last first: with the corporation as the
// dataset, or a refusal where it is "unknown".
class BatchDesk final : public LinkageService::Service {
 public:
  using Stream =
      grpc::ServerReaderWriter<RetrieveBatchResponse, RetrieveBatchRequest>;
  grpc::Status RetrieveBatch(grpc::ServerContext*, Stream* stream) override {
    std::vector<RetrieveBatchRequest> asked;
    RetrieveBatchRequest request;
    while (stream->Read(&request)) asked.push_back(request);
    MutexLock lock(mu_);
    ++streams_;
    for (auto one = asked.rbegin(); one != asked.rend(); ++one) {
      ids_[one->question().corporation()].insert(one->exchange_id());
      RetrieveBatchResponse response;
      response.set_exchange_id(one->exchange_id());
      const std::string& name = one->question().corporation();
      if (name == "unknown" || (name == "later" && streams_ == 1)) {
        response.mutable_status()->ParseFromString(ToRpcStatus(MakeError(
            name == "unknown" ? absl::StatusCode::kInvalidArgument
                              : absl::StatusCode::kUnavailable,
            name == "unknown" ? "UNKNOWN_ATTRIBUTE" : "RECORD_NOT_DURABLE",
            Party::kGateway, "no")));
      } else {
        linkage::v1::Evidence& evidence =
            *response.mutable_answer()->add_evidence();
        evidence.set_dataset(name);
        evidence.set_exchange_id(absl::StrCat("leg of ", name));
      }
      stream->Write(response);
      if (streams_ <= broken_) {
        return ToGrpc(MakeError(absl::StatusCode::kUnavailable,
                                "GATEWAY_STOPPING", Party::kGateway, "stops"));
      }
    }
    return grpc::Status::OK;
  }

  // How many streams end after their first answer.
  void Break(int streams) {
    MutexLock lock(mu_);
    broken_ = streams;
  }
  int streams() {
    MutexLock lock(mu_);
    return streams_;
  }
  std::set<std::string> ids(const std::string& name) {
    MutexLock lock(mu_);
    return ids_[name];
  }

 private:
  Mutex mu_;
  int streams_ PSM_GUARDED_BY(mu_) = 0;
  int broken_ PSM_GUARDED_BY(mu_) = 0;
  std::map<std::string, std::set<std::string>> ids_ PSM_GUARDED_BY(mu_);
};

class BatchCallTest : public ::testing::Test {
 protected:
  BatchCallTest() {
    auto ledger = SideLedger::Open({folder_.File("consumer")}, clock_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    ledger_ = *std::move(ledger);
    auto server =
        Server::Start(0, grpc::InsecureServerCredentials(), {&desk_}, nullptr);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = WithLedger(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                            grpc::InsecureChannelCredentials()),
        ledger_);
  }

  std::vector<absl::StatusOr<RetrieveResponse>> Ask(
      const std::vector<std::string>& names,
      absl::Duration timeout = absl::Seconds(10)) {
    std::vector<BatchQuestion> questions(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      questions[i].request.set_corporation(names[i]);
    return AskAll(questions, timeout);
  }
  std::vector<absl::StatusOr<RetrieveResponse>> AskAll(
      const std::vector<BatchQuestion>& questions,
      absl::Duration timeout = absl::Seconds(10)) {
    return RetrieveBatch([this] { return channel_; },
                         {.affair = "benefit", .timeout = timeout}, questions);
  }
  static std::string DatasetOf(const absl::StatusOr<RetrieveResponse>& answer) {
    return answer.ok() && answer->evidence_size() == 1
               ? answer->evidence(0).dataset()
               : answer.status().ToString();
  }

  TempFolder folder_;
  SystemClock clock_;
  BatchDesk desk_;
  std::shared_ptr<SideLedger> ledger_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(BatchCallTest, AnswersComeInTheOrderOfTheQuestions) {
  const auto answers = Ask({"a", "unknown", "b"});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(DatasetOf(answers[0]), "a");
  EXPECT_EQ(ReasonOf(answers[1].status()), "UNKNOWN_ATTRIBUTE");
  EXPECT_EQ(DatasetOf(answers[2]), "b");
  EXPECT_EQ(desk_.streams(), 1);
  EXPECT_TRUE(Ask({}).empty());
}

TEST_F(BatchCallTest, WhatWasNotAnsweredIsAskedAgainUnderItsId) {
  desk_.Break(2);
  const auto answers = Ask({"a", "b", "c"});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(DatasetOf(answers[0]), "a");
  EXPECT_EQ(DatasetOf(answers[1]), "b");
  EXPECT_EQ(DatasetOf(answers[2]), "c");
  EXPECT_EQ(desk_.streams(), 3);
  for (const char* name : {"a", "b", "c"})
    EXPECT_EQ(desk_.ids(name).size(), 1u) << name;
}

TEST_F(BatchCallTest, AChosenIdIsKeptAndWhatIsNoneIsReplaced) {
  constexpr char kChosen[] = "00000000-0000-4000-8000-0000000000aa";
  std::vector<BatchQuestion> questions(4);
  const char* const ids[] = {kChosen, kChosen, "not a UUID", ""};
  for (std::size_t i = 0; i < questions.size(); ++i) {
    questions[i].request.set_corporation(absl::StrCat(i));
    questions[i].exchange_id = ids[i];
  }
  for (int time = 0; time < 2; ++time) {
    const auto answers = AskAll(questions);
    ASSERT_EQ(answers.size(), 4u);
    for (std::size_t i = 0; i < answers.size(); ++i)
      EXPECT_EQ(DatasetOf(answers[i]), absl::StrCat(i));
  }
  EXPECT_EQ(desk_.ids("0"), std::set<std::string>{kChosen});
  for (const char* name : {"1", "2", "3"}) {
    EXPECT_EQ(desk_.ids(name).size(), 2u) << name;
    for (const std::string& id : desk_.ids(name)) {
      EXPECT_TRUE(IsUuid(id)) << id;
      EXPECT_NE(id, kChosen);
    }
  }
}

TEST_F(BatchCallTest, WhatCannotBeAnsweredNowIsAskedAgainAlone) {
  const auto answers = Ask({"a", "later"});
  EXPECT_EQ(DatasetOf(answers[0]), "a");
  EXPECT_EQ(DatasetOf(answers[1]), "later");
  EXPECT_EQ(desk_.ids("a").size(), 1u);
  EXPECT_EQ(desk_.ids("later").size(), 1u);
  EXPECT_EQ(desk_.streams(), 2);
}

TEST_F(BatchCallTest, WhatStaysUnansweredSaysWhy) {
  desk_.Break(1000);
  const auto answers =
      Ask({"a", "b", "c", "d", "e", "f", "g", "h"}, absl::Milliseconds(300));
  ASSERT_EQ(answers.size(), 8u);
  // One a stream; there is no time for eight.
  int unanswered = 0;
  for (const absl::StatusOr<RetrieveResponse>& answer : answers) {
    if (answer.ok()) continue;
    ++unanswered;
    // Or the last stream was too slow, on a busy machine.
    if (absl::IsDeadlineExceeded(answer.status())) continue;
    EXPECT_TRUE(absl::IsUnavailable(answer.status())) << answer.status();
    EXPECT_EQ(ReasonOf(answer.status()), "GATEWAY_STOPPING");
  }
  EXPECT_GT(unanswered, 0);
}

TEST_F(BatchCallTest, EachQuestionIsKeptAsIfItHadBeenAskedAlone) {
  Ask({"a", "unknown"});
  int asked = 0;
  int answered = 0;
  int refused = 0;
  int legs = 0;
  const std::vector<SideEntry> entries = Entries(*ledger_);
  for (const SideEntry& entry : entries) {
    if (entry.kind() == SideEntry::ASKED) ++asked;
    if (entry.exchange_id() == "leg of a") ++legs;
    if (entry.kind() != SideEntry::ANSWERED || entry.method().empty()) continue;
    ++answered;
    if (entry.reason() == "UNKNOWN_ATTRIBUTE") ++refused;
  }
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(answered, 2);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(legs, 1);
}

}  // namespace
}  // namespace psm::agency
