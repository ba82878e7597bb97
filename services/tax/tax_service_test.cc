#include "services/tax/tax_service.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

using seed::v1::Taxpayer;
using tax::v1::GetTaxStatusRequest;
using tax::v1::GetTaxStatusResponse;

Taxpayer Status(const std::string& subject, int year,
                GetTaxStatusResponse::Category category,
                std::int64_t income_yen, std::int64_t arrears_yen) {
  Taxpayer taxpayer;
  taxpayer.set_subject(subject);
  taxpayer.set_fiscal_year(year);
  taxpayer.set_category(category);
  taxpayer.set_income_yen(income_yen);
  taxpayer.set_arrears_yen(arrears_yen);
  return taxpayer;
}

class TaxServiceTest : public testing::Test {
 protected:
  absl::Status Import(const std::vector<Taxpayer>& taxpayers) {
    return ledger_.ImportOnce(now_, [&](TaxLedger::Take take) -> absl::Status {
      for (const Taxpayer& taxpayer : taxpayers) {
        if (absl::Status s = take(taxpayer); !s.ok()) return s;
      }
      return absl::OkStatus();
    });
  }

  grpc::Status Get(const std::string& subject, int year,
                   const std::vector<std::string>& attributes,
                   GetTaxStatusResponse* response) {
    agency::FakeCall call("akatsuki/benefits", "benefit-tax-exempt",
                          attributes);
    GetTaxStatusRequest request;
    request.set_subject(subject);
    request.set_fiscal_year(year);
    return service_.GetTaxStatus(call.context(), &request, response);
  }

  const absl::TimeZone japan_ = JapanTime();
  const absl::Time now_ =
      absl::FromCivil(absl::CivilSecond(2026, 11, 22, 12, 0, 0), japan_);
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("tax.sqlite"),
                             TaxLedger::Migrations())
          .value();
  TellOfRecord tell_ = [](soci::session&, const std::string&, RecordEvent) {
    return absl::OkStatus();
  };
  TaxLedger ledger_{database_.get(), tell_};
  ManualClock clock_{now_};
  LinkReviews reviews_{database_.get(), "akatsuki", tell_};
  TaxService service_{&reviews_, &clock_};
};

TEST_F(TaxServiceTest, ACategoryIsGivenWithoutIncomeAndArrears) {
  ASSERT_TRUE(Import({Status("a", 2026, GetTaxStatusResponse::TAXED,
                             9'007'199'254'740'993, 184'000)})
                  .ok());
  GetTaxStatusResponse response;
  ASSERT_TRUE(Get("a", 0, {"category"}, &response).ok());
  EXPECT_EQ(response.category(), GetTaxStatusResponse::TAXED);
  EXPECT_EQ(response.income_yen(), 0);
  EXPECT_EQ(response.arrears_yen(), 0);

  ASSERT_TRUE(Get("a", 0, {"income"}, &response).ok());
  EXPECT_EQ(response.category(), GetTaxStatusResponse::CATEGORY_UNSPECIFIED);
  EXPECT_EQ(response.income_yen(), 9'007'199'254'740'993);
  EXPECT_EQ(response.arrears_yen(), 0);

  ASSERT_TRUE(Get("a", 0, {"arrears"}, &response).ok());
  EXPECT_EQ(response.income_yen(), 0);
  EXPECT_EQ(response.arrears_yen(), 184'000);
}

TEST_F(TaxServiceTest, TheLatestYearAnswersWhereNoneIsNamed) {
  ASSERT_TRUE(
      Import({Status("a", 2027, GetTaxStatusResponse::EXEMPT, 1, 0),
              Status("a", 2025, GetTaxStatusResponse::TAXED, 3, 0),
              Status("a", 2026, GetTaxStatusResponse::PER_CAPITA_ONLY, 2, 0)})
          .ok());
  GetTaxStatusResponse response;
  ASSERT_TRUE(Get("a", 0, {"category"}, &response).ok());
  EXPECT_EQ(response.fiscal_year(), 2027);
  EXPECT_EQ(response.category(), GetTaxStatusResponse::EXEMPT);
  // Determined on 1 June, or when it was entered where that was sooner.
  EXPECT_EQ(response.as_of_time().seconds(), absl::ToUnixSeconds(now_));

  ASSERT_TRUE(Get("a", 2026, {"category"}, &response).ok());
  EXPECT_EQ(response.fiscal_year(), 2026);
  EXPECT_EQ(response.category(), GetTaxStatusResponse::PER_CAPITA_ONLY);
  EXPECT_EQ(
      response.as_of_time().seconds(),
      absl::ToUnixSeconds(absl::FromCivil(absl::CivilDay(2026, 6, 1), japan_)));
}

TEST_F(TaxServiceTest, WhoIsNotInTheLedgerIsNoTaxpayerHere) {
  ASSERT_TRUE(
      Import({Status("a", 2026, GetTaxStatusResponse::EXEMPT, 0, 0)}).ok());
  struct Case {
    const char* subject;
    int year;
  };
  for (const Case& c : {Case{"b", 0}, Case{"a", 2025}, Case{"", 0},
                        Case{"' OR 1=1 --", 0}, Case{"a", -1}}) {
    GetTaxStatusResponse response;
    const grpc::Status status =
        Get(c.subject, c.year, {"category", "income", "arrears"}, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(ReasonOf(agency::FromGrpc(status)), "NOT_A_TAXPAYER");
    EXPECT_EQ(response.ByteSizeLong(), 0U);
  }
}

TEST_F(TaxServiceTest, TheLedgerIsFilledOnceAndWholly) {
  const Taxpayer good = Status("a", 2026, GetTaxStatusResponse::EXEMPT, 0, 0);
  for (const Taxpayer& bad :
       {good,  // the same person and year again
        Status("", 2026, GetTaxStatusResponse::EXEMPT, 0, 0),
        Status("b", 0, GetTaxStatusResponse::EXEMPT, 0, 0),
        Status("b", 2026, GetTaxStatusResponse::CATEGORY_UNSPECIFIED, 0, 0),
        Status("b", 2026, static_cast<GetTaxStatusResponse::Category>(9), 0, 0),
        Status("b", 2026, GetTaxStatusResponse::TAXED, -1, 0),
        Status("b", 2026, GetTaxStatusResponse::TAXED, 1, -1)}) {
    EXPECT_FALSE(Import({good, bad}).ok()) << bad.ShortDebugString();
    EXPECT_FALSE(ledger_.FindStatus("a", 0).ok());
  }
  ASSERT_TRUE(Import({good}).ok());
  ASSERT_TRUE(
      Import({Status("b", 2026, GetTaxStatusResponse::TAXED, 1, 0)}).ok());
  EXPECT_TRUE(ledger_.FindStatus("a", 0).ok());
  EXPECT_FALSE(ledger_.FindStatus("b", 0).ok());
}

TEST_F(TaxServiceTest, ALedgerOfTheFirstFormIsTakenOver) {
  const std::string file = folder_.File("old.sqlite");
  {
    const auto old =
        agency::Database::Open(file, TaxLedger::Migrations().first(1)).value();
    ASSERT_TRUE(old->Write([](soci::session& sql) -> absl::Status {
                     sql << "INSERT INTO taxpayers VALUES ('a', 2026, 3, "
                            "9007199254740993, 184000, 1780000000)";
                     return absl::OkStatus();
                   })
                    .ok());
  }
  const auto database =
      agency::Database::Open(file, TaxLedger::Migrations()).value();
  TaxLedger taken(database.get(), tell_);
  const auto status = taken.FindStatus("a", 0);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->category(), GetTaxStatusResponse::TAXED);
  EXPECT_EQ(status->income_yen(), 9'007'199'254'740'993);
  EXPECT_EQ(status->arrears_yen(), 184'000);
  EXPECT_EQ(status->as_of_time().seconds(), 1'780'000'000);
}

}  // namespace
}  // namespace psm
