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

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_INTEROP_H_
