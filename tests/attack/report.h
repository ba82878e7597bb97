// The table of a siege.
#ifndef PSM_TESTS_ATTACK_REPORT_H_
#define PSM_TESTS_ATTACK_REPORT_H_

#include <string>

#include "tests/attack/siege.h"

namespace psm::attack {

// Markdown, each line with its end.
std::string TableHead();
std::string TableRow(const Attack& attack, const Figures& figures);

// What was not as it should be, in words; "" where all was: no call failed, the
// gateway lives and serves newcomers, its memory grew by no more than the
// attack's bound, and p99 is within 3 times what it was alone, or below
// `floor_ms`, under which a ratio says nothing.
std::string Complaint(const Attack& attack, const Figures& figures,
                      double floor_ms);

}  // namespace psm::attack

#endif  // PSM_TESTS_ATTACK_REPORT_H_
