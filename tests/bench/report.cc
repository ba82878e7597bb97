#include "tests/bench/report.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace psm::bench {
namespace {

// Digits that mean something, and no more.
double Rounded(double value) { return std::round(value * 100) / 100; }

const char* WordOf(Bar::Outcome outcome) {
  switch (outcome) {
    case Bar::Outcome::kHolds:
      return "HOLDS";
    case Bar::Outcome::kMissed:
      return "MISSED";
    case Bar::Outcome::kNotMeasured:
      break;
  }
  return "NOT MEASURED";
}

std::string MeasuredOf(const Bar& bar) {
  return bar.outcome == Bar::Outcome::kNotMeasured
             ? "-"
             : absl::StrFormat("%.2f %s", bar.measured, bar.unit);
}

// Whether two rows stand next to one another without a gap.
bool IsCompared(const Row& a, const Row& b) {
  if (a.course.scenario != b.course.scenario) return false;
  return a.course.via == b.course.via ||
         (a.course.concurrency == b.course.concurrency &&
          a.course.connections == b.course.connections);
}

}  // namespace

std::string ThisMachine() {
  std::string model = "unknown processor";
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    if (!absl::StartsWith(line, "model name")) continue;
    model = line.substr(std::min(line.find(": ") + 2, line.size()));
    break;
  }
  utsname system = {};
  uname(&system);
  return absl::StrCat(std::thread::hardware_concurrency(), " cores, ", model,
                      ", ", system.sysname, " ", system.release);
}

std::string JsonOf(const Report& report) {
  nlohmann::ordered_json json;
  json["machine"] = report.machine;
  json["versions"] = report.versions;
  json["rows"] = nlohmann::ordered_json::array();
  for (const Row& row : report.rows) {
    json["rows"].push_back(
        {{"scenario", row.course.scenario},
         {"via", row.course.via},
         {"concurrency", row.course.concurrency},
         {"connections", row.course.connections},
         {"calls", std::llround(row.median.calls)},
         {"cpu_us_per_call", Rounded(row.median.cpu_us_per_call)},
         {"calls_per_s", Rounded(row.median.calls_per_s)},
         {"p50_us", std::llround(row.median.p50_us)},
         {"p99_us", std::llround(row.median.p99_us)},
         {"peak_rss_kib", std::llround(row.median.peak_rss_kib)},
         {"runs", row.runs}});
  }
  json["bars"] = nlohmann::ordered_json::array();
  for (const Bar& bar : report.bars) {
    nlohmann::ordered_json entry = {{"promise", bar.promise},
                                    {"outcome", WordOf(bar.outcome)},
                                    {"measured", nullptr},
                                    {"limit", bar.limit},
                                    {"unit", bar.unit}};
    if (bar.outcome != Bar::Outcome::kNotMeasured)
      entry["measured"] = Rounded(bar.measured);
    json["bars"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::string TextOf(const Report& report) {
  std::string text = absl::StrCat(report.machine, "\n");
  for (const auto& [name, version] : report.versions)
    absl::StrAppend(&text, "  ", name, ": ", version, "\n");
  absl::StrAppendFormat(&text,
                        "\n%-8s  %-7s  %5s  %5s  %10s  %8s  %8s  %8s  %9s\n",
                        "scenario", "via", "calls", "conns", "CPU us/call",
                        "calls/s", "p50 us", "p99 us", "peak KiB");
  const Row* before = nullptr;
  for (const Row& row : report.rows) {
    if (before != nullptr && !IsCompared(*before, row)) text += "\n";
    before = &row;
    const bool proxied = row.course.via != "none";
    absl::StrAppendFormat(
        &text, "%-8s  %-7s  %5d  %5d  %11s  %8.0f  %8.0f  %8.0f  %9s\n",
        row.course.scenario, row.course.via, row.course.concurrency,
        row.course.connections,
        proxied ? absl::StrFormat("%.1f", row.median.cpu_us_per_call) : "-",
        row.median.calls_per_s, row.median.p50_us, row.median.p99_us,
        proxied ? absl::StrFormat("%.0f", row.median.peak_rss_kib) : "-");
  }
  absl::StrAppend(&text, "\nBars:\n");
  int missed = 0;
  int open = 0;
  for (const Bar& bar : report.bars) {
    missed += bar.outcome == Bar::Outcome::kMissed;
    open += bar.outcome == Bar::Outcome::kNotMeasured;
    absl::StrAppendFormat(&text, "  %-12s  %s: %s (limit %g %s)\n",
                          WordOf(bar.outcome), bar.promise, MeasuredOf(bar),
                          bar.limit, bar.unit);
  }
  absl::StrAppendFormat(&text, "%d of %d hold, %d missed, %d not measured\n",
                        static_cast<int>(report.bars.size()) - missed - open,
                        report.bars.size(), missed, open);
  return text;
}

}  // namespace psm::bench
