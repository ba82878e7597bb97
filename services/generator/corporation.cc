#include "services/generator/corporation.h"

namespace psm {

seed::v1::Corporation CorporationOf(const seed::v1::Business& business,
                                    const std::string& name_en) {
  seed::v1::Corporation corporation;
  corporation.set_corporate_number(business.corporate_number());
  corporation.set_name(business.name());
  corporation.set_kana(business.kana());
  corporation.set_name_en(name_en);
  corporation.set_address(business.address());
  corporation.set_representative(business.representative());
  corporation.set_establishment_date(business.establishment_date());
  return corporation;
}

}  // namespace psm
