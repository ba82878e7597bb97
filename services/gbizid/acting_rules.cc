#include "services/gbizid/acting_rules.h"

#include "google/protobuf/util/time_util.h"
#include "services/gbizid/account_rules.h"

namespace psm::gbizid {

using google::protobuf::util::TimeUtil;

const std::string& PrimeIdOf(const v1::Account& account) {
  return account.type() == v1::Account::MEMBER ? account.parent_id()
                                               : account.account_id();
}

bool IsInForce(const v1::Delegation& delegation, absl::Time now) {
  const std::int64_t time = absl::ToUnixMicros(now);
  return delegation.state() == v1::Delegation::ACCEPTED &&
         TimeUtil::TimestampToMicroseconds(delegation.start_time()) <= time &&
         time < TimeUtil::TimestampToMicroseconds(delegation.end_time());
}

bool MayActUnder(const v1::Account& account, const v1::Delegation& delegation,
                 absl::Time now) {
  return IsInForce(delegation, now) &&
         delegation.delegate_id() == PrimeIdOf(account) &&
         RoleAt(account, delegation.relying_service()) !=
             v1::RoleGrant::ROLE_UNSPECIFIED;
}

}  // namespace psm::gbizid
