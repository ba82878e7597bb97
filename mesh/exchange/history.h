// A person's own view of the records: everything named in both languages.
// Decides nothing about who may read.
#ifndef PSM_MESH_EXCHANGE_HISTORY_H_
#define PSM_MESH_EXCHANGE_HISTORY_H_

#include "absl/status/statusor.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/records/record_log.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm {

// One page, without the code in the scope `records`, which leaves the gateway
// for nobody. Errors as RecordLog::List's.
absl::StatusOr<records::v1::ListRecordsResponse> ReadHistory(
    RecordLog& log, const RecordQuery& query, const PolicyEngine& policy);

// What a record names, as this configuration calls it.
records::v1::RecordTexts TextsOf(const records::v1::Record& record,
                                 const PolicyEngine& policy);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_HISTORY_H_
