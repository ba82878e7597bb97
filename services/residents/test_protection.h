// For the register's tests: a mesh that is told whom to protect.
#ifndef PSM_SERVICES_RESIDENTS_TEST_PROTECTION_H_
#define PSM_SERVICES_RESIDENTS_TEST_PROTECTION_H_

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/residents/household_protection.h"
#include "services/residents/protection_flag.h"

namespace psm {

class FakeFlag final : public ProtectionFlag {
 public:
  absl::Status Set(const std::string& subject, bool is_protected,
                   const std::string& exchange_id) override {
    set.push_back((is_protected ? "+" : "-") + subject);
    exchanges.push_back(exchange_id);
    if (!answer.ok()) return answer;
    if (is_protected)
      protects.insert(subject);
    else
      protects.erase(subject);
    if (meanwhile != nullptr) std::exchange(meanwhile, nullptr)();
    return absl::OkStatus();
  }
  absl::Status answer;
  std::vector<std::string> set, exchanges;  // as it was asked to
  std::set<std::string> protects;           // as it took over
  std::function<void()> meanwhile;          // happens once it has
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_TEST_PROTECTION_H_
