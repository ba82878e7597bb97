// gRPC messages out of bytes in any pieces, against a parser that has them all
// at once. An input is one byte, the size of the pieces, and the bytes.
#include <algorithm>
#include <string>
#include <vector>

#include "mesh/edge/message_assembler.h"
#include "tests/fuzz/require.h"

namespace {

using psm::Require;
using psm::edge::MessageAssembler;
using Outcome = MessageAssembler::Outcome;

constexpr std::size_t kLimit = 300;

struct Parsed {
  std::vector<std::string> messages;  // with their prefixes
  Outcome end = Outcome::kNeedsMore;
  bool at_boundary = true;
};

Parsed ParseAtOnce(absl::string_view bytes) {
  Parsed parsed;
  while (!bytes.empty()) {
    if (bytes[0] != 0 && bytes[0] != 1) {
      parsed.end = Outcome::kMalformed;
      return parsed;
    }
    parsed.at_boundary = false;
    if (bytes.size() < 5) return parsed;
    std::size_t size = 0;
    for (char byte : bytes.substr(1, 4))
      size = size * 256 + static_cast<unsigned char>(byte);
    if (size > kLimit) {
      parsed.end = Outcome::kTooLarge;
      return parsed;
    }
    if (bytes.size() < 5 + size) return parsed;
    parsed.messages.emplace_back(bytes.substr(0, 5 + size));
    bytes.remove_prefix(5 + size);
    parsed.at_boundary = true;
  }
  return parsed;
}

Parsed Take(absl::string_view bytes, std::size_t piece) {
  Parsed parsed;
  MessageAssembler assembler(kLimit);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    absl::string_view rest = bytes.substr(0, piece);
    while (!rest.empty()) {
      parsed.end = assembler.Take(rest);
      if (parsed.end == Outcome::kMessage) {
        const psm::edge::GrpcMessage message = assembler.Release();
        char prefix[psm::edge::kMessagePrefix];
        psm::edge::WriteMessagePrefix(message.compressed, message.bytes.size(),
                                      prefix);
        parsed.messages.push_back(std::string(prefix, sizeof prefix) +
                                  message.bytes);
        parsed.end = Outcome::kNeedsMore;
      } else if (parsed.end != Outcome::kNeedsMore) {
        return parsed;
      }
    }
  }
  parsed.at_boundary = assembler.at_boundary();
  return parsed;
}

Parsed Follow(absl::string_view bytes, std::size_t piece) {
  Parsed parsed;
  MessageAssembler assembler(kLimit);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    parsed.end = assembler.Follow(bytes.substr(0, piece));
    if (parsed.end != Outcome::kNeedsMore) return parsed;
  }
  parsed.at_boundary = assembler.at_boundary();
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::max<std::size_t>(1, data[0]);
  const absl::string_view bytes = psm::AsText(data + 1, size - 1);
  const Parsed whole = ParseAtOnce(bytes);
  const Parsed taken = Take(bytes, piece);
  Require(taken.end == whole.end, "Take ends as the reference does");
  Require(taken.messages == whole.messages, "Take finds the same messages");
  const Parsed followed = Follow(bytes, piece);
  Require(followed.end == whole.end, "Follow ends as the reference does");
  if (whole.end == Outcome::kNeedsMore) {
    Require(taken.at_boundary == whole.at_boundary, "Take knows boundaries");
    Require(followed.at_boundary == whole.at_boundary,
            "Follow knows boundaries");
  }
  return 0;
}
