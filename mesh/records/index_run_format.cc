#include "mesh/records/index_run_format.h"

#include <algorithm>
#include <cstring>

#include "mesh/crypto/digest.h"
#include "mesh/records/little_endian.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

// Header: magic, version, CRC of all that follows, fields, zeros.
constexpr absl::string_view kMagic("PSMINDX\n", 8);
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kFieldsOffset = 16;

// Ten bits and six probes: about one absent key in a hundred passes.
constexpr std::uint64_t kBitsPerKey = 10;
constexpr std::uint32_t kProbes = 6;
constexpr std::uint32_t kLineBits = 480;

std::uint64_t Blocks(std::uint64_t items, std::uint64_t in_block) {
  return (items + in_block - 1) / in_block;
}

std::uint32_t BigEndian(const unsigned char* bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i) value = value << 8 | bytes[i];
  return value;
}

template <typename Visit>
void Probe(const IndexKey& key, Visit visit) {
  const auto start = BigEndian(&key[8]);
  const auto step = BigEndian(&key[11]) | 1;
  for (std::uint32_t i = 0; i < kProbes; ++i) {
    visit((start + i * step) % kLineBits);
  }
}

}  // namespace

IndexRunLayout IndexRunLayout::For(std::uint64_t entries, std::uint64_t keyed) {
  IndexRunLayout layout;
  layout.filter_lines = keyed * kBitsPerKey / kLineBits + 1;
  layout.fence_blocks =
      Blocks(Blocks(entries, kEntriesInBlock), kFencesInBlock);
  return layout;
}

std::uint64_t IndexRunLayout::fence_offset() const {
  return filter_offset() +
         Blocks(filter_lines * kFilterLineBytes, kIndexBlockBytes) *
             kIndexBlockBytes;
}

std::uint64_t IndexRunLayout::data_offset() const {
  return fence_offset() + fence_blocks * kIndexBlockBytes;
}

std::string EncodeIndexRunHeader(const IndexRunHeader& header) {
  std::string fields = header.log_id;
  fields.resize(kLogIdBytes, '\0');
  for (std::uint64_t field :
       {header.from, header.to, header.entries, header.keyed,
        header.data_blocks, header.layout.filter_lines,
        header.layout.fence_blocks}) {
    Put(field, fields);
  }
  fields.resize(kIndexBlockBytes - kFieldsOffset, '\0');
  std::string out(kMagic);
  Put(kVersion, out);
  Put(Crc32c(fields), out);
  return out + fields;
}

std::optional<IndexRunHeader> DecodeIndexRunHeader(absl::string_view bytes) {
  if (bytes.size() != kIndexBlockBytes ||
      bytes.substr(0, kMagic.size()) != kMagic ||
      Get<std::uint32_t>(bytes, kMagic.size()) != kVersion) {
    return std::nullopt;
  }
  absl::string_view fields = bytes.substr(kFieldsOffset);
  if (Get<std::uint32_t>(bytes, kMagic.size() + 4) != Crc32c(fields)) {
    return std::nullopt;
  }
  IndexRunHeader header;
  header.log_id = std::string(fields.substr(0, kLogIdBytes));
  std::size_t at = kLogIdBytes;
  for (std::uint64_t* field :
       {&header.from, &header.to, &header.entries, &header.keyed,
        &header.data_blocks, &header.layout.filter_lines,
        &header.layout.fence_blocks}) {
    *field = Get<std::uint64_t>(fields, at);
    at += sizeof(*field);
  }
  return header;
}

void IndexBlockWriter::Add(const IndexEntry& entry) {
  Add(PlaceOf(entry));
  Put(entry.ask_nanos, items_);
  Put(entry.position.segment, items_);
  Put(entry.position.offset, items_);
  Put(entry.position.frame_bytes, items_);
  Put(entry.position.ordinal, items_);
}

void IndexBlockWriter::Add(const IndexPlace& fence) {
  items_.append(reinterpret_cast<const char*>(fence.key.data()),
                fence.key.size());
  Put(fence.index, items_);
  ++count_;
}

std::string IndexBlockWriter::Seal() {
  std::string body;
  body.reserve(kIndexBlockBytes);
  Put(static_cast<std::uint32_t>(count_), body);
  body += items_;
  body.resize(kIndexBlockBytes - sizeof(std::uint32_t), '\0');
  std::string block;
  block.reserve(kIndexBlockBytes);
  Put(Crc32c(body), block);
  block += body;
  items_.clear();
  count_ = 0;
  return block;
}

std::optional<std::size_t> CheckIndexBlock(absl::string_view block,
                                           std::size_t item_bytes) {
  if (block.size() != kIndexBlockBytes ||
      Get<std::uint32_t>(block, 0) !=
          Crc32c(block.substr(sizeof(std::uint32_t)))) {
    return std::nullopt;
  }
  const std::size_t count = Get<std::uint32_t>(block, sizeof(std::uint32_t));
  if (count == 0 ||
      count > (kIndexBlockBytes - kIndexBlockHeaderBytes) / item_bytes) {
    return std::nullopt;
  }
  return count;
}

IndexPlace PlaceAt(absl::string_view block, std::size_t item,
                   std::size_t item_bytes) {
  const std::size_t at = kIndexBlockHeaderBytes + item * item_bytes;
  IndexPlace place;
  std::memcpy(place.key.data(), block.data() + at, place.key.size());
  place.index = Get<std::uint64_t>(block, at + place.key.size());
  return place;
}

IndexEntry EntryAt(absl::string_view block, std::size_t item) {
  const IndexPlace place = PlaceAt(block, item, kIndexEntryBytes);
  std::size_t at =
      kIndexBlockHeaderBytes + item * kIndexEntryBytes + kIndexPlaceBytes;
  IndexEntry entry;
  entry.key = place.key;
  entry.position.index = place.index;
  entry.ask_nanos = Get<std::int64_t>(block, at);
  entry.position.segment = Get<std::uint64_t>(block, at + 8);
  entry.position.offset = Get<std::uint32_t>(block, at + 16);
  entry.position.frame_bytes = Get<std::uint32_t>(block, at + 20);
  entry.position.ordinal = Get<std::uint32_t>(block, at + 24);
  return entry;
}

std::uint64_t FilterLineOf(const IndexKey& key, std::uint64_t lines) {
  // The key as a fraction of all keys, so lines follow one another as keys do.
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(
      (static_cast<Wide>(PrefixOf(key)) * lines) >> 64);
}

void FilterLine::Add(const IndexKey& key) {
  Probe(key, [&](std::uint32_t bit) {
    bits_[bit / 8] = static_cast<unsigned char>(bits_[bit / 8] | 1 << bit % 8);
  });
}

bool FilterLine::MayHold(const IndexKey& key) const {
  bool all = true;
  Probe(key, [&](std::uint32_t bit) {
    all = all && (bits_[bit / 8] >> bit % 8 & 1);
  });
  return all;
}

std::string FilterLine::Encode() const {
  const std::string bits(bits_.begin(), bits_.end());
  std::string line;
  line.reserve(kFilterLineBytes);
  Put(Crc32c(bits), line);
  return line + bits;
}

std::optional<FilterLine> FilterLine::Decode(absl::string_view bytes) {
  if (bytes.size() != kFilterLineBytes) return std::nullopt;
  absl::string_view bits = bytes.substr(sizeof(std::uint32_t));
  if (Get<std::uint32_t>(bytes, 0) != Crc32c(bits)) return std::nullopt;
  FilterLine line;
  std::copy(bits.begin(), bits.end(), line.bits_.begin());
  return line;
}

}  // namespace psm
