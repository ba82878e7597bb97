// The outbox and the subscription against something that stands where the
// gateway stands.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/agency/outbox.h"
#include "mesh/base/error.h"
#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "mesh/base/temp_folder.h"
#include "psm/events/v1/events.grpc.pb.h"
#include "psm/holdings/v1/holdings.grpc.pb.h"

namespace psm::agency {
namespace {

constexpr char kService[] = "psm.residents.v1.ResidentsService";

// Waits until `is` holds, for at most ten seconds.
template <typename Condition>
bool Await(Condition is) {
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!is()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

// Writes down what it is told, and gives a number of events.
class Gateway final : public holdings::v1::HoldingsService::Service,
                      public events::v1::EventsService::Service {
 public:
  Gateway() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(static_cast<HoldingsService::Service*>(this));
    builder.RegisterService(static_cast<EventsService::Service*>(this));
    server_ = builder.BuildAndStart();
    Renew();
  }
  ~Gateway() override { Stop(); }
  void Stop() { server_->Shutdown(std::chrono::system_clock::now()); }

  GatewaySource source() {
    return [this] {
      MutexLock lock(mu_);
      return channel_;
    };
  }
  // As when a certificate was renewed: from now on there is another channel.
  void Renew() {
    MutexLock lock(mu_);
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port_),
                                   grpc::InsecureChannelCredentials());
  }

  grpc::Status Declare(grpc::ServerContext*,
                       const holdings::v1::DeclareRequest* request,
                       holdings::v1::DeclareResponse*) override {
    return Hear(absl::StrCat("declare ", request->subjects_size(), " from ",
                             request->subjects(0)));
  }
  grpc::Status End(grpc::ServerContext*,
                   const holdings::v1::EndRequest* request,
                   holdings::v1::EndResponse*) override {
    return Hear(absl::StrCat("end ", request->subjects(0)));
  }
  grpc::Status SetProtection(grpc::ServerContext*,
                             const holdings::v1::SetProtectionRequest* request,
                             holdings::v1::SetProtectionResponse*) override {
    return Hear(absl::StrCat("protect ", request->subject(), " ",
                             request->protected_() ? "yes" : "no"));
  }
  grpc::Status Publish(grpc::ServerContext* context,
                       const events::v1::PublishRequest* request,
                       events::v1::PublishResponse*) override {
    {
      MutexLock lock(mu_);
      ids_.push_back(CallContext::From(*context).exchange_id);
    }
    if (request->type() == "unknown") {
      return ToGrpc(MakeError(absl::StatusCode::kPermissionDenied,
                              "NOT_A_PUBLISHER", Party::kConsumer, "no"));
    }
    return Hear(absl::StrCat("publish ", request->type(), " ",
                             request->subject(), " ",
                             request->effective_date()));
  }

  // Tokens are numbers: what follows them is given.
  grpc::Status Subscribe(
      grpc::ServerContext* context, const events::v1::SubscribeRequest* request,
      grpc::ServerWriter<events::v1::SubscribeResponse>* writer) override {
    if (request->resume_token() == expired.load()) {
      return ToGrpc(MakeError(absl::StatusCode::kOutOfRange, "EVENTS_EXPIRED",
                              Party::kConsumer, "gone"));
    }
    {
      MutexLock lock(mu_);
      consents_.assign(request->consents().begin(), request->consents().end());
    }
    int at = request->resume_token().empty()
                 ? 0
                 : std::stoi(request->resume_token());
    events::v1::SubscribeResponse response;
    response.set_resume_token(absl::StrCat(at));
    writer->Write(response);
    for (const int last = at + 3; at < last;) {
      response.set_resume_token(absl::StrCat(++at));
      response.mutable_event()->set_id(absl::StrCat("event ", at));
      response.mutable_event()->set_type("moved_in");
      response.mutable_event()->set_subject("somebody");
      writer->Write(response);
    }
    if (breaks) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "it broke");
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(2));
    return grpc::Status::OK;
  }

  std::vector<std::string> heard() {
    MutexLock lock(mu_);
    return heard_;
  }
  // Of the newest subscription.
  std::vector<std::string> consents() {
    MutexLock lock(mu_);
    return consents_;
  }
  std::vector<std::string> ids() {
    MutexLock lock(mu_);
    return ids_;
  }

  std::atomic<int> away = 0;  // how many calls are not answered well
  std::atomic<bool> breaks = false;
  std::atomic<const char*> expired = "none";

 private:
  using HoldingsService = holdings::v1::HoldingsService;
  using EventsService = events::v1::EventsService;

  grpc::Status Hear(std::string what) {
    if (away.fetch_sub(1) > 0)
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "not now");
    MutexLock lock(mu_);
    heard_.push_back(std::move(what));
    return grpc::Status::OK;
  }

  int port_ = 0;
  Mutex mu_;
  std::shared_ptr<grpc::Channel> channel_ PSM_GUARDED_BY(mu_);
  std::vector<std::string> heard_ PSM_GUARDED_BY(mu_);
  std::vector<std::string> ids_ PSM_GUARDED_BY(mu_);
  std::vector<std::string> consents_ PSM_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Server> server_;
};

class LifeEventsTest : public testing::Test {
 protected:
  void SetUp() override {
    static constexpr Migration kMigrations[] = {
        {1, "create table taken (id text not null);"}};
    auto database = Database::Open(folder_.path() + "/x.sqlite", kMigrations);
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
  }
  std::unique_ptr<Outbox> StartOutbox() {
    auto outbox = Outbox::Start(*database_, gateway_.source());
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return *std::move(outbox);
  }
  std::unique_ptr<EventSubscription> Follow(
      EventSubscriptionOptions options = {}) {
    options.affair = "benefit";
    auto subscription = EventSubscription::Start(
        *database_, gateway_.source(), std::move(options),
        [this](soci::session& session, const LifeEvent& event) {
          if (event.id == refused_)
            return absl::InternalError("cannot take it");
          session << "insert into taken (id) values (:id)", soci::use(event.id);
          return absl::OkStatus();
        });
    EXPECT_TRUE(subscription.ok()) << subscription.status();
    return *std::move(subscription);
  }
  std::vector<std::string> Taken() {
    std::vector<std::string> ids;
    EXPECT_TRUE(database_
                    ->Read([&](soci::session& session) {
                      ids.resize(1000);
                      session << "select id from taken order by rowid",
                          soci::into(ids);
                      return absl::OkStatus();
                    })
                    .ok());
    return ids;
  }

  TempFolder folder_;
  Gateway gateway_;
  std::unique_ptr<Database> database_;
  std::string refused_;
};

TEST_F(LifeEventsTest, TheOutboxTellsInOrderAndTogetherWhatBelongsTogether) {
  auto outbox = StartOutbox();
  ASSERT_TRUE(
      database_
          ->Write([&](soci::session& session) -> absl::Status {
            for (int i = 0; i < 1000; ++i) {
              PSM_RETURN_IF_ERROR(
                  outbox->Declare(session, kService, absl::StrCat("p", i)));
            }
            PSM_RETURN_IF_ERROR(outbox->SetProtection(session, "p1", true));
            PSM_RETURN_IF_ERROR(
                outbox->Publish(session, "moved_out", "p2", "2026-11-22"));
            return outbox->End(session, kService, "p2");
          })
          .ok());
  outbox->Wake();
  ASSERT_TRUE(Await([&] { return outbox->Waiting().value_or(1) == 0; }));
  EXPECT_EQ(
      gateway_.heard(),
      (std::vector<std::string>{"declare 1000 from p0", "protect p1 yes",
                                "publish moved_out p2 2026-11-22", "end p2"}));
}

TEST_F(LifeEventsTest, TheStreamMovesWhereTheChannelIsAnother) {
  auto subscription = Follow();
  ASSERT_TRUE(Await([&] { return Taken().size() == 3; }));
  gateway_.Renew();
  // This gateway gives three more to whoever comes back behind the third.
  ASSERT_TRUE(Await([&] { return Taken().size() == 6; }));
  EXPECT_EQ(Taken().back(), "event 6");
}

TEST_F(LifeEventsTest, ANewConsentIsSubscribedWithAtOnceAndNothingComesTwice) {
  std::atomic<int> count = 0;
  EventSubscriptionOptions options;
  options.consents = [&count] {
    return std::vector<std::string>(static_cast<std::size_t>(count.load()),
                                    "token");
  };
  auto subscription = Follow(std::move(options));
  ASSERT_TRUE(Await([&] { return Taken().size() == 3; }));
  EXPECT_TRUE(gateway_.consents().empty());
  count = 2;
  subscription->Refresh();
  ASSERT_TRUE(Await([&] { return gateway_.consents().size() == 2; }));
  ASSERT_TRUE(Await([&] { return Taken().size() == 6; }));
  EXPECT_EQ(Taken().back(), "event 6");
  count = 1000;
  subscription->Refresh();
  EXPECT_TRUE(Await([&] { return gateway_.consents().size() == 256; }));
}

TEST_F(LifeEventsTest, WhatIsRolledBackIsNeverTold) {
  auto outbox = StartOutbox();
  EXPECT_FALSE(database_
                   ->Write([&](soci::session& session) -> absl::Status {
                     PSM_RETURN_IF_ERROR(
                         outbox->Declare(session, kService, "p"));
                     return absl::InternalError("no");
                   })
                   .ok());
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& session) {
                    return outbox->End(session, kService, "q");
                  })
                  .ok());
  outbox->Wake();
  ASSERT_TRUE(Await([&] { return outbox->Waiting().value_or(1) == 0; }));
  EXPECT_EQ(gateway_.heard(), std::vector<std::string>{"end q"});
}

TEST_F(LifeEventsTest, AGatewayThatIsAwayIsToldLaterUnderTheSameExchangeId) {
  gateway_.away = 4;
  auto outbox = StartOutbox();
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& session) {
                    return outbox->Publish(session, "born", "p", "2026-11-22");
                  })
                  .ok());
  outbox->Wake();
  ASSERT_TRUE(Await([&] { return outbox->Waiting().value_or(1) == 0; }));
  const std::vector<std::string> ids = gateway_.ids();
  ASSERT_EQ(ids.size(), 5u);
  for (const std::string& id : ids) EXPECT_EQ(id, ids.front());
  EXPECT_NE(ids.front(), "");
}

TEST_F(LifeEventsTest, WhatIsRefusedForGoodDoesNotHoldUpTheRest) {
  auto outbox = StartOutbox();
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& session) -> absl::Status {
                    PSM_RETURN_IF_ERROR(
                        outbox->Publish(session, "unknown", "p", "2026-11-22"));
                    return outbox->Publish(session, "born", "p", "2026-11-22");
                  })
                  .ok());
  outbox->Wake();
  ASSERT_TRUE(Await([&] { return outbox->Waiting().value_or(1) == 0; }));
  EXPECT_EQ(gateway_.heard(),
            std::vector<std::string>{"publish born p 2026-11-22"});
}

TEST_F(LifeEventsTest, ASubscriptionGoesOnBehindTheLastEventThatWasTaken) {
  gateway_.breaks = true;
  {
    auto subscription = Follow();
    ASSERT_TRUE(Await([&] { return Taken().size() >= 6; }));
  }
  gateway_.breaks = false;
  const std::size_t before = Taken().size();
  auto subscription = Follow();
  ASSERT_TRUE(Await([&] { return Taken().size() >= before + 3; }));
  const std::vector<std::string> taken = Taken();
  for (std::size_t i = 0; i < taken.size(); ++i)
    EXPECT_EQ(taken[i], absl::StrCat("event ", i + 1));
}

TEST_F(LifeEventsTest, AnEventThatIsNotTakenComesAgain) {
  refused_ = "event 2";
  {
    auto subscription = Follow();
    ASSERT_TRUE(Await([&] { return !Taken().empty(); }));
  }
  EXPECT_EQ(Taken(), std::vector<std::string>{"event 1"});
  refused_ = "";
  auto subscription = Follow();
  ASSERT_TRUE(Await([&] { return Taken().size() >= 3; }));
  EXPECT_EQ(Taken()[1], "event 2");
}

TEST_F(LifeEventsTest, WhoWasAwayForTooLongReconcilesAndGoesOn) {
  {
    auto subscription = Follow();
    ASSERT_TRUE(Await([&] { return Taken().size() == 3; }));
  }
  gateway_.expired = "3";
  EventSubscriptionOptions options;
  std::atomic<int> reconciled = 0;
  options.missed = [&](soci::session&) {
    ++reconciled;
    return absl::OkStatus();
  };
  auto subscription = Follow(std::move(options));
  ASSERT_TRUE(Await([&] { return Taken().size() == 6; }));
  EXPECT_EQ(reconciled, 1);
}

}  // namespace
}  // namespace psm::agency
