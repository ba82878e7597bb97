#include "mesh/records/leaf.h"

#include <utility>

#include "google/protobuf/timestamp.pb.h"
#include "mesh/crypto/block_cipher.h"

namespace psm {
namespace {

constexpr absl::string_view kPartDomain = "psm-part";

// Writes fields of a part: number, length (two bytes) and bytes; integers are
// big-endian. What a protobuf message would not carry is left out.
class PartEncoder {
 public:
  void Text(std::uint8_t number, absl::string_view value) {
    if (!value.empty()) Field(number, value);
  }
  template <typename Texts>
  void List(std::uint8_t number, const Texts& values) {
    for (const std::string& value : values) Field(number, value);
  }
  void Number(std::uint8_t number, std::uint32_t value) {
    if (value == 0) return;
    std::string bytes;
    Append(value, 4, bytes);
    Field(number, bytes);
  }
  void Time(std::uint8_t number, bool set,
            const google::protobuf::Timestamp& time) {
    if (!set) return;
    std::string bytes;
    Append(static_cast<std::uint64_t>(time.seconds()), 8, bytes);
    Append(static_cast<std::uint32_t>(time.nanos()), 4, bytes);
    Field(number, bytes);
  }

  std::string Take() { return std::move(out_); }

 private:
  static void Append(std::uint64_t value, int bytes, std::string& out) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out.push_back(static_cast<char>(value >> shift));
    }
  }
  void Field(std::uint8_t number, absl::string_view value) {
    out_.push_back(static_cast<char>(number));
    Append(value.size(), 4, out_);
    out_.append(value.data(), value.size());
  }

  std::string out_;
};

}  // namespace

std::array<std::string, kLeafParts> SaltsOf(absl::string_view seed) {
  std::string blocks(kLeafParts * kSaltBytes, '\0');
  for (std::size_t part = 0; part < kLeafParts; ++part) {
    blocks[(part + 1) * kSaltBytes - 1] = static_cast<char>(part);
  }
  EncryptBlocks(seed, blocks);
  std::array<std::string, kLeafParts> salts;
  for (std::size_t part = 0; part < kLeafParts; ++part) {
    salts[part] = blocks.substr(part * kSaltBytes, kSaltBytes);
  }
  return salts;
}

std::string EncodePart(const records::v1::Record& record, LeafPart part) {
  PartEncoder out;
  switch (part) {
    case LeafPart::kExchange:
      out.Text(1, record.exchange_id());
      out.Number(2, static_cast<std::uint32_t>(record.kind()));
      out.Text(3, record.consumer());
      out.Text(4, record.provider());
      out.Text(5, record.method());
      out.Text(6, record.dataset());
      out.Text(7, record.affair());
      out.Time(11, record.has_ask_time(), record.ask_time());
      out.Text(20, record.gateway());
      break;
    case LeafPart::kAnswer:
      out.Time(12, record.has_provide_time(), record.provide_time());
      out.Number(15, static_cast<std::uint32_t>(record.outcome()));
      out.Text(16, record.reason());
      out.Number(23, record.count());
      out.Time(25, record.has_record_time(), record.record_time());
      break;
    case LeafPart::kBasis:
      out.Text(8, record.agreement());
      out.Number(9, record.agreement_version());
      out.Text(10, record.consent_id());
      break;
    case LeafPart::kReleased:
      out.List(13, record.released());
      out.Text(19, record.released_digest());
      break;
    case LeafPart::kRequest:
      out.Text(17, record.request_digest());
      break;
    case LeafPart::kProvided:
      out.Text(18, record.provided_digest());
      break;
    case LeafPart::kWithheld:
      out.List(14, record.withheld());
      break;
    case LeafPart::kSubject:
      out.Text(21, record.subject());
      out.Text(22, record.corporation());
      out.Number(24, record.named_in_answer() ? 1 : 0);
      break;
  }
  return out.Take();
}

std::string Commit(LeafPart part, absl::string_view salt,
                   absl::string_view encoded) {
  std::string bytes;
  bytes.reserve(kPartDomain.size() + 1 + salt.size() + encoded.size());
  bytes.append(kPartDomain.data(), kPartDomain.size());
  bytes.push_back(static_cast<char>(part));
  bytes.append(salt.data(), salt.size());
  bytes.append(encoded.data(), encoded.size());
  return Sha256(bytes);
}

std::string LeafOf(const records::v1::Record& record, absl::string_view seed) {
  const std::array<std::string, kLeafParts> salts = SaltsOf(seed);
  std::string leaf;
  leaf.reserve(kLeafBytes);
  leaf.push_back(kLeafVersion);
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    const LeafPart part = static_cast<LeafPart>(i);
    leaf.append(Commit(part, salts[i], EncodePart(record, part)));
  }
  return leaf;
}

RecordSeal Seal(const records::v1::Record& record, Random& random) {
  RecordSeal seal;
  seal.seed = random.Bytes(kSeedBytes);
  seal.leaf = LeafOf(record, seal.seed);
  return seal;
}

}  // namespace psm
