// 23. Life events reach those who agreed, each under its own code of the
// person and each recorded; a gateway that dies loses none.
#include <csignal>
#include <memory>
#include <string>

#include "mesh/agency/call_context.h"
#include "psm/events/v1/events.grpc.pb.h"
#include "tests/scenarios/life_scenario.h"

namespace psm::testing {
namespace {

using events::v1::EventsService;
using events::v1::SubscribeResponse;

// One stream of one consumer.
class Stream {
 public:
  Stream(Mesh& mesh, const std::string& system, const std::string& token = "")
      : context_(mesh.Client(system).Context(
            {.affair = kBenefitAffair, .timeout = absl::Seconds(60)})),
        stub_(mesh.Client(system).Channel()) {
    events::v1::SubscribeRequest request;
    request.set_resume_token(token);
    reader_ = stub_.Subscribe(context_.get(), request);
  }
  ~Stream() {
    context_->TryCancel();
    if (reader_ != nullptr) reader_->Finish();
  }
  // The next message; an empty one where the stream has ended.
  SubscribeResponse Next() {
    SubscribeResponse response;
    if (!reader_->Read(&response)) response.Clear();
    return response;
  }
  absl::Status End() {
    SubscribeResponse response;
    while (reader_->Read(&response)) {
    }
    const absl::Status status = agency::FromGrpc(reader_->Finish());
    reader_.reset();
    return status;
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  EventsService::Stub stub_;
  std::unique_ptr<grpc::ClientReader<SubscribeResponse>> reader_;
};

class LifeEvents : public LifeScenario {
 protected:
  absl::Status Publish(const std::string& system, const std::string& code,
                       const std::string& id = NewExchangeId()) {
    events::v1::PublishRequest request;
    request.set_type("moved_in");
    request.set_subject(code);
    request.set_effective_date("2026-11-22");
    return mesh_->Client(system)
        .Call(&EventsService::Stub::Publish, {.exchange_id = id}, request)
        .status;
  }
};

TEST_F(LifeEvents, ReachThoseWhoAgreedAndSurviveTheGateway) {
  const std::string person = NewPerson();
  auto pension = std::make_unique<Stream>(*mesh_, kPension);
  auto yunagi = std::make_unique<Stream>(*mesh_, "yunagi/life");
  const std::string begin = pension->Next().resume_token();
  ASSERT_NE(begin, "");
  ASSERT_NE(yunagi->Next().resume_token(), "");

  // Who agreed to nothing, and who publishes what is not its to publish.
  EXPECT_EQ(ReasonOf(Stream(*mesh_, kYunagi).End()), "NO_AGREEMENT");
  EXPECT_EQ(ReasonOf(Publish(kPension, CodeAt("pension", person))),
            "NOT_A_PUBLISHER");

  const std::string id = NewExchangeId();
  ASSERT_TRUE(Publish("akatsuki/life", person, id).ok());
  const SubscribeResponse first = pension->Next();
  const SubscribeResponse second = yunagi->Next();
  EXPECT_EQ(first.event().subject(), CodeAt("pension", person));
  EXPECT_EQ(second.event().subject(), CodeAt("yunagi", person));
  EXPECT_EQ(first.event().publisher(), "akatsuki/life");
  EXPECT_EQ(OnlyRecord(*mesh_, {.exchange_id = first.event().id()}).consumer(),
            kPension);

  // The gateway dies with a published event that nobody has seen; two more come
  // when it is back, and the first is published again by a cautious publisher.
  yunagi.reset();
  ASSERT_TRUE(Publish("akatsuki/life", person).ok());
  KillGateway();
  EXPECT_TRUE(absl::IsUnavailable(pension->End()));
  ASSERT_TRUE(Publish("akatsuki/life", person, id).ok());
  ASSERT_TRUE(Publish("akatsuki/life", NewPerson()).ok());
  Stream resumed(*mesh_, kPension, first.resume_token());
  EXPECT_EQ(resumed.Next().resume_token(), first.resume_token());
  EXPECT_EQ(resumed.Next().event().subject(), CodeAt("pension", person));
  EXPECT_NE(resumed.Next().event().subject(), CodeAt("pension", person));
  // From the very beginning, what was delivered before has its old id.
  {
    Stream again(*mesh_, kPension, begin);
    again.Next();
    EXPECT_EQ(again.Next().event().id(), first.event().id());
  }
  EXPECT_EQ(ReasonOf(Stream(*mesh_, "yunagi/life", begin).End()),
            "RESUME_TOKEN_INVALID");

  // The person sees who was told.
  int told = 0;
  const records::v1::ListRecordsResponse history = History(person);
  for (const auto& texts : history.texts()) {
    if (texts.consumer_agency().en() != "Pension office") continue;
    ++told;
    EXPECT_EQ(texts.released(0).en(), "moved in");
    EXPECT_EQ(texts.provider_agency().en(), "Akatsuki City");
  }
  EXPECT_EQ(told, 2);

  // Of a protected person it is told, and not where.
  ASSERT_TRUE(Protect(kAkatsuki, person).ok());
  ASSERT_TRUE(Publish("akatsuki/life", person).ok());
  const SubscribeResponse last = resumed.Next();
  EXPECT_EQ(last.event().subject(), CodeAt("pension", person));
  EXPECT_EQ(last.event().publisher(), "");
  EXPECT_EQ(OnlyRecord(*mesh_, {.exchange_id = last.event().id()}).provider(),
            kGatewaySystem);
}

}  // namespace
}  // namespace psm::testing
