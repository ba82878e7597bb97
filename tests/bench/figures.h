// The race's figures: runs, their medians, and the bars they are held against.
// Measures nothing.
#ifndef PSM_TESTS_BENCH_FIGURES_H_
#define PSM_TESTS_BENCH_FIGURES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"

namespace psm::bench {

// What was run: one row of the table.
struct Course {
  std::string scenario;  // "forward", "exchange" or "direct"
  std::string via;       // "psm", "haproxy", "nginx", "nghttpx" or "none"
  int concurrency = 0;   // calls under way at any time
  int connections = 0;   // that they are spread over

  friend bool operator<(const Course& a, const Course& b) {
    return std::tie(a.scenario, a.concurrency, a.connections, a.via) <
           std::tie(b.scenario, b.concurrency, b.connections, b.via);
  }
};

// What one run gave.
struct Figures {
  double calls = 0;            // that ended within the time measured
  double cpu_us_per_call = 0;  // of all the proxy's processes, user and system;
                               // 0 where there is no proxy
  double calls_per_s = 0;
  double p50_us = 0;        // from a call's start to its end, at the caller
  double p99_us = 0;        // the same
  double peak_rss_kib = 0;  // of all the proxy's processes, summed
};

// The middle one; of an even number the mean of the two in the middle. 0 for
// none.
double Median(std::vector<double> values);

// The smallest of `values` (sorted) that at least `share` (0 to 1) of them do
// not exceed: nearest rank. 0 for none.
double Percentile(const std::vector<std::uint32_t>& sorted, double share);

struct Row {
  Course course;
  Figures median;  // each figure's own
  int runs = 0;
};

// Gathers runs. Thread-compatible.
class Results {
 public:
  void Add(const Course& course, const Figures& figures);

  // One for each course, in the order of courses.
  std::vector<Row> Rows() const;
  // The median of one course; nullopt where it was not run.
  std::optional<Figures> Find(const Course& course) const;

 private:
  std::map<Course, std::vector<Figures>> runs_;
};

// Something that was promised.
struct Bar {
  enum class Outcome { kHolds, kMissed, kNotMeasured };

  std::string promise;
  Outcome outcome = Outcome::kNotMeasured;
  double measured = 0;
  double limit = 0;
  std::string unit;  // of both
};

// Whether `measured` keeps the promise: at most `limit`, or where `strictly`,
// below it.
Bar Hold(std::string promise, std::optional<double> measured, double limit,
         absl::string_view unit, bool strictly = false);

// The promises about proxy CPU per call, all over one connection: bare forward
// at most 0.85 of HAProxy's at 64 and at 256 concurrent calls; full exchange
// below nginx's bare forward at 64, and at most 1.2 of HAProxy's at 256.
std::vector<Bar> CpuBars(const Results& results);

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_FIGURES_H_
