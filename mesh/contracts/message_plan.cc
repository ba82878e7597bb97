#include "mesh/contracts/message_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace psm {
namespace {

// Numbers below this are looked up in an array, those above by bisection.
constexpr std::uint32_t kDenseNumbers = 128;

}  // namespace

void MessagePlan::Add(std::uint32_t number, absl::string_view name,
                      const FieldPlan& field) {
  if (number < kDenseNumbers) {
    if (dense_.size() <= number) dense_.resize(number + 1);
    dense_[number] = field;
  } else {
    sparse_.emplace_back(number, field);
  }
  names_.emplace_back(number, std::string(name));
  attributes_ |= field.attribute;
  if (field.message != nullptr) attributes_ |= field.message->attributes();
}

const FieldPlan* MessagePlan::FindSparse(std::uint32_t number) const {
  auto found = std::lower_bound(
      sparse_.begin(), sparse_.end(), number,
      [](const auto& entry, std::uint32_t n) { return entry.first < n; });
  if (found == sparse_.end() || found->first != number) return nullptr;
  return &found->second;
}

std::string MessagePlan::FieldName(std::uint32_t number) const {
  for (const auto& [known, name] : names_) {
    if (known == number) return absl::StrCat(name_, ".", name);
  }
  return absl::StrCat(name_, ".", number);
}

}  // namespace psm
