// For tests: gRPC's interoperability cases (doc/interop-test-descriptions.md in
// gRPC's repository), each played on a channel to a StreamProvider or to one in
// another language. Played twice, directly and through whatever carries calls,
// a case gives the same transcript, or the carrier shows.
#ifndef PSM_MESH_EDGE_TEST_INTEROP_H_
#define PSM_MESH_EDGE_TEST_INTEROP_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace psm::edge {

struct InteropCase {
  const char* name;
  // Plays it; `metadata` goes along with each call. Gives the transcript.
  std::function<std::string(const std::shared_ptr<grpc::Channel>&,
                            const std::multimap<std::string, std::string>&)>
      play;
};
void PrintTo(const InteropCase& row, std::ostream* out);

const std::vector<InteropCase>& InteropCases();

// gRPC's soak tests: `calls` calls with a large message each, on whatever
// `channel` gives for each of them. Fails the test where one is not answered
// with what it sent and OK. Gives a transcript, too.
std::string Soak(int calls,
                 const std::function<std::shared_ptr<grpc::Channel>()>& channel,
                 const std::multimap<std::string, std::string>& metadata);

// Of a channel that pings its peer as often as gRPC C++ can, with calls or
// without, and gives it up after two seconds without an answer.
grpc::ChannelArguments KeepAliveArguments();

// Four seconds during which `channel` carries two calls that say nothing, and
// four without a call; it must be the same connection all along. Gives the
// transcript.
std::string KeepAlive(const std::shared_ptr<grpc::Channel>& channel,
                      const std::multimap<std::string, std::string>& metadata);

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_INTEROP_H_
