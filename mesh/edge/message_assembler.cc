#include "mesh/edge/message_assembler.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace psm::edge {
namespace {

// Reserved at once when a prefix announces more; the rest grows as it comes.
constexpr std::size_t kFirstReserve = 16 << 10;

}  // namespace

void WriteMessagePrefix(bool compressed, std::size_t size,
                        char (&prefix)[kMessagePrefix]) {
  prefix[0] = compressed ? 1 : 0;
  for (std::size_t i = 0; i < 4; ++i)
    prefix[1 + i] = static_cast<char>((size >> (24 - 8 * i)) & 0xff);
}

MessageAssembler::Outcome MessageAssembler::TakePrefix(
    absl::string_view& bytes) {
  if (prefix_bytes_ == kMessagePrefix) return Outcome::kMessage;
  const std::size_t count =
      std::min(kMessagePrefix - prefix_bytes_, bytes.size());
  std::memcpy(prefix_ + prefix_bytes_, bytes.data(), count);
  prefix_bytes_ += count;
  bytes.remove_prefix(count);
  if (prefix_bytes_ != 0 && prefix_[0] != 0 && prefix_[0] != 1)
    return Outcome::kMalformed;
  if (prefix_bytes_ < kMessagePrefix) return Outcome::kNeedsMore;
  size_ = 0;
  for (std::size_t i = 1; i < kMessagePrefix; ++i)
    size_ = size_ << 8 | static_cast<unsigned char>(prefix_[i]);
  return size_ > limit_ ? Outcome::kTooLarge : Outcome::kMessage;
}

MessageAssembler::Outcome MessageAssembler::Take(absl::string_view& bytes) {
  const bool begun = prefix_bytes_ == kMessagePrefix;
  const Outcome prefix = TakePrefix(bytes);
  if (prefix != Outcome::kMessage) return prefix;
  if (!begun) message_.reserve(std::min<std::size_t>(size_, kFirstReserve));
  const std::size_t count = std::min(size_ - message_.size(), bytes.size());
  message_.append(bytes.data(), count);
  bytes.remove_prefix(count);
  return message_.size() == size_ ? Outcome::kMessage : Outcome::kNeedsMore;
}

MessageAssembler::Outcome MessageAssembler::Follow(absl::string_view bytes) {
  while (!bytes.empty()) {
    const Outcome prefix = TakePrefix(bytes);
    if (prefix != Outcome::kMessage) return prefix;
    const std::size_t count =
        std::min<std::size_t>(size_ - followed_, bytes.size());
    followed_ += static_cast<std::uint32_t>(count);
    bytes.remove_prefix(count);
    if (followed_ == size_) Clear();
  }
  return Outcome::kNeedsMore;
}

GrpcMessage MessageAssembler::Release() {
  GrpcMessage message{std::move(message_), prefix_[0] == 1};
  Clear();
  return message;
}

void MessageAssembler::Clear() {
  message_ = std::string();
  prefix_bytes_ = 0;
  size_ = 0;
  followed_ = 0;
}

}  // namespace psm::edge
