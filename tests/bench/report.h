// What the race says: a table for people, bench.json for programs.
#ifndef PSM_TESTS_BENCH_REPORT_H_
#define PSM_TESTS_BENCH_REPORT_H_

#include <map>
#include <string>
#include <vector>

#include "tests/bench/figures.h"

namespace psm::bench {

struct Report {
  std::string machine;
  std::map<std::string, std::string> versions;  // by name: "psm", "haproxy"
  std::vector<Row> rows;
  std::vector<Bar> bars;
};

// "2 cores, <model>, Linux 6.1": what /proc and uname say.
std::string ThisMachine();

// {machine, versions, rows: [{scenario, via, concurrency, connections, calls,
// cpu_us_per_call, calls_per_s, p50_us, p99_us, peak_rss_kib, runs}], bars:
// [{promise, outcome, measured, limit, unit}]}, with a line feed at its end.
// Figures of rows are medians; `measured` of a bar that was not measured is
// null.
std::string JsonOf(const Report& report);

// The rows as a table, then every bar, with HOLDS, MISSED or NOT MEASURED, and
// how many of each there are.
std::string TextOf(const Report& report);

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_REPORT_H_
