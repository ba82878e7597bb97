#include "services/residents/protection_gate.h"

#include <optional>
#include <vector>

#include "absl/status/statusor.h"

namespace psm {

absl::Status ProtectionGate::PassAnswer(
    const agency::CallContext& call,
    const residents::v1::GetHouseholdResponse& household,
    absl::CivilDay today) {
  std::vector<std::string> subjects;
  for (const residents::v1::Member& member : household.members())
    subjects.push_back(member.subject());
  return decisions_.Check(call, subjects, today);
}

absl::Status ProtectionGate::PassPerson(const agency::CallContext& call,
                                        const std::string& subject,
                                        absl::CivilDay today) {
  const absl::StatusOr<residents::v1::GetHouseholdResponse> household =
      residents_.FindHousehold(subject, today);
  if (household.ok()) return PassAnswer(call, *household, today);
  if (!absl::IsNotFound(household.status())) return household.status();
  return decisions_.Check(call, {subject}, today);
}

absl::Status ProtectionGate::PassPerson(RegisterFacts& facts,
                                        const agency::CallContext& call,
                                        const std::string& subject,
                                        absl::CivilDay today) const {
  std::vector<std::string> subjects = {subject};
  if (const std::optional<std::string> household =
          facts.ValueAt(subject, "household", today);
      household.has_value()) {
    for (const RegisteredMember& member : facts.MembersAt(*household, today))
      subjects.push_back(member.subject);
  }
  return decisions_.Check(facts.sql(), call, subjects, today);
}

absl::Status Notice::Pass(RegisterFacts& facts,
                          const std::string& person) const {
  if (gate == nullptr) return absl::OkStatus();
  return gate->PassPerson(facts, call, person, today());
}

}  // namespace psm
