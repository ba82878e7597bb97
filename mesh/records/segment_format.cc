#include "mesh/records/segment_format.h"

#include <string>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/little_endian.h"

namespace psm {
namespace {

// Segment header: magic, version, CRC of all that follows, fields, zeros.
constexpr absl::string_view kSegmentMagic("PSMRECS\n", 8);
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kSegmentCrcOffset = 12;
constexpr std::size_t kSegmentFieldsOffset = 16;

// Frame header: mark, CRC of all that follows, fields.
constexpr std::size_t kFrameFieldsOffset = 8;

std::size_t Padding(std::size_t payload_bytes) {
  return (8 - payload_bytes % 8) % 8;
}

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string fields;
  Put(header.number, fields);
  fields += header.log_id;
  fields.resize(sizeof(header.number) + kLogIdBytes, '\0');
  Put(header.first_index, fields);
  Put(header.previous, fields);
  Put(header.previous_end, fields);
  Put(header.expunging, fields);
  fields.resize(kSegmentHeaderBytes - kSegmentFieldsOffset, '\0');
  std::string out(kSegmentMagic);
  Put(kVersion, out);
  Put(Crc32c(fields), out);
  return out + fields;
}

absl::StatusOr<std::optional<SegmentHeader>> DecodeSegmentHeader(
    absl::string_view bytes, std::uint64_t number) {
  if (bytes.size() < kSegmentHeaderBytes ||
      bytes.substr(0, kSegmentMagic.size()) != kSegmentMagic) {
    return std::nullopt;
  }
  absl::string_view fields = bytes.substr(
      kSegmentFieldsOffset, kSegmentHeaderBytes - kSegmentFieldsOffset);
  if (Get<std::uint32_t>(bytes, kSegmentCrcOffset) != Crc32c(fields)) {
    return std::nullopt;
  }
  std::uint32_t version = Get<std::uint32_t>(bytes, kSegmentMagic.size());
  if (version != kVersion) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     "RECORDS_FORMAT_UNKNOWN", Party::kGateway,
                     "the records were written by another version: use it",
                     {{"version", std::to_string(version)}});
  }
  SegmentHeader header;
  header.number = Get<std::uint64_t>(fields, 0);
  header.log_id = std::string(fields.substr(8, kLogIdBytes));
  header.first_index = Get<std::uint64_t>(fields, 24);
  header.previous = Get<std::uint64_t>(fields, 32);
  header.previous_end = Get<std::uint64_t>(fields, 40);
  header.expunging = Get<std::uint64_t>(fields, 48);
  if (header.number != number || header.previous >= number) return std::nullopt;
  return header;
}

std::size_t FrameBytes(std::size_t payload_bytes) {
  return kFrameHeaderBytes + payload_bytes + Padding(payload_bytes);
}

void AppendFrame(FrameHeader header, absl::string_view payload,
                 std::string& out) {
  std::string fields;
  fields.reserve(kFrameHeaderBytes);
  Put(header.payload_crc, fields);
  Put(static_cast<std::uint32_t>(payload.size()), fields);
  Put(static_cast<std::uint16_t>(header.kind), fields);
  Put(std::uint16_t{0}, fields);
  Put(header.record_count, fields);
  Put(header.generation, fields);
  Put(header.first_index, fields);
  Put(header.batch_index, fields);
  out.append(kFrameMark.data(), kFrameMark.size());
  Put(Crc32c(fields), out);
  out += fields;
  out.append(payload.data(), payload.size());
  out.append(Padding(payload.size()), '\0');
}

std::optional<FrameView> DecodeFrame(absl::string_view bytes,
                                     std::uint64_t generation) {
  if (bytes.size() < kFrameHeaderBytes ||
      bytes.substr(0, kFrameMark.size()) != kFrameMark) {
    return std::nullopt;
  }
  absl::string_view fields =
      bytes.substr(kFrameFieldsOffset, kFrameHeaderBytes - kFrameFieldsOffset);
  if (Get<std::uint32_t>(bytes, 4) != Crc32c(fields)) return std::nullopt;
  FrameView frame;
  frame.header.payload_crc = Get<std::uint32_t>(fields, 0);
  frame.header.payload_bytes = Get<std::uint32_t>(fields, 4);
  frame.header.kind = static_cast<FrameKind>(Get<std::uint16_t>(fields, 8));
  frame.header.record_count = Get<std::uint32_t>(fields, 12);
  frame.header.generation = Get<std::uint64_t>(fields, 16);
  frame.header.first_index = Get<std::uint64_t>(fields, 24);
  frame.header.batch_index = Get<std::uint64_t>(fields, 32);
  frame.bytes = FrameBytes(frame.header.payload_bytes);
  if (frame.header.generation != generation || frame.bytes > bytes.size() ||
      (frame.header.record_count == 0) !=
          (frame.header.kind == FrameKind::kHead) ||
      frame.header.batch_index > frame.header.first_index ||
      (frame.header.kind != FrameKind::kAppend &&
       frame.header.kind != FrameKind::kCarried &&
       frame.header.kind != FrameKind::kHead)) {
    return std::nullopt;
  }
  frame.payload = bytes.substr(kFrameHeaderBytes, frame.header.payload_bytes);
  if (Crc32c(frame.payload) != frame.header.payload_crc) return std::nullopt;
  return frame;
}

void AppendToPayload(const PayloadItem& item, std::string& payload) {
  Put(static_cast<std::uint32_t>(item.record.size()), payload);
  payload.append(item.seed.data(), item.seed.size());
  payload.append(item.record.data(), item.record.size());
}

std::optional<std::vector<PayloadItem>> SplitPayload(absl::string_view payload,
                                                     std::uint32_t count) {
  constexpr std::size_t kItemHeaderBytes = sizeof(std::uint32_t) + kSeedBytes;
  std::vector<PayloadItem> items;
  while (!payload.empty()) {
    if (items.size() == count || payload.size() < kItemHeaderBytes) {
      return std::nullopt;
    }
    const std::size_t size = Get<std::uint32_t>(payload, 0);
    PayloadItem item;
    item.seed = payload.substr(sizeof(std::uint32_t), kSeedBytes);
    payload.remove_prefix(kItemHeaderBytes);
    if (size > payload.size()) return std::nullopt;
    item.record = payload.substr(0, size);
    items.push_back(item);
    payload.remove_prefix(size);
  }
  if (items.size() != count) return std::nullopt;
  return items;
}

}  // namespace psm
