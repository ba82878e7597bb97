// The gateway's ends of a connection, as far as an agency's process sees them:
// for the tests of this folder.
#ifndef PSM_MESH_AGENCY_TEST_CHANNEL_H_
#define PSM_MESH_AGENCY_TEST_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "grpcpp/security/server_credentials.h"
#include "mesh/agency/test_pki.h"

namespace psm::agency {

// A channel to 127.0.0.1:port as `identity` (none where its key is empty), with
// a connection of its own. It asks the server for no name, and writes the
// server's certificate (PEM) to `server_leaf` where that is not null.
std::shared_ptr<grpc::Channel> DialAs(const TestIdentity& identity,
                                      const std::string& trust_pem, int port,
                                      std::string* server_leaf = nullptr);

// What the gateway would serve an agency's calls with: any client of the mesh
// connects.
std::shared_ptr<grpc::ServerCredentials> GatewayServerCredentials(
    const TestIdentity& identity, const std::string& trust_pem);

// One unary call with raw bytes, within five seconds.
grpc::Status RawCall(grpc::Channel& channel, const char* path,
                     const std::string& request, std::string* answer);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_TEST_CHANNEL_H_
