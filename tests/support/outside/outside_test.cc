// A scenario outside the checkout: an office that is in nobody's configuration
// but its own.
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "tests/support/mesh.h"

namespace {

using psm::records::v1::Record;
using psm::tax::v1::TaxService;

constexpr char kOffice[] = R"text(
agencies { id: "sakura" name { ja: "さくら町" en: "Sakura" } kind: ADMINISTRATIVE }
systems { id: "sakura/welfare" }
agreements {
  id: "sakura-welfare-yunagi-tax"
  version: 1
  consumer: "sakura/welfare"
  affair: "benefit-tax-exempt"
  statute { ja: "番号法第19条第8号" en: "Number Act, art. 19(viii)"
}
grants{
  method : "psm.tax.v1.TaxService/GetTaxStatus" attributes : "category"
  providers : "yunagi/tax"
} valid_from : "2026-01-01"
})text";

TEST(Outside, AnOfficeOfOnesOwnAsksAndIsRecorded) {
  auto mesh = psm::testing::Mesh::Start({.agreements = kOffice});
  ASSERT_TRUE(mesh.ok()) << mesh.status();
  auto ask = [&](const std::string& code, const std::string& affair) {
    psm::tax::v1::GetTaxStatusRequest request;
    request.set_subject(code);
    return (*mesh)
        ->Client("sakura/welfare")
        .Call(&TaxService::Stub::GetTaxStatus,
              {.affair = affair, .provider = "yunagi/tax"}, request);
  };
  const std::string hanako = (*mesh)->Person("hanako").CodeAt("sakura");
  auto reply = ask(hanako, "benefit-tax-exempt");
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply->category(), psm::tax::v1::GetTaxStatusResponse::EXEMPT);
  EXPECT_EQ(psm::ReasonOf(ask(hanako, "collect-arrears").status),
            "NO_AGREEMENT");
  EXPECT_EQ((*mesh)
                ->Records({.consumer = "sakura/welfare",
                           .person = "hanako",
                           .kind = Record::EXCHANGE})
                ->size(),
            1u);
}

}  // namespace
