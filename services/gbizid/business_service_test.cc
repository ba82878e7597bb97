#include "services/gbizid/business_service.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/base/temp_folder.h"
#include "psm/annotations/v1/annotations.pb.h"
#include "services/gbizid/schema.h"

namespace psm {
namespace {

using gbizid::v1::GetBusinessRequest;
using gbizid::v1::GetBusinessResponse;
using seed::v1::Business;

constexpr char kNumber[] = "7123456789012";

Business Seed() {
  Business business;
  business.set_corporate_number(kNumber);
  business.set_name("株式会社あかつき見本製作所");
  business.set_kana("アカツキミホンセイサクショ");
  business.set_address("あかつき市本町1番1号");
  business.set_representative("見本 一郎");
  business.set_establishment_date("1999-04-01");
  business.set_employees(12);
  business.set_capital_yen(30'000'000'000);
  business.set_account_type(GetBusinessResponse::PRIME);
  return business;
}

class BusinessServiceTest : public testing::Test {
 protected:
  absl::Status Import(const std::vector<Business>& businesses) {
    return businesses_.ImportOnce(
        now_, [&](BusinessRegister::Take take) -> absl::Status {
          for (const Business& business : businesses)
            PSM_RETURN_IF_ERROR(take(business));
          return absl::OkStatus();
        });
  }

  grpc::Status Get(const std::string& number,
                   const std::vector<std::string>& attributes,
                   GetBusinessResponse* response) {
    agency::FakeCall call("akatsuki/benefits", "business-subsidy", attributes);
    GetBusinessRequest request;
    request.set_corporate_number(number);
    return service_.GetBusiness(call.context(), &request, response);
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'780'000'000);
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("gbizid.sqlite"), gbizid::Migrations());
  BusinessRegister businesses_{database_.get()};
  BusinessService service_{&businesses_};
};

TEST_F(BusinessServiceTest, GivesEveryGrantedItem) {
  ASSERT_TRUE(Import({Seed()}).ok());
  GetBusinessResponse got;
  ASSERT_TRUE(
      Get(kNumber,
          {"name", "kana", "address", "representative", "establishment_date",
           "employees", "capital", "account_type"},
          &got)
          .ok());
  EXPECT_EQ(got.corporate_number(), kNumber);
  EXPECT_EQ(got.name(), Seed().name());
  EXPECT_EQ(got.kana(), Seed().kana());
  EXPECT_EQ(got.address(), Seed().address());
  EXPECT_EQ(got.representative(), Seed().representative());
  EXPECT_EQ(got.establishment_date(), "1999-04-01");
  EXPECT_EQ(got.employees(), 12);
  EXPECT_EQ(got.capital_yen(), 30'000'000'000);
  EXPECT_EQ(got.account_type(), GetBusinessResponse::PRIME);
  EXPECT_EQ(got.as_of_time().seconds(), 1'780'000'000);
}

// Walks the contract, so that an attribute added there is not forgotten here.
TEST_F(BusinessServiceTest, SendsOnlyTheAttributeThatIsGranted) {
  ASSERT_TRUE(Import({Seed()}).ok());
  std::set<std::string> attributes = {"unknown"};
  const auto* fields = GetBusinessResponse::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const auto& contract =
        fields->field(i)->options().GetExtension(annotations::v1::field);
    if (!contract.attribute().empty()) attributes.insert(contract.attribute());
  }
  EXPECT_EQ(attributes.size(), 9U);
  for (const std::string& granted : attributes) {
    GetBusinessResponse got;
    ASSERT_TRUE(Get(kNumber, {granted}, &got).ok());
    std::vector<const google::protobuf::FieldDescriptor*> sent;
    got.GetReflection()->ListFields(got, &sent);
    for (const google::protobuf::FieldDescriptor* field : sent) {
      const auto& contract =
          field->options().GetExtension(annotations::v1::field);
      if (!contract.attribute().empty()) {
        EXPECT_EQ(contract.attribute(), granted);
      }
    }
    EXPECT_EQ(sent.size(), granted == "unknown" ? 2U : 3U) << granted;
  }
}

TEST_F(BusinessServiceTest, RefusesWhatIsMalformedAndWhatIsUnknown) {
  ASSERT_TRUE(Import({Seed()}).ok());
  GetBusinessResponse got;
  for (const std::string number : {"", "712345678901", "1123456789012"}) {
    grpc::Status status = Get(number, {"name"}, &got);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(agency::FromGrpc(status)), "CORPORATE_NUMBER_MALFORMED");
  }
  grpc::Status unknown = Get("4011001098993", {"name"}, &got);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(agency::FromGrpc(unknown)), "BUSINESS_UNKNOWN");
  EXPECT_TRUE(got.name().empty());
}

TEST_F(BusinessServiceTest, SeedsEnterOnceAndAllOrNone) {
  Business bad = Seed();
  bad.set_corporate_number("1123456789012");
  EXPECT_EQ(ReasonOf(Import({Seed(), bad})), "SEED_INVALID");
  bad = Seed();
  bad.set_corporate_number("4011001098993");
  bad.set_account_type(0);
  EXPECT_EQ(ReasonOf(Import({Seed(), bad})), "SEED_INVALID");
  EXPECT_EQ(Import({Seed(), Seed()}).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(businesses_.Find(kNumber).ok());
  EXPECT_TRUE(Import({Seed()}).ok());
  EXPECT_TRUE(Import({Seed()}).ok());  // the next start
  EXPECT_TRUE(businesses_.Find(kNumber).ok());
}

}  // namespace
}  // namespace psm
