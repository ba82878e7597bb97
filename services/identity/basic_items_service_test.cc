#include "services/identity/basic_items_service.h"

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;

class BasicItemsServiceTest : public testing::Test {
 protected:
  v1::GetBasicItemsResponse Get(const std::vector<std::string>& attributes) {
    FakeCall call("hoshizora-bank/customers", "customer-address", attributes);
    v1::GetBasicItemsRequest request;
    request.set_subject("hanako");
    v1::GetBasicItemsResponse response;
    EXPECT_TRUE(
        service_.GetBasicItems(call.context(), &request, &response).ok());
    return response;
  }
  TestWorld world_;
  BasicItemsService service_{world_.holders.get()};
};

TEST_F(BasicItemsServiceTest, GivesAllThatIsGranted) {
  const auto all = Get({"address", "birth_date", "kana", "name", "sex"});
  EXPECT_EQ(all.name(), "架空　hanako");
  EXPECT_EQ(all.kana(), "カクウ　hanako");
  EXPECT_EQ(all.address(), "架空県あかつき市1-2-3");
  EXPECT_EQ(all.birth_date(), "1990-04-01");
  EXPECT_EQ(all.sex(), 2);
  EXPECT_EQ(all.as_of_time().seconds(), 1760000000);
}

TEST_F(BasicItemsServiceTest, GivesNothingThatIsNotGranted) {
  const auto* descriptor = v1::GetBasicItemsResponse::descriptor();
  for (const std::string attribute :
       {"name", "kana", "address", "birth_date", "sex", "none"}) {
    const auto response = Get({attribute});
    std::vector<const google::protobuf::FieldDescriptor*> set;
    response.GetReflection()->ListFields(response, &set);
    for (const auto* field : set) {
      EXPECT_TRUE(field->name() == attribute || field->name() == "as_of_time")
          << field->name();
    }
    EXPECT_EQ(set.size(), attribute == "none" ? 1u : 2u);
  }
  EXPECT_EQ(descriptor->field_count(), 6) << "this test knows six fields";
}

TEST_F(BasicItemsServiceTest, TheSameStateIsTheSameAnswer) {
  const auto before = Get({"address"}).SerializeAsString();
  world_.clock.Advance(absl::Hours(1));
  EXPECT_EQ(Get({"address"}).SerializeAsString(), before);
}

TEST_F(BasicItemsServiceTest, KnowsNobodyWithoutACard) {
  FakeCall call("accounts/accounts", "account-registration", {"kana"});
  v1::GetBasicItemsRequest request;
  for (const char* subject : {"", "nobody"}) {
    request.set_subject(subject);
    v1::GetBasicItemsResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.GetBasicItems(call.context(), &request, &response));
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonOf(status), "PERSON_UNKNOWN");
  }
}

}  // namespace
}  // namespace psm::identity
