// What the public log shows of a record: commitments to its parts, each under a
// salt of its own, so that whoever holds a part and its salt can show that it
// was recorded and says nothing of the others. FORMAT.md has the grammar.
#ifndef PSM_MESH_RECORDS_LEAF_H_
#define PSM_MESH_RECORDS_LEAF_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mesh/crypto/digest.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// The parts of a record: one for each that may see it opened. Numbers are part
// of the format.
enum class LeafPart : std::uint8_t {
  kExchange = 0,  // who asked whom for what, when, how it ended: both of them
  kConsumer = 1,  // on which basis, what was asked and released: the consumer
  kProvider = 2,  // what it gave: the provider
  kSubject = 3,   // whom it concerns and what was held back: neither
};
inline constexpr std::size_t kLeafParts = 4;

inline constexpr std::size_t kSeedBytes = 16;
inline constexpr std::size_t kSaltBytes = 16;
inline constexpr std::size_t kCommitmentBytes = 32;
inline constexpr std::size_t kLeafBytes = 1 + kLeafParts * kCommitmentBytes;
inline constexpr char kLeafVersion = 1;  // the first byte of a leaf

// A salt for each part, all from one seed: a block of AES-128 under the seed
// (FIPS 197), so that some of them tell nothing of the others.
class PartSalts {
 public:
  explicit PartSalts(absl::string_view seed);  // kSeedBytes
  // kSaltBytes, as long as this lives.
  absl::string_view operator[](LeafPart part) const {
    return {blocks_.data() + static_cast<std::size_t>(part) * kSaltBytes,
            kSaltBytes};
  }

 private:
  std::array<char, kLeafParts * kSaltBytes> blocks_;
};

// The bytes that a part of `record` is committed to by: its fields that are
// set, in the order of their numbers. One text for one value, whatever the
// protobuf library; fields of other parts are not looked at.
std::string EncodePart(const records::v1::Record& record, LeafPart part);

// SHA-256 over "psm-part", the part's number, the salt and the encoded part.
std::string Commit(LeafPart part, absl::string_view salt,
                   absl::string_view encoded);

// What opens a record, and the leaf that commits to it. Views live as long as
// this.
class RecordSeal {
 public:
  // Of a record that may not change any more, under a seed of kSeedBytes.
  RecordSeal(const records::v1::Record& record, absl::string_view seed);

  // Secret.
  absl::string_view seed() const { return {seed_.data(), seed_.size()}; }
  const PartSalts& salts() const { return salts_; }
  // Public.
  absl::string_view leaf() const { return {leaf_.data(), leaf_.size()}; }
  absl::string_view commitment(LeafPart part) const {
    return leaf().substr(1 + static_cast<std::size_t>(part) * kCommitmentBytes,
                         kCommitmentBytes);
  }

 private:
  std::array<char, kSeedBytes> seed_;
  PartSalts salts_;
  std::array<char, kLeafBytes> leaf_;
};

// Seals `record`, which may not change any more, under a new seed.
RecordSeal Seal(const records::v1::Record& record, Random& random);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LEAF_H_
