// What an audit of the log has found, in a few lines for a person. Knows no
// verb: the story shows them, too.
#ifndef PSM_MESH_CLI_AUDIT_LINES_H_
#define PSM_MESH_CLI_AUDIT_LINES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mesh/records/audit.h"

namespace psm {

// "1,234,567"
std::string Grouped(std::uint64_t number);

// What was verified, and against which kept checkpoint (nullopt: none) and that
// of a witness (nullopt: none was asked).
std::vector<std::string> AuditLines(
    const AuditReport& report, const std::optional<KeptCheckpoint>& kept,
    const std::optional<KeptCheckpoint>& witnessed = std::nullopt);

// The first thing that does not hold, in one sentence: "entry 5 (tile/0/000):
// ...".
std::string FindingLine(const AuditFinding& finding);

}  // namespace psm

#endif  // PSM_MESH_CLI_AUDIT_LINES_H_
