// The token that continues a list of records: a place in the log, bound to the
// log and to the query it was given for.
#ifndef PSM_MESH_RECORDS_PAGE_TOKEN_H_
#define PSM_MESH_RECORDS_PAGE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/records/record_log.h"

namespace psm {

// A token for the page of `query` whose records have an index below `before`.
// `log_id` is the key: who knows it can read the store itself.
std::string MakePageToken(const std::string& log_id, const RecordQuery& query,
                          std::uint64_t before);

// The reverse. INVALID_ARGUMENT, reason PAGE_TOKEN_INVALID, for a token that
// was not made by this log for the subject, corporation and times of `query`;
// its limit may differ.
absl::StatusOr<std::uint64_t> OpenPageToken(const std::string& log_id,
                                            const RecordQuery& query);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_PAGE_TOKEN_H_
