// What the registry of corporations has of a business.
#ifndef PSM_SERVICES_GENERATOR_CORPORATION_H_
#define PSM_SERVICES_GENERATOR_CORPORATION_H_

#include <string>

#include "psm/seed/v1/seed.pb.h"

namespace psm {

// The business with its English name, and its address in ids of the registry of
// addresses as far as that reads it.
seed::v1::Corporation CorporationOf(const seed::v1::Business& business,
                                    const std::string& name_en);

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_CORPORATION_H_
