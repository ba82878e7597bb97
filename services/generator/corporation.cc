#include "services/generator/corporation.h"

#include <memory>

#include "services/addresses/address_reader.h"
#include "services/addresses/gazetteer.h"

namespace psm {
namespace {

// The fictitious prefecture is always among the places.
const addresses::Gazetteer& Places() {
  static const std::unique_ptr<const addresses::Gazetteer> places =
      *addresses::Gazetteer::Create("");
  return *places;
}

}  // namespace

seed::v1::Corporation CorporationOf(const seed::v1::Business& business,
                                    const std::string& name_en) {
  seed::v1::Corporation corporation;
  corporation.set_corporate_number(business.corporate_number());
  corporation.set_name(business.name());
  corporation.set_kana(business.kana());
  corporation.set_name_en(name_en);
  corporation.set_address(business.address());
  const auto read = addresses::ReadAddress(Places(), business.address());
  if (read.ok()) {
    corporation.set_lg_code(read->town().lg_code());
    corporation.set_machiaza_id(read->town().machiaza_id());
    corporation.set_blk_id(read->blk_id());
    corporation.set_rsdt_id(read->rsdt_id());
  }
  corporation.set_representative(business.representative());
  corporation.set_establishment_date(business.establishment_date());
  return corporation;
}

}  // namespace psm
