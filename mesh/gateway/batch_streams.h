// Batches as streams: how many questions of a stream are worked on at a time,
// and when it ends. Decides nothing about who may be told what.
#ifndef PSM_MESH_GATEWAY_BATCH_STREAMS_H_
#define PSM_MESH_GATEWAY_BATCH_STREAMS_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/edge/tls_config.h"
#include "mesh/exchange/environment.h"

namespace psm {

// Questions that are worked on at a time: of one stream, and of all streams of
// one system on a worker, so that nobody fills the queues to providers, which
// all share.
inline constexpr int kMaxQuestions = 32;
inline constexpr int kMaxPeerQuestions = 256;

// The streams of one worker: made and destroyed while it does not run, used by
// it in between. A consumer that does not take its answers is not read on. What
// is passed must outlive it.
class BatchStreams {
 public:
  BatchStreams(Environment& env,
               const std::shared_ptr<const edge::TlsConfig>& tls)
      : env_(env), tls_(tls) {}
  BatchStreams(const BatchStreams&) = delete;
  BatchStreams& operator=(const BatchStreams&) = delete;

  // Takes on one call of kRetrieveBatchPath.
  std::unique_ptr<edge::StreamHandler> NewStream(edge::InboundStream& stream);

  // Reads no more questions of any: each ends after the answers to those it
  // has, every later one at once, with UNAVAILABLE GATEWAY_STOPPING.
  void EndAll();

 private:
  class Stream;

  // A question of the system has been answered: streams that waited for that
  // read on, at the worker's next turn.
  void Answered(const std::string& system);

  Environment& env_;
  const std::shared_ptr<const edge::TlsConfig>& tls_;
  absl::flat_hash_set<Stream*> live_;
  absl::flat_hash_map<std::string, int> questions_;  // in work, by system
  bool posted_ = false;                              // that they read on
  bool ending_ = false;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_BATCH_STREAMS_H_
