#include "mesh/gateway/reflection.h"

#include <set>

#include "grpc/reflection/v1/reflection.pb.h"
#include "gtest/gtest.h"
#include "mesh/exchange/exchange_fixture.h"

namespace psm {
namespace {

namespace rpc = grpc::reflection::v1;

class ReflectionTest : public ExchangeFixture {
 protected:
  rpc::ServerReflectionResponse Ask(
      const rpc::ServerReflectionRequest& request) {
    rpc::ServerReflectionResponse response;
    EXPECT_TRUE(response.ParseFromString(
        reflection_.Answer(policy_, request.SerializeAsString())));
    return response;
  }

  Reflection reflection_;
};

TEST_F(ReflectionTest, ListsWhatIsCarriedAndWhatIsTheGatewaysOwn) {
  rpc::ServerReflectionRequest request;
  request.set_list_services("*");
  const rpc::ServerReflectionResponse response = Ask(request);
  std::set<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    EXPECT_TRUE(names.insert(service.name()).second) << service.name();
  }
  EXPECT_TRUE(names.count("psm.tax.v1.TaxService"));
  EXPECT_TRUE(names.count("psm.linkage.v1.LinkageService"));
  EXPECT_TRUE(names.count("grpc.health.v1.Health"));
  EXPECT_FALSE(names.count("psm.consent.v1.ConsentFeedService"))
      << "identity serves it to the gateway alone";
}

TEST_F(ReflectionTest, GivesAFileWithAllThatItImports) {
  rpc::ServerReflectionRequest request;
  request.set_file_containing_symbol("psm.tax.v1.TaxService");
  const rpc::ServerReflectionResponse response = Ask(request);
  std::set<std::string> files;
  for (const std::string& bytes :
       response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(bytes));
    for (const std::string& import : file.dependency()) {
      EXPECT_NE(import, file.name());
    }
    files.insert(file.name());
  }
  EXPECT_TRUE(files.count("psm/tax/v1/tax.proto"));
  EXPECT_TRUE(files.count("psm/annotations/v1/annotations.proto"));
  EXPECT_TRUE(files.count("google/protobuf/timestamp.proto"));
}

TEST_F(ReflectionTest, WhatIsKeptIsThatOfTheContractsInForce) {
  rpc::ServerReflectionRequest request;
  request.set_file_containing_symbol("psm.tax.v1.TaxService");
  const std::string first = Ask(request).SerializeAsString();
  EXPECT_EQ(Ask(request).SerializeAsString(), first);
  // Contracts of which nothing is the same but what they say.
  const std::weak_ptr<const PolicyEngine> before = policy_;
  policy_ = MakePolicy("");
  EXPECT_TRUE(before.expired()) << "kept longer than it is in force";
  EXPECT_EQ(Ask(request).SerializeAsString(), first);
}

TEST_F(ReflectionTest, WhatIsNotThereIsAnErrorInTheAnswer) {
  rpc::ServerReflectionRequest request;
  request.set_file_by_filename("no/such.proto");
  EXPECT_EQ(Ask(request).error_response().error_code(), 5);
  EXPECT_EQ(Ask(rpc::ServerReflectionRequest()).error_response().error_code(),
            3);
  rpc::ServerReflectionResponse junk;
  ASSERT_TRUE(junk.ParseFromString(reflection_.Answer(policy_, "\xff\xff")));
  EXPECT_EQ(junk.error_response().error_code(), 3);
}

TEST_F(ReflectionTest, FindsTheAnnotationsByNumber) {
  rpc::ServerReflectionRequest request;
  request.mutable_file_containing_extension()->set_containing_type(
      "google.protobuf.MethodOptions");
  request.mutable_file_containing_extension()->set_extension_number(50100);
  EXPECT_GT(
      Ask(request).file_descriptor_response().file_descriptor_proto_size(), 0);
  rpc::ServerReflectionRequest numbers;
  numbers.set_all_extension_numbers_of_type("google.protobuf.FieldOptions");
  EXPECT_EQ(Ask(numbers).all_extension_numbers_response().extension_number(0),
            50100);
}

}  // namespace
}  // namespace psm
