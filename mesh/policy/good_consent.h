// A consent with nothing wrong, for tests that spoil it.
#ifndef PSM_MESH_POLICY_GOOD_CONSENT_H_
#define PSM_MESH_POLICY_GOOD_CONSENT_H_

#include "absl/time/time.h"
#include "mesh/policy/consent.h"

namespace psm {

inline constexpr absl::Time kNow = absl::FromUnixSeconds(1760000000);
// In force at kNow.
inline Consent GoodConsent() {
  Consent consent;
  consent.id = "5f0c1c3e-0f0f-4c6e-9b7e-000000000001";
  consent.subject = "abcdefghijklmnopqrstuvwxyz";
  consent.consumer = "bank/customers";
  consent.affair = "customer-address";
  consent.method = "psm.identity.v1.BasicItemsService/GetBasicItems";
  consent.attributes = {"address", "name"};
  consent.issue_time = kNow - absl::Hours(1);
  consent.expire_time = kNow + absl::Hours(1);
  return consent;
}

}  // namespace psm

#endif  // PSM_MESH_POLICY_GOOD_CONSENT_H_
