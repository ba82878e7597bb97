#include "services/identity/history_service.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;

class FakeRecords : public agency::RecordPages {
 public:
  absl::StatusOr<records::v1::ListRecordsResponse> List(
      const agency::CallContext&,
      const records::v1::ListRecordsRequest& request) override {
    asked.push_back(request);
    return answer;
  }
  absl::StatusOr<records::v1::ListRecordsResponse> answer =
      records::v1::ListRecordsResponse();
  std::vector<records::v1::ListRecordsRequest> asked;
};

class HistoryServiceTest : public testing::Test {
 protected:
  absl::Status List(const v1::ListHistoryRequest& request,
                    const std::vector<std::string>& attributes = {"records"}) {
    FakeCall call("portal/terminal", "own-request", attributes);
    response_.Clear();
    return agency::FromGrpc(
        service_.ListHistory(call.context(), &request, &response_));
  }
  FakeRecords records_;
  HistoryService service_{&records_};
  v1::ListHistoryResponse response_;
};

TEST_F(HistoryServiceTest, PassesQuestionAndRecordsThrough) {
  records::v1::ListRecordsResponse page;
  page.add_records()->set_consumer("akatsuki/tax");
  page.mutable_records(0)->set_kind(records::v1::Record::REFUSAL);
  page.mutable_records(0)->set_reason("NO_AGREEMENT");
  page.add_records()->set_consumer("accounts/accounts");
  page.add_texts()->mutable_outcome()->set_ja("拒否");
  page.add_texts();
  page.set_next_page_token("more");
  records_.answer = page;
  v1::ListHistoryRequest request;
  request.set_subject("hanako");
  request.mutable_start_time()->set_seconds(5);
  request.mutable_end_time()->set_seconds(9);
  request.set_page_size(20);
  request.set_page_token("here");
  ASSERT_TRUE(List(request).ok());
  ASSERT_EQ(records_.asked.size(), 1u);
  EXPECT_EQ(records_.asked[0].subject(), "hanako");
  EXPECT_EQ(records_.asked[0].start_time().seconds(), 5);
  EXPECT_EQ(records_.asked[0].end_time().seconds(), 9);
  EXPECT_EQ(records_.asked[0].page_size(), 20);
  EXPECT_EQ(records_.asked[0].page_token(), "here");
  ASSERT_EQ(response_.records_size(), 2);
  EXPECT_EQ(response_.records(0).SerializeAsString(),
            page.records(0).SerializeAsString());
  EXPECT_EQ(response_.records(1).consumer(), "accounts/accounts");
  ASSERT_EQ(response_.texts_size(), 2);
  EXPECT_EQ(response_.texts(0).outcome().ja(), "拒否");
  EXPECT_EQ(response_.next_page_token(), "more");
}

// The child and the mother of one exchange, each with the other's name.
TEST(ActingHistoryTest, NamesBothPersonsInBothLanguages) {
  TestWorld world;
  Representations representations(world.database.get(), &world.clock);
  StoredRepresentation stored;
  stored.id = "representation-1";
  stored.subject = "jiro";
  stored.representative = "hanako";
  stored.start_time = world.clock.Now();
  stored.expire_time = stored.start_time + absl::Hours(1);
  ASSERT_TRUE(world.database
                  ->Write([&](soci::session& sql) {
                    Representations::Insert(sql, stored);
                    return absl::OkStatus();
                  })
                  .ok());
  FakeRecords records;
  HistoryService service(&records, &representations, world.holders.get());
  const auto said = [&](const std::string& person, bool acting,
                        const std::string& id) {
    records::v1::ListRecordsResponse page;
    records::v1::Record& record = *page.add_records();
    record.set_representation_id(id);
    record.set_acting(acting);
    page.add_texts();
    records.answer = page;
    FakeCall call("portal/terminal", "own-request", {"records"});
    v1::ListHistoryRequest request;
    request.set_subject(person);
    v1::ListHistoryResponse response;
    EXPECT_TRUE(service.ListHistory(call.context(), &request, &response).ok());
    EXPECT_EQ(response.SerializeAsString().find("1-2-3"), std::string::npos)
        << "an address";
    return response.texts(0).representation();
  };
  EXPECT_EQ(said("jiro", false, stored.id).en(),
            "by your parent 架空　hanako, acting for you");
  EXPECT_EQ(said("jiro", false, stored.id).ja(),
            "あなたの親権者(架空　hanakoさん)が代わって行いました");
  EXPECT_EQ(said("hanako", true, stored.id).en(),
            "you, acting as parent for 架空　jiro");
  EXPECT_EQ(said("hanako", true, stored.id).ja(),
            "あなたが架空　jiroさんの親権者として行いました");
  // Nothing of a record that is not that person's, or names nothing known.
  EXPECT_EQ(said("taro", false, stored.id).en(), "");
  EXPECT_EQ(said("hanako", false, stored.id).en(), "");
  EXPECT_EQ(said("jiro", false, "another").en(), "");
  EXPECT_EQ(said("jiro", false, "").en(), "");
}

TEST_F(HistoryServiceTest, TimesThatWereNotAskedForAreNotSent) {
  v1::ListHistoryRequest request;
  request.set_page_size(-1);
  ASSERT_TRUE(List(request).ok());
  EXPECT_FALSE(records_.asked[0].has_start_time());
  EXPECT_FALSE(records_.asked[0].has_end_time());
  EXPECT_EQ(records_.asked[0].page_size(), 0);
}

TEST_F(HistoryServiceTest, WhoIsNotGrantedRecordsGetsNoneAndNoneAreRead) {
  records_.answer->add_records();
  ASSERT_TRUE(List({}, {}).ok());
  EXPECT_EQ(response_.records_size(), 0);
  EXPECT_TRUE(records_.asked.empty());
}

TEST_F(HistoryServiceTest, FailuresBecomeTheContractsReasons) {
  struct Row {
    absl::StatusCode code;
    const char* reason;
    absl::StatusCode expected_code;
    const char* expected_reason;
  };
  using Code = absl::StatusCode;
  for (const Row& row :
       {Row{Code::kInvalidArgument, "PAGE_TOKEN_INVALID",
            Code::kInvalidArgument, "PAGE_TOKEN_INVALID"},
        Row{Code::kUnavailable, "RECORDS_UNAVAILABLE", Code::kUnavailable,
            "RECORDS_UNAVAILABLE"},
        Row{Code::kUnavailable, "", Code::kUnavailable, "RECORDS_UNAVAILABLE"},
        Row{Code::kPermissionDenied, "NOT_A_DISCLOSING_AGENCY",
            Code::kUnavailable, "RECORDS_UNAVAILABLE"}}) {
    records_.answer = MakeError(row.code, row.reason, Party::kGateway, "text");
    const absl::Status status = List({});
    EXPECT_EQ(status.code(), row.expected_code) << row.reason;
    EXPECT_EQ(ReasonOf(status), row.expected_reason) << row.reason;
  }
}

}  // namespace
}  // namespace psm::identity
