// What a provider keeps of its answers: its own side of each exchange.
#ifndef PSM_MESH_AGENCY_ANSWER_KEEPER_H_
#define PSM_MESH_AGENCY_ANSWER_KEEPER_H_

#include <memory>

#include "grpcpp/support/server_interceptor.h"
#include "mesh/records/side_ledger.h"

namespace psm::agency {

// Keeps in `ledger`, before each answer to an exchange leaves, who asked what
// and the digest of the answer as it goes out, or the status it was refused
// with. Calls without an exchange id (transparent ones, health) leave nothing.
// An answer is given whether or not it could be kept; the log says where it
// could not. `ledger` must outlive the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
KeepAnswersIn(SideLedger& ledger);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_ANSWER_KEEPER_H_
