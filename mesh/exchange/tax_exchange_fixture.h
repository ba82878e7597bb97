// For tests: exchanges in which a benefits office asks the tax office of
// another municipality about a person.
#ifndef PSM_MESH_EXCHANGE_TAX_EXCHANGE_FIXTURE_H_
#define PSM_MESH_EXCHANGE_TAX_EXCHANGE_FIXTURE_H_

#include "mesh/exchange/exchange_fixture.h"
#include "psm/tax/v1/tax.pb.h"

namespace psm {

class TaxExchangeFixture : public ExchangeFixture {
 protected:
  static constexpr char kTax[] = "/psm.tax.v1.TaxService/GetTaxStatus";
  static constexpr char kHousehold[] =
      "/psm.residents.v1.ResidentsService/GetHousehold";

  void SetUp() override {
    ExchangeFixture::SetUp();
    tax::v1::GetTaxStatusResponse status;
    status.set_fiscal_year(2026);
    status.set_category(tax::v1::GetTaxStatusResponse::EXEMPT);
    status.set_income_yen(1200000);
    link_.providers[kTax] = Answering(status);
  }

  Ask TaxAsk(char person) {
    tax::v1::GetTaxStatusRequest request;
    request.set_subject(Code("akatsuki", person));
    return MakeAsk(kTax, "benefit", request);
  }
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_TAX_EXCHANGE_FIXTURE_H_
