// A person's own view of the records: what an ordinance withholds left out, and
// everything named in both languages. Decides nothing about who may read.
#ifndef PSM_MESH_EXCHANGE_HISTORY_H_
#define PSM_MESH_EXCHANGE_HISTORY_H_

#include "absl/status/statusor.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/records/record_log.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm {

// One page of what the person may see, without the code in the scope `records`,
// which leaves the gateway for nobody. It is as full, and has a next one, as if
// records that are withheld did not exist. Errors as RecordLog::List's.
absl::StatusOr<records::v1::ListRecordsResponse> ReadHistory(
    RecordLog& log, RecordQuery query, const PolicyEngine& policy);

// Whether the person may know of a record. One that was made under a provision
// that withholds it is shown again when a later version of its agreement names
// none; an agreement that is gone leaves what it withheld withheld, for what is
// shown cannot be taken back.
bool IsDisclosed(const records::v1::Record& record, const PolicyEngine& policy);

// What a record names, as this configuration calls it.
records::v1::RecordTexts TextsOf(const records::v1::Record& record,
                                 const PolicyEngine& policy);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_HISTORY_H_
