#include "services/accounts/person_names.h"

#include <memory>
#include <string>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace psm {
namespace {

// Identity as it stands behind the gateway. Fails the test when it is asked in
// another way than the agreement says.
class FakeIdentity final : public identity::v1::BasicItemsService::Service {
 public:
  grpc::Status GetBasicItems(
      grpc::ServerContext* context,
      const identity::v1::GetBasicItemsRequest* request,
      identity::v1::GetBasicItemsResponse* response) override {
    EXPECT_EQ(agency::CallContext::From(*context).affair,
              "account-registration");
    EXPECT_LT(context->deadline(),
              std::chrono::system_clock::now() + std::chrono::seconds(6));
    if (request->subject() == "nameless") return grpc::Status::OK;
    if (request->subject() != "A")
      return agency::ToGrpc(agency::Refusal(absl::StatusCode::kNotFound,
                                            "PERSON_UNKNOWN", "nobody"));
    response->set_kana("ヤマダ　ハナコ");
    return grpc::Status::OK;
  }
};

class PersonNamesTest : public testing::Test {
 protected:
  PersonNamesTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&identity_);
    server_ = builder.BuildAndStart();
  }

  absl::StatusOr<std::string> Ask(const std::string& subject) {
    return names_.KanaOf(call_, subject);
  }

  FakeIdentity identity_;
  std::unique_ptr<grpc::Server> server_;
  IdentityNames names_{[this] { return server_->InProcessChannel({}); }};
  agency::CallContext call_ =
      agency::FakeCall("portal/terminal", "account-registration", {"account"})
          .call();
};

TEST_F(PersonNamesTest, GivesTheKanaThatIdentityHolds) {
  EXPECT_EQ(*Ask("A"), "ヤマダ　ハナコ");
}

TEST_F(PersonNamesTest, EveryFailureIsANameThatIsUnavailable) {
  for (const std::string subject : {"unknown", "nameless"}) {
    absl::Status status = Ask(subject).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(status), "NAME_UNAVAILABLE");
  }
  call_.deadline = SystemClock().Now() - absl::Seconds(1);
  EXPECT_EQ(ReasonOf(Ask("A").status()), "NAME_UNAVAILABLE");
}

TEST_F(PersonNamesTest, NoGatewayIsANameThatIsUnavailable) {
  TempFolder folder;
  IdentityNames names([&] {
    return grpc::CreateChannel("unix:" + folder.File("nobody-listens"),
                               grpc::InsecureChannelCredentials());
  });
  call_.deadline = SystemClock().Now() + absl::Milliseconds(500);
  EXPECT_EQ(ReasonOf(names.KanaOf(call_, "A").status()), "NAME_UNAVAILABLE");
}

}  // namespace
}  // namespace psm
