#include "mesh/exchange/exchange_fixture.h"

namespace psm {

const char ExchangeFixture::kConfiguration[] = R"pb(
  agencies {
    id: "akatsuki"
    name { ja: "a" en: "a" }
    kind: ADMINISTRATIVE
    enrols: true
    municipality: true
    protects: true
  }
  agencies {
    id: "yunagi"
    name { ja: "y" en: "y" }
    kind: ADMINISTRATIVE
    municipality: true
    protects: true
  }
  agencies {
    id: "accounts"
    name { ja: "c" en: "c" }
    kind: ADMINISTRATIVE
    signs_in: true
  }
  agencies {
    id: "identity"
    name { ja: "i" en: "i" }
    kind: ADMINISTRATIVE
    discloses: true
  }
  agencies {
    id: "bank"
    name { ja: "b" en: "b" }
    kind: RELYING_PARTY
  }
  systems {
    id: "akatsuki/benefits"
    name { ja: "x" en: "x" }
  }
  systems {
    id: "akatsuki/residents"
    name { ja: "x" en: "x" }
    services: "psm.residents.v1.ResidentsService"
  }
  systems {
    id: "yunagi/residents"
    name { ja: "x" en: "x" }
    services: "psm.residents.v1.ResidentsService"
  }
  systems {
    id: "yunagi/tax"
    name { ja: "x" en: "x" }
    services: "psm.tax.v1.TaxService"
  }
  systems {
    id: "accounts/accounts"
    name { ja: "x" en: "x" }
    services: "psm.accounts.v1.AccountsService"
  }
  systems {
    id: "identity/identity"
    name { ja: "x" en: "x" }
    services: "psm.identity.v1.BasicItemsService"
    services: "psm.identity.v1.SignInService"
  }
  systems {
    id: "bank/customers"
    name { ja: "x" en: "x" }
  }
  affairs {
    id: "benefit"
    title { ja: "t" en: "t" }
    statute { ja: "s" en: "s" }
    purposes: "public_benefit"
  }
  affairs {
    id: "arrears"
    title { ja: "t" en: "t" }
    statute { ja: "s" en: "s" }
  }
  affairs {
    id: "address"
    title { ja: "t" en: "t" }
    statute { ja: "s" en: "s" }
  }
  affairs {
    id: "history"
    title { ja: "t" en: "t" }
    statute { ja: "s" en: "s" }
  }
  datasets {
    id: "tax"
    name { ja: "税" en: "tax" }
    attributes {
      id: "category"
      name { ja: "区分" en: "category of tax" }
    }
  }
  agreements {
    id: "benefit-tax"
    version: 3
    consumer: "akatsuki/benefits"
    affair: "benefit"
    statute { ja: "s" en: "s" }
    valid_from: "2026-01-01"
    grants {
      method: "psm.tax.v1.TaxService/GetTaxStatus"
      attributes: "category"
    }
  }
  agreements {
    id: "benefit-household"
    version: 1
    consumer: "akatsuki/benefits"
    affair: "benefit"
    statute { ja: "s" en: "s" }
    valid_from: "2026-01-01"
    grants {
      method: "psm.residents.v1.ResidentsService/GetHousehold"
      attributes: "name"
      providers: "akatsuki/residents"
    }
  }
  agreements {
    id: "benefit-account"
    version: 1
    consumer: "akatsuki/benefits"
    affair: "benefit"
    statute { ja: "s" en: "s" }
    valid_from: "2026-01-01"
    grants {
      method: "psm.accounts.v1.AccountsService/GetAccount"
      attributes: "account"
    }
    grants {
      method: "psm.accounts.v1.AccountsService/RegisterAccount"
      attributes: "account"
    }
    grants { method: "psm.identity.v1.SignInService/BeginSignIn" }
  }
  agreements {
    id: "identity-history"
    version: 1
    consumer: "identity/identity"
    affair: "history"
    statute { ja: "s" en: "s" }
    valid_from: "2026-01-01"
    grants {
      method: "psm.records.v1.RecordsService/ListRecords"
      attributes: "persons"
    }
  }
  agreements {
    id: "accounts-history"
    version: 1
    consumer: "accounts/accounts"
    affair: "history"
    statute { ja: "s" en: "s" }
    valid_from: "2026-01-01"
    grants {
      method: "psm.records.v1.RecordsService/ListRecords"
      attributes: "corporations"
    }
  }
  agreements {
    id: "bank-address"
    version: 1
    consumer: "bank/customers"
    affair: "address"
    consent {}
    valid_from: "2026-01-01"
    grants {
      method: "psm.identity.v1.BasicItemsService/GetBasicItems"
      attributes: "address"
    }
  }
)pb";

}  // namespace psm
