// The bytes of a segment: its header and its frames, as FORMAT.md says. Knows
// no files.
#ifndef PSM_MESH_RECORDS_SEGMENT_FORMAT_H_
#define PSM_MESH_RECORDS_SEGMENT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/leaf.h"

namespace psm {

inline constexpr std::size_t kSegmentHeaderBytes = 128;
inline constexpr std::size_t kFrameHeaderBytes = 48;
inline constexpr std::size_t kLogIdBytes = 16;
inline constexpr absl::string_view kFrameMark("PSMF", 4);  // begins each frame

// What the first bytes of a segment say, once it is part of the log.
struct SegmentHeader {
  std::uint64_t number = 0;  // of this segment, from 1; the generation that
                             // every frame in it must carry
  std::string log_id;        // kLogIdBytes random bytes, one value for a log
  std::uint64_t first_index = 0;   // of the first record here, zero-based
  std::uint64_t previous = 0;      // number of the segment before; 0: none
  std::uint64_t previous_end = 0;  // bytes of it that belong to the log
  // Log index of the last record of kind EXPUNGED when the segment was begun;
  // 0: none (the first record of a log expunges nothing).
  std::uint64_t expunging = 0;
};

std::string EncodeSegmentHeader(const SegmentHeader& header);

// The header in `bytes`, the start of segment `number`; nullopt for what is
// not a header of this segment: zeros, a torn one, one of an earlier life.
// FAILED_PRECONDITION, reason RECORDS_FORMAT_UNKNOWN, for a whole header of
// another version of the format.
absl::StatusOr<std::optional<SegmentHeader>> DecodeSegmentHeader(
    absl::string_view bytes, std::uint64_t number);

// Why a frame was written.
enum class FrameKind : std::uint16_t {
  kAppend = 1,   // the records of one Append
  kCarried = 2,  // the same, copied from the end of the segment before
  kHead = 3,     // no records: the head of the log after those of the commit,
                 // which it ends (log_head.h)
};

struct FrameHeader {
  FrameKind kind = FrameKind::kAppend;
  std::uint32_t payload_crc = 0;    // CRC32C
  std::uint32_t payload_bytes = 0;  // without padding
  std::uint32_t record_count = 0;   // at least 1; 0 in a head
  std::uint64_t generation = 0;     // number of the segment
  std::uint64_t first_index = 0;    // log index of the frame's first record
  std::uint64_t batch_index = 0;    // first_index of the commit's first frame
};

// What `payload_bytes` take in a segment: header, payload and padding to 8.
std::size_t FrameBytes(std::size_t payload_bytes);

// Appends a whole frame to `out`; its payload_bytes are those of `payload`.
void AppendFrame(FrameHeader header, absl::string_view payload,
                 std::string& out);

struct FrameView {
  FrameHeader header;
  absl::string_view payload;  // into the bytes that were decoded
  std::size_t bytes = 0;      // FrameBytes(payload.size())
};

// The frame at the start of `bytes`; nullopt unless it is whole, undamaged and
// of this generation.
std::optional<FrameView> DecodeFrame(absl::string_view bytes,
                                     std::uint64_t generation);

// One record of a payload, serialised, and the seed of its seal.
struct PayloadItem {
  absl::string_view seed;  // kSeedBytes
  absl::string_view record;
};

// Appends one to a payload.
void AppendToPayload(const PayloadItem& item, std::string& payload);

// The records of a payload; nullopt unless there are `count` of them and
// nothing else.
std::optional<std::vector<PayloadItem>> SplitPayload(absl::string_view payload,
                                                     std::uint32_t count);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_SEGMENT_FORMAT_H_
