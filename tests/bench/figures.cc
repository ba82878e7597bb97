#include "tests/bench/figures.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace psm::bench {
namespace {

Figures MedianOf(const std::vector<Figures>& runs) {
  const auto median = [&](double Figures::* figure) {
    std::vector<double> values;
    for (const Figures& run : runs) values.push_back(run.*figure);
    return Median(std::move(values));
  };
  return {median(&Figures::calls),       median(&Figures::cpu_us_per_call),
          median(&Figures::calls_per_s), median(&Figures::p50_us),
          median(&Figures::p99_us),      median(&Figures::peak_rss_kib)};
}

// CPU of one course over that of another; nullopt where either is missing, or
// nothing was measured of it.
std::optional<double> Ratio(const Results& results, const Course& ours,
                            const Course& theirs) {
  const std::optional<Figures> above = results.Find(ours);
  const std::optional<Figures> below = results.Find(theirs);
  if (!above.has_value() || !below.has_value()) return std::nullopt;
  if (above->cpu_us_per_call <= 0 || below->cpu_us_per_call <= 0)
    return std::nullopt;
  return above->cpu_us_per_call / below->cpu_us_per_call;
}

}  // namespace

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

double Percentile(const std::vector<std::uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  const std::size_t index = rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

void Results::Add(const Course& course, const Figures& figures) {
  runs_[course].push_back(figures);
}

std::vector<Row> Results::Rows() const {
  std::vector<Row> rows;
  for (const auto& [course, runs] : runs_)
    rows.push_back({course, MedianOf(runs), static_cast<int>(runs.size())});
  return rows;
}

std::optional<Figures> Results::Find(const Course& course) const {
  const auto found = runs_.find(course);
  if (found == runs_.end()) return std::nullopt;
  return MedianOf(found->second);
}

Bar Hold(std::string promise, std::optional<double> measured, double limit,
         absl::string_view unit, bool strictly) {
  Bar bar;
  bar.promise = std::move(promise);
  bar.limit = limit;
  bar.unit = std::string(unit);
  if (!measured.has_value()) return bar;
  bar.measured = *measured;
  const bool holds = strictly ? *measured < limit : *measured <= limit;
  bar.outcome = holds ? Bar::Outcome::kHolds : Bar::Outcome::kMissed;
  return bar;
}

std::vector<Bar> CpuBars(const Results& results) {
  std::vector<Bar> bars;
  for (const int concurrency : {64, 256}) {
    bars.push_back(Hold(absl::StrCat("bare forward at ", concurrency,
                                     ": at most 0.85 x HAProxy's CPU"),
                        Ratio(results, {"forward", "psm", concurrency, 1},
                              {"forward", "haproxy", concurrency, 1}),
                        0.85, "x"));
  }
  bars.push_back(Hold(
      "full exchange at 64: below nginx's bare forward",
      Ratio(results, {"exchange", "psm", 64, 1}, {"forward", "nginx", 64, 1}),
      1, "x", /*strictly=*/true));
  bars.push_back(
      Hold("full exchange at 256: at most 1.2 x HAProxy's bare forward",
           Ratio(results, {"exchange", "psm", 256, 1},
                 {"forward", "haproxy", 256, 1}),
           1.2, "x"));
  return bars;
}

}  // namespace psm::bench
