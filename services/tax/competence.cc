#include "services/tax/competence.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "services/tax/assessment_rows.h"
#include "services/tax/tax_rules.h"

namespace psm {

absl::Status HearOfMove(soci::session& sql, const agency::LifeEvent& event,
                        absl::string_view agency_id) {
  absl::CivilDay day;
  if (event.publisher.empty() ||
      !absl::ParseCivilTime(event.effective_date, &day))
    return absl::OkStatus();
  const std::pair<absl::string_view, absl::string_view> publisher =
      absl::StrSplit(event.publisher, absl::MaxSplits('/', 1));
  const long long here = publisher.first == agency_id ? 1 : 0;
  // Who is not taxed here is no business of this office.
  if (here == 0 && ReadAssessments(sql, event.subject).empty() &&
      !CompetenceOf(sql, event.subject).has_value())
    return absl::OkStatus();
  sql << "INSERT INTO moves (subject, move_date, here) VALUES (:subject, "
         ":date, :here) ON CONFLICT (subject) DO UPDATE SET move_date = "
         "excluded.move_date, here = excluded.here WHERE excluded.move_date "
         ">= moves.move_date",
      soci::use(event.subject), soci::use(event.effective_date),
      soci::use(here);
  return absl::OkStatus();
}

std::optional<tax::v1::Competence> CompetenceOf(soci::session& sql,
                                                const std::string& subject) {
  std::string date;
  long long here = 0;
  sql << "SELECT move_date, here FROM moves WHERE subject = :subject",
      soci::into(date), soci::into(here), soci::use(subject);
  absl::CivilDay day;
  if (!sql.got_data() || !absl::ParseCivilTime(date, &day)) return std::nullopt;
  tax::v1::Competence competence;
  competence.set_move_date(date);
  competence.set_here(here != 0);
  // Who moves in on 1 January lives there on that day.
  const int year = static_cast<int>(day.year());
  competence.set_first_fiscal_year(day <= TaxDay(year) ? year : year + 1);
  return competence;
}

}  // namespace psm
