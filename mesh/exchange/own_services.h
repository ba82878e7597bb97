// The gateway's own exchanges: enrolment, disclosure to relying parties, and
// the reading of records. The first two are for the agencies whose
// configuration says so, the last for systems with an agreement.
#ifndef PSM_MESH_EXCHANGE_OWN_SERVICES_H_
#define PSM_MESH_EXCHANGE_OWN_SERVICES_H_

#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"

namespace psm {

// psm.subjects.v1.SubjectsService/Enrol; errors as the proto says.
Task<Answer> Enrol(Environment& env, Ask ask);

// psm.disclosure.v1.DisclosureService/Disclose; errors as the proto says.
Task<Answer> Disclose(Environment& env, Ask ask);

// psm.records.v1.RecordsService/ListRecords; errors as the proto says.
Task<Answer> ListRecords(Environment& env, Ask ask);

// psm.records.v1.RecordsService/GetProofs; errors as the proto says.
Task<Answer> GetProofs(Environment& env, Ask ask);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_OWN_SERVICES_H_
