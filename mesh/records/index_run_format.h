// The bytes of a run of the index, as FORMAT.md says. Knows no files.
#ifndef PSM_MESH_RECORDS_INDEX_RUN_FORMAT_H_
#define PSM_MESH_RECORDS_INDEX_RUN_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mesh/records/index_entry.h"

namespace psm {

// Everything but the filter lies in blocks; each is checked when it is read.
inline constexpr std::size_t kIndexBlockBytes = 4096;
inline constexpr std::size_t kIndexBlockHeaderBytes = 8;
inline constexpr std::size_t kIndexEntryBytes = 52;
inline constexpr std::size_t kIndexPlaceBytes = 24;
inline constexpr std::size_t kEntriesInBlock = 78;
inline constexpr std::size_t kFencesInBlock = 170;

// Where things lie in a run.
struct IndexRunLayout {
  // Room for `entries`, of which `keyed` are not places.
  static IndexRunLayout For(std::uint64_t entries, std::uint64_t keyed);

  std::uint64_t filter_lines = 1;
  std::uint64_t fence_blocks = 0;  // most of them

  std::uint64_t filter_offset() const { return kIndexBlockBytes; }
  std::uint64_t fence_offset() const;
  std::uint64_t data_offset() const;
};

struct IndexRunHeader {
  std::string log_id;
  std::uint64_t from = 0;  // of the records in it: the first log index
  std::uint64_t to = 0;    // and the one after the last
  std::uint64_t entries = 0;
  std::uint64_t keyed = 0;  // entries that are not places
  std::uint64_t data_blocks = 0;
  IndexRunLayout layout;
};

std::string EncodeIndexRunHeader(const IndexRunHeader& header);  // a block

// nullopt for anything but a whole header of this version of the format.
std::optional<IndexRunHeader> DecodeIndexRunHeader(absl::string_view bytes);

// A block of items: gather, then Seal.
class IndexBlockWriter {
 public:
  void Add(const IndexEntry& entry);
  void Add(const IndexPlace& fence);
  std::size_t count() const { return count_; }
  // The block, and an empty one to go on with.
  std::string Seal();

 private:
  std::string items_;
  std::size_t count_ = 0;
};

// The number of items of a block; nullopt where it is damaged, empty, or holds
// more than fit.
std::optional<std::size_t> CheckIndexBlock(absl::string_view block,
                                           std::size_t item_bytes);
IndexEntry EntryAt(absl::string_view block, std::size_t item);
// Of an item of either kind, in blocks of items of `item_bytes`.
IndexPlace PlaceAt(absl::string_view block, std::size_t item,
                   std::size_t item_bytes);

// The filter says of most keys that are not in a run that they are not: lines
// of 64 bytes, each with its own checksum, a key in one of them (a blocked
// Bloom filter: Putze, Sanders and Singler, 2007). Lines come in the order of
// keys.
inline constexpr std::size_t kFilterLineBytes = 64;

std::uint64_t FilterLineOf(const IndexKey& key, std::uint64_t lines);

class FilterLine {
 public:
  void Add(const IndexKey& key);
  bool MayHold(const IndexKey& key) const;
  std::string Encode() const;
  static std::optional<FilterLine> Decode(absl::string_view bytes);

 private:
  std::array<unsigned char, kFilterLineBytes - sizeof(std::uint32_t)> bits_{};
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_INDEX_RUN_FORMAT_H_
