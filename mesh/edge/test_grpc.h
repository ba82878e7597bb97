// For tests: gRPC C++ at the other end of the edge.
#ifndef PSM_MESH_EDGE_TEST_GRPC_H_
#define PSM_MESH_EDGE_TEST_GRPC_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "mesh/edge/test_pki.h"

namespace psm::edge {

// A channel with the certificate of `identity`; one connection, no retries.
std::shared_ptr<grpc::Channel> TestChannel(
    const std::string& address, const std::string& root_pem,
    const TestIdentity* identity,
    const grpc::ChannelArguments* extra = nullptr);

// The same to an agency's own server, past the gateway: whatever its name, as
// its certificate has none that a stock client looks for.
std::shared_ptr<grpc::Channel> DirectChannel(
    const std::string& address, const std::string& root_pem,
    const TestIdentity& identity,
    const grpc::ChannelArguments* extra = nullptr);

struct TestAnswer {
  grpc::Status status;
  std::string message;
  std::multimap<std::string, std::string> trailers;
};

// One unary call of raw bytes. Waits for the answer, at most `timeout` (the
// deadline that the call carries).
TestAnswer TestCall(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
    const std::string& message,
    const std::multimap<std::string, std::string>& metadata = {},
    std::chrono::milliseconds timeout = std::chrono::milliseconds(10000));

grpc::ByteBuffer ToBuffer(const std::string& bytes);
std::string FromBuffer(const grpc::ByteBuffer& buffer);

// The reason in the status details, or "".
std::string ReasonOfGrpc(const grpc::Status& status);

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_GRPC_H_
