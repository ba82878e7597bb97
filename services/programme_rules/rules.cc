#include "services/programme_rules/rules.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/numbers.h"

namespace psm {
namespace {

using benefits::v1::AmountLine;
using benefits::v1::AmountPart;
using benefits::v1::Condition;
using benefits::v1::EligibilityRule;
using benefits::v1::FilledField;
using benefits::v1::ProgrammeDefinition;
using benefits::v1::RuleOutcome;

// What no agency said was on a paper that the applicant brought.
constexpr char kPaper[] = "paper";

}  // namespace

int AgeOn(absl::CivilDay birth, absl::CivilDay day) {
  int age = static_cast<int>(day.year() - birth.year());
  if (absl::CivilDay(day.year(), birth.month(), birth.day()) > day) --age;
  return age;
}

bool Fulfils(const Condition& condition, absl::string_view value) {
  if (value.empty()) return false;
  if (!condition.one_of().empty() &&
      std::none_of(condition.one_of().begin(), condition.one_of().end(),
                   [&](const std::string& one) { return value == one; })) {
    return false;
  }
  if (condition.has_at_least() || condition.has_at_most()) {
    std::int64_t number = 0;
    if (!absl::SimpleAtoi(value, &number)) return false;
    if (condition.has_at_least() && number < condition.at_least()) return false;
    if (condition.has_at_most() && number > condition.at_most()) return false;
  }
  if (condition.has_age()) {
    absl::CivilDay birth, day;
    if (!absl::ParseCivilTime(value, &birth) ||
        !absl::ParseCivilTime(condition.age().on_date(), &day) || birth > day) {
      return false;
    }
    const int age = AgeOn(birth, day);
    if (age < condition.age().from()) return false;
    if (condition.age().below() > 0 && age >= condition.age().below())
      return false;
  }
  return true;
}

std::vector<RuleOutcome> CheckRules(const ProgrammeDefinition& definition,
                                    absl::Span<const FilledField> fields) {
  std::vector<RuleOutcome> outcomes;
  for (const EligibilityRule& rule : definition.rules()) {
    RuleOutcome outcome;
    outcome.set_text_ja(rule.text_ja());
    outcome.set_text_en(rule.text_en());
    int looked_at = 0, fulfil = 0;
    std::set<std::string> providers;
    for (const FilledField& field : fields) {
      if (field.field().id() != rule.condition().field()) continue;
      if (rule.scope() == EligibilityRule::HEAD && field.member() != 0)
        continue;
      ++looked_at;
      providers.insert(field.provider().empty() ? kPaper : field.provider());
      if (Fulfils(rule.condition(), field.value())) {
        ++fulfil;
      } else {
        outcome.add_members_against(field.member());
      }
    }
    outcome.mutable_providers()->Add(providers.begin(), providers.end());
    // Nobody at all fulfils nothing.
    outcome.set_fulfilled(rule.scope() == EligibilityRule::ANY_MEMBER
                              ? fulfil > 0
                              : looked_at > 0 && fulfil == looked_at);
    if (outcome.fulfilled()) outcome.clear_members_against();
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Amount AmountFor(const ProgrammeDefinition& definition,
                 absl::Span<const FilledField> fields) {
  Amount amount;
  const auto add = [&amount](const std::string& ja, const std::string& en,
                             std::int64_t yen, int count) {
    if (yen == 0 || count == 0) return;
    AmountLine& line = amount.lines.emplace_back();
    line.set_text_ja(ja);
    line.set_text_en(en);
    line.set_yen(yen);
    line.set_count(count);
    amount.yen += yen * count;
  };
  add("世帯につき", "for the household", definition.programme().amount_yen(),
      1);
  for (const AmountPart& part : definition.amounts()) {
    const auto count = std::count_if(
        fields.begin(), fields.end(), [&](const FilledField& field) {
          return field.field().id() == part.each_member().field() &&
                 Fulfils(part.each_member(), field.value());
        });
    add(part.text_ja(), part.text_en(), part.yen(), static_cast<int>(count));
  }
  if (definition.cap_yen() > 0 && amount.yen > definition.cap_yen()) {
    add("上限による調整", "down to the limit",
        definition.cap_yen() - amount.yen, 1);
  }
  return amount;
}

bool IsInPeriod(const benefits::v1::Programme& programme, absl::CivilDay day) {
  absl::CivilDay bound;
  if (absl::ParseCivilTime(programme.first_date(), &bound) && day < bound)
    return false;
  return !absl::ParseCivilTime(programme.last_date(), &bound) || day <= bound;
}

}  // namespace psm
