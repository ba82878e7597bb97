#include "tests/attack/report.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace psm::attack {
namespace {

constexpr double kFactor = 3;
constexpr std::size_t kOutcomes = 3;  // the most frequent

std::string OutcomesOf(const Figures& figures) {
  std::vector<std::pair<std::string, std::uint64_t>> outcomes(
      figures.outcomes.begin(), figures.outcomes.end());
  std::sort(outcomes.begin(), outcomes.end(), [](const auto& a, const auto& b) {
    return std::tie(b.second, a.first) < std::tie(a.second, b.first);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(outcomes.size(), kOutcomes); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", outcomes[i].first, " (",
                    outcomes[i].second, ")");
  }
  return text;
}

double Mib(std::int64_t kib) { return static_cast<double>(kib) / 1024; }

}  // namespace

std::string TableHead() {
  return "| threat | attack | what came of it, how often | calls, failed | p50 "
         "alone, then, ms | p99 alone, then, ms | gateway's CPU alone, then | "
         "memory before, growth, MiB |\n|---|---|---|---|---|---|---|---|\n";
}

std::string TableRow(const Attack& attack, const Figures& figures) {
  return absl::StrFormat(
      "| %d | %s: %s | %s | %d, %d | %.1f, %.1f | %.1f, %.1f | %.0f%%, %.0f%% "
      "| %.0f, %+.1f |\n",
      attack.threat, attack.name, attack.what, OutcomesOf(figures),
      figures.attacked.calls, figures.attacked.failed, figures.alone.p50_ms,
      figures.attacked.p50_ms, figures.alone.p99_ms, figures.attacked.p99_ms,
      100 * figures.cpu_alone, 100 * figures.cpu_attacked,
      Mib(figures.before_kib), Mib(figures.growth_kib()));
}

std::string Complaint(const Attack& attack, const Figures& figures,
                      double floor_ms) {
  std::string text;
  if (!figures.alive) absl::StrAppend(&text, "the gateway has ended; ");
  if (!figures.serves_anew)
    absl::StrAppend(&text, "newcomers are not served afterwards; ");
  if (figures.attacked.calls == 0) absl::StrAppend(&text, "no call began; ");
  for (const Sample& sample : {figures.alone, figures.attacked}) {
    if (sample.failed > 0) {
      absl::StrAppend(&text, sample.failed, " calls of ", sample.calls,
                      " failed, the first with ", sample.first_failure, "; ");
    }
  }
  if (figures.growth_kib() > attack.growth_mib * 1024) {
    absl::StrAppend(&text, "memory grew by ", figures.growth_kib() / 1024,
                    " MiB; ");
  }
  if (figures.attacked.p99_ms >
      std::max(floor_ms, kFactor * figures.alone.p99_ms)) {
    absl::StrAppend(
        &text, absl::StrFormat("p99 went from %.1f to %.1f ms; ",
                               figures.alone.p99_ms, figures.attacked.p99_ms));
  }
  return text;
}

}  // namespace psm::attack
