// A person's own view of the records: what an ordinance withholds left out, and
// everything named in both languages. Decides nothing about who may read.
#ifndef PSM_MESH_EXCHANGE_HISTORY_H_
#define PSM_MESH_EXCHANGE_HISTORY_H_

#include "absl/status/statusor.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/records/record_log.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm {

// Whether a history says which municipality was concerned.
enum class Municipalities {
  kNamed,
  // For protected persons: it is read by whoever can sign in as the person.
  kNotNamed,
};

// What a record has in place of a municipality's system, where none is named.
inline constexpr char kSomeMunicipality[] = "mesh/municipality";

// One page of what the person may see, without the code in the scope `records`,
// which leaves the gateway for nobody. It is as full, and has a next one, as if
// records that are withheld did not exist. Errors as RecordLog::List's.
absl::StatusOr<records::v1::ListRecordsResponse> ReadHistory(
    RecordLog& log, RecordQuery query, const PolicyEngine& policy,
    Municipalities municipalities = Municipalities::kNamed);

// Takes out of a record and its texts whatever names a municipality or could be
// held against a guess of one: systems and agencies (also those that the
// configuration does not know any more), agreement and provision, texts in
// which the name of a municipality occurs, digests.
void HideMunicipalities(const Directory& directory, records::v1::Record& record,
                        records::v1::RecordTexts& texts);

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
