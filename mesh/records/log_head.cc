#include "mesh/records/log_head.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/little_endian.h"

namespace psm {
namespace {

constexpr std::size_t kSizeBytes = 4;  // of the note, little-endian

absl::Status DamagedHead(absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "RECORDS_DAMAGED",
                   Party::kGateway, what);
}

}  // namespace

absl::StatusOr<LogHead> SignHead(const tlog::Frontier& frontier,
                                 const tlog::NoteSigner& signer) {
  tlog::Checkpoint checkpoint;
  checkpoint.origin = signer.verifier().name();
  checkpoint.size = frontier.size();
  checkpoint.root = frontier.Root();
  PSM_ASSIGN_OR_RETURN(
      tlog::SignedCheckpoint made,
      tlog::SignedCheckpoint::Make(std::move(checkpoint), signer));
  return LogHead{frontier, std::move(made)};
}

std::string EncodeHead(const LogHead& head) {
  const std::string note = head.checkpoint.ToText();
  std::string payload;
  for (std::size_t i = 0; i < kSizeBytes; ++i) {
    payload.push_back(static_cast<char>(note.size() >> (8 * i)));
  }
  payload += note;
  for (const tlog::Hash& hash : head.frontier.hashes()) {
    const absl::string_view bytes = tlog::AsBytes(hash);
    payload.append(bytes.data(), bytes.size());
  }
  return payload;
}

std::optional<HeadParts> SplitHead(absl::string_view payload) {
  if (payload.size() < kSizeBytes) return std::nullopt;
  const std::size_t size = Get<std::uint32_t>(payload, 0);
  payload.remove_prefix(kSizeBytes);
  if (size > payload.size()) return std::nullopt;
  return HeadParts{payload.substr(0, size), payload.substr(size)};
}

absl::StatusOr<LogHead> DecodeHead(absl::string_view payload,
                                   const LogKeys& log) {
  const std::optional<HeadParts> parts = SplitHead(payload);
  if (!parts.has_value()) return DamagedHead("a head is cut short");
  absl::StatusOr<tlog::SignedCheckpoint> checkpoint = log.Open(parts->note);
  if (absl::IsNotFound(checkpoint.status()) ||
      absl::IsPermissionDenied(checkpoint.status())) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_KEY_UNKNOWN",
                     Party::kGateway,
                     "another key signed the log: give the gateway the key "
                     "that belongs to its records");
  }
  if (!checkpoint.ok()) return DamagedHead("a checkpoint does not parse");
  std::vector<tlog::Hash> hashes;
  for (absl::string_view edge = parts->edge; !edge.empty();
       edge.remove_prefix(tlog::kHashSize)) {
    absl::StatusOr<tlog::Hash> hash =
        tlog::HashFromBytes(edge.substr(0, tlog::kHashSize));
    if (!hash.ok()) return DamagedHead("a head is cut short");
    hashes.push_back(*hash);
  }
  absl::StatusOr<tlog::Frontier> frontier =
      tlog::Frontier::Restore(checkpoint->size(), hashes);
  if (!frontier.ok() || frontier->Root() != checkpoint->root()) {
    return DamagedHead("a head is not the tree that it signs");
  }
  return LogHead{*std::move(frontier), *std::move(checkpoint)};
}

}  // namespace psm
