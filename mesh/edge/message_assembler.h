// gRPC's length-prefixed messages out of bytes in any pieces
// (PROTOCOL-HTTP2.md, "Length-Prefixed-Message").
#ifndef PSM_MESH_EDGE_MESSAGE_ASSEMBLER_H_
#define PSM_MESH_EDGE_MESSAGE_ASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mesh/edge/stream_handler.h"

namespace psm::edge {

inline constexpr std::size_t kMessagePrefix = 5;

// Writes flag and length before a message of `size` bytes (below 2^32).
void WriteMessagePrefix(bool compressed, std::size_t size,
                        char (&prefix)[kMessagePrefix]);

// Gathers one message at a time; or only follows where messages begin and end.
// Memory grows with what has come, not with what the prefix promises.
class MessageAssembler {
 public:
  enum class Outcome {
    kNeedsMore,
    kMessage,    // it is complete
    kTooLarge,   // the prefix says more than the limit
    kMalformed,  // the flag is neither 0 nor 1
  };

  explicit MessageAssembler(std::size_t limit) : limit_(limit) {}

  // Takes bytes off the front of `bytes`, up to the end of one message. After
  // kMessage, Release it.
  Outcome Take(absl::string_view& bytes);
  // Follows all of `bytes` and keeps nothing: kNeedsMore, unless there is a bad
  // prefix among them. Not to be mixed with Take.
  Outcome Follow(absl::string_view bytes);
  // The message; starts over.
  GrpcMessage Release();
  // Forgets what has been gathered.
  void Clear();

  // Nothing of a message has come.
  bool at_boundary() const { return prefix_bytes_ == 0; }

 private:
  // kMessage: the prefix is complete.
  Outcome TakePrefix(absl::string_view& bytes);

  const std::size_t limit_;  // bytes of a message
  char prefix_[kMessagePrefix];
  std::size_t prefix_bytes_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t followed_ = 0;  // bytes of the message
  std::string message_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_MESSAGE_ASSEMBLER_H_
