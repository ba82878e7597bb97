#include "services/programmes/fit.h"

#include <algorithm>
#include <tuple>

#include "services/programme_rules/rules.h"

namespace psm {

using benefits::v1::FilledField;
using benefits::v1::RuleOutcome;
using programmes::v1::Fit;
using programmes::v1::RuleAnswer;

std::set<std::string> FieldsLookedAt(const Programme& programme) {
  std::set<std::string> fields;
  for (const auto& rule : programme.definition.rules())
    fields.insert(rule.condition().field());
  for (const auto& part : programme.definition.amounts())
    fields.insert(part.each_member().field());
  return fields;
}

Fit FitOf(const Programme& programme, absl::Span<const FilledField> fields,
          const std::set<std::string>& agreed, absl::CivilDay today) {
  const benefits::v1::Programme& published = programme.definition.programme();
  Fit fit;
  fit.set_programme(programme.id());
  fit.set_title_ja(published.title_ja());
  fit.set_title_en(published.title_en());
  fit.set_in_period(IsInPeriod(published, today));
  fit.set_last_date(published.last_date());
  bool known = true, holds = fit.in_period();
  const std::vector<RuleOutcome> outcomes =
      CheckRules(programme.definition, fields);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& rule = programme.definition.rules(static_cast<int>(i));
    RuleAnswer& answer = *fit.add_rules();
    answer.set_text_ja(outcomes[i].text_ja());
    answer.set_text_en(outcomes[i].text_en());
    answer.set_dataset(programme.DatasetOf(rule.condition().field()));
    // Whose tax a household's members pay is known with the household alone.
    if (agreed.count(answer.dataset()) == 0 ||
        agreed.count(kResidentsDataset) == 0) {
      answer.set_answer(RuleAnswer::NOT_ASKED);
      known = false;
      continue;
    }
    *answer.mutable_providers() = outcomes[i].providers();
    answer.set_answer(outcomes[i].fulfilled() ? RuleAnswer::HOLDS
                                              : RuleAnswer::HOLDS_NOT);
    holds = holds && outcomes[i].fulfilled();
  }
  fit.set_verdict(!holds ? Fit::FITS_NOT : known ? Fit::FITS : Fit::NOT_KNOWN);
  if (fit.verdict() == Fit::FITS)
    fit.set_amount_yen(AmountFor(programme.definition, fields).yen);
  return fit;
}

void SortFits(std::vector<Fit>& fits) {
  std::sort(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) {
    return std::tuple(a.verdict(), a.programme()) <
           std::tuple(b.verdict(), b.programme());
  });
}

}  // namespace psm
