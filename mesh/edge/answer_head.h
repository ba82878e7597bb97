// The header blocks of one answer of a provider, taken in field by field: the
// initial one and the trailers, or one that is both ("trailers-only").
#ifndef PSM_MESH_EDGE_ANSWER_HEAD_H_
#define PSM_MESH_EDGE_ANSWER_HEAD_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

// Knows what is gRPC and what is not (PROTOCOL-HTTP2.md, "Responses").
class AnswerHead {
 public:
  // `limit`: bytes of a block, RFC 9113, 6.5.2. Metadata is kept only where
  // `keeps_metadata`.
  AnswerHead(std::size_t limit, bool keeps_metadata)
      : limit_(limit), keeps_metadata_(keeps_metadata) {}

  void BeginBlock() { bytes_ = 0; }
  // False where the block is over the limit.
  bool Add(absl::string_view name, absl::string_view value);
  // The block is complete. Why the answer is not gRPC; empty where it is.
  absl::string_view EndBlock();

  int blocks() const { return blocks_; }
  const std::string& encoding() const { return encoding_; }
  const std::string& accept_encoding() const { return accept_encoding_; }

  // The status that the blocks named; nothing where they named none or two.
  std::optional<WireStatus> TakeStatus();
  // Keys and values are valid, `-bin` values decoded; keys of HTTP, gRPC and
  // the mesh left out. `initial` is empty in a trailers-only answer.
  Metadata TakeInitial() { return std::move(initial_); }
  Metadata TakeTrailers() {
    return blocks_ == 1 ? std::move(initial_) : std::move(trailers_);
  }

 private:
  void AddInitial(absl::string_view name, absl::string_view value);
  void AddStatus(absl::string_view name, absl::string_view value);
  void AddMetadata(absl::string_view name, absl::string_view value);

  const std::size_t limit_;
  const bool keeps_metadata_;
  std::size_t bytes_ = 0;
  int blocks_ = 0;
  bool status_200_ = false;
  bool content_type_ = false;
  bool metadata_valid_ = true;
  std::string encoding_;
  std::string accept_encoding_;
  std::optional<int> code_;
  bool code_repeated_ = false;
  WireStatus end_;
  Metadata initial_;
  Metadata trailers_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_ANSWER_HEAD_H_
