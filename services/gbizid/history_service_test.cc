#include "services/gbizid/history_service.h"

#include <string>
#include <vector>

#include "services/gbizid/test_office.h"

namespace psm::gbizid {
namespace {

// Gives one record of whatever corporation is asked for, or fails.
class KeptRecords final : public agency::RecordPages {
 public:
  absl::StatusOr<records::v1::ListRecordsResponse> List(
      const agency::CallContext&,
      const records::v1::ListRecordsRequest& request) override {
    asked.push_back(request);
    if (!status.ok()) return status;
    records::v1::ListRecordsResponse response;
    response.add_records()->set_corporation(request.corporation());
    response.add_texts();
    response.set_next_page_token("next");
    return response;
  }
  absl::Status status;
  std::vector<records::v1::ListRecordsRequest> asked;
};

class BusinessHistoryTest : public Office {
 protected:
  auto List(const std::string& session, const std::string& number) {
    v1::ListBusinessHistoryRequest request;
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_page_size(7);
    request.set_page_token("token");
    return history_.List(Call(), request);
  }
  KeptRecords records_;
  BusinessHistoryService history_{parts_, &records_};
};

TEST_F(BusinessHistoryTest, APrimeReadsItsOwnCorporationsRecords) {
  const std::string prime = Prime(kAlpha, "a@alpha.example", "ichiro");
  const auto page = List(prime, kAlpha);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->records_size(), 1);
  EXPECT_EQ(page->records(0).corporation(), kAlpha);
  EXPECT_EQ(page->texts_size(), 1);
  EXPECT_EQ(page->next_page_token(), "next");
  ASSERT_EQ(records_.asked.size(), 1u);
  EXPECT_EQ(records_.asked[0].corporation(), kAlpha);
  EXPECT_EQ(records_.asked[0].subject(), "");
  EXPECT_EQ(records_.asked[0].page_size(), 7);
  EXPECT_EQ(records_.asked[0].page_token(), "token");
}

TEST_F(BusinessHistoryTest, NobodyElseReadsThem) {
  const std::string prime = Prime(kAlpha, "a@alpha.example", "ichiro");
  const std::string other = Prime(kBeta, "b@beta.example", "futaba");
  EXPECT_EQ(ReasonOf(List(other, kAlpha).status()), "PRIME_REQUIRED");
  EXPECT_EQ(ReasonOf(List(prime, "").status()), "PRIME_REQUIRED");
  Join(prime, "m@alpha.example", v1::RoleGrant::APPLICANT);
  EXPECT_EQ(ReasonOf(List(Session("m@alpha.example"), kAlpha).status()),
            "PRIME_REQUIRED")
      << "a Member";
  EXPECT_EQ(ReasonOf(List("forged", kAlpha).status()), "SESSION_INVALID");
  clock_.Advance(kSessionLifetime);
  EXPECT_EQ(ReasonOf(List(prime, kAlpha).status()), "SESSION_INVALID");
  EXPECT_TRUE(records_.asked.empty()) << "the mesh was asked all the same";
}

TEST_F(BusinessHistoryTest, WhatCannotBeReadIsNotEmpty) {
  const std::string prime = Prime(kAlpha, "a@alpha.example", "ichiro");
  records_.status = absl::UnavailableError("gone");
  EXPECT_EQ(ReasonOf(List(prime, kAlpha).status()), "RECORDS_UNAVAILABLE");
  records_.status = agency::Refusal(absl::StatusCode::kInvalidArgument,
                                    "PAGE_TOKEN_INVALID", "no");
  EXPECT_EQ(ReasonOf(List(prime, kAlpha).status()), "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace psm::gbizid
