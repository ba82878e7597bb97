#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "tests/support/mesh.h"

using psm::tax::v1::TaxService;

TEST(Example, OnlyWhatWasAgreedIsReleased) {
  auto mesh = psm::testing::Mesh::Start();
  ASSERT_TRUE(mesh.ok()) << mesh.status();
  psm::tax::v1::GetTaxStatusRequest request;
  request.set_subject((*mesh)->Person("hanako").CodeAt("akatsuki"));
  psm::CallOptions call{.affair = "benefit-tax-exempt",
                        .provider = "yunagi/tax"};

  auto reply = (*mesh)
                   ->Client("akatsuki/benefits")
                   .Call(&TaxService::Stub::GetTaxStatus, call, request);
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply->category(), psm::tax::v1::GetTaxStatusResponse::EXEMPT);
  EXPECT_EQ(reply->income_yen(), 0) << "not agreed, not released";
  auto records = (*mesh)->Records({.exchange_id = reply.exchange_id});
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(records->front().released(0), "category");
}
