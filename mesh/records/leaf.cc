#include "mesh/records/leaf.h"

#include <algorithm>

#include "absl/types/span.h"
#include "google/protobuf/timestamp.pb.h"
#include "mesh/crypto/block_cipher.h"

namespace psm {
namespace {

constexpr absl::string_view kPartDomain = "psm-part";

// Writes fields of a part: number, length (four bytes) and bytes; integers are
// big-endian. What a protobuf message would not carry is left out.
class PartEncoder {
 public:
  explicit PartEncoder(std::string& out) : out_(out) {}

  void Text(std::uint8_t number, absl::string_view value) {
    if (!value.empty()) Field(number, value);
  }
  template <typename Texts>
  void List(std::uint8_t number, const Texts& values) {
    for (const std::string& value : values) Field(number, value);
  }
  void Number(std::uint8_t number, std::uint32_t value) {
    if (value == 0) return;
    Begin(number, 4);
    Append(value, 4);
  }
  void Index(std::uint8_t number, std::uint64_t value) {
    if (value == 0) return;
    Begin(number, 8);
    Append(value, 8);
  }
  void Time(std::uint8_t number, bool set,
            const google::protobuf::Timestamp& time) {
    if (!set) return;
    Begin(number, 12);
    Append(static_cast<std::uint64_t>(time.seconds()), 8);
    Append(static_cast<std::uint32_t>(time.nanos()), 4);
  }

 private:
  void Append(std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out_.push_back(static_cast<char>(value >> shift));
    }
  }
  void Begin(std::uint8_t number, std::size_t size) {
    out_.push_back(static_cast<char>(number));
    Append(size, 4);
  }
  void Field(std::uint8_t number, absl::string_view value) {
    Begin(number, value.size());
    out_.append(value.data(), value.size());
  }

  std::string& out_;
};

// Appends what a part is committed to by.
void AppendPart(const records::v1::Record& record, LeafPart part,
                std::string& bytes) {
  PartEncoder out(bytes);
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
      out.Time(12, record.has_provide_time(), record.provide_time());
      out.Number(15, static_cast<std::uint32_t>(record.outcome()));
      out.Text(16, record.reason());
      out.Text(20, record.gateway());
      out.Number(23, record.count());
      out.Time(25, record.has_record_time(), record.record_time());
      out.Text(27, record.key_rotation());
      out.Index(28, record.expunged_begin());
      out.Index(29, record.expunged_end());
      out.Time(30, record.has_expunged_before(), record.expunged_before());
      break;
    case LeafPart::kConsumer:
      out.Text(8, record.agreement());
      out.Number(9, record.agreement_version());
      out.Text(10, record.consent_id());
      out.List(13, record.released());
      out.Text(17, record.request_digest());
      out.Text(19, record.released_digest());
      out.Text(26, record.undisclosed_by());
      break;
    case LeafPart::kProvider:
      out.Text(18, record.provided_digest());
      break;
    case LeafPart::kSubject:
      out.List(14, record.withheld());
      out.Text(21, record.subject());
      out.Text(22, record.corporation());
      out.Number(24, record.named_in_answer() ? 1 : 0);
      out.Text(31, record.representation_id());
      out.Text(32, record.representative());
      out.Number(33, record.acting() ? 1 : 0);
      break;
  }
}

// Begins what is hashed for a part.
void BeginPart(LeafPart part, absl::string_view salt, std::string& bytes) {
  bytes.assign(kPartDomain.data(), kPartDomain.size());
  bytes.push_back(static_cast<char>(part));
  bytes.append(salt.data(), salt.size());
}

}  // namespace

PartSalts::PartSalts(absl::string_view seed) : blocks_() {
  for (std::size_t part = 0; part < kLeafParts; ++part) {
    blocks_[(part + 1) * kSaltBytes - 1] = static_cast<char>(part);
  }
  EncryptBlocks(seed, absl::MakeSpan(blocks_));
}

std::string EncodePart(const records::v1::Record& record, LeafPart part) {
  std::string bytes;
  AppendPart(record, part, bytes);
  return bytes;
}

std::string Commit(LeafPart part, absl::string_view salt,
                   absl::string_view encoded) {
  std::string bytes;
  BeginPart(part, salt, bytes);
  bytes.append(encoded.data(), encoded.size());
  return Sha256(bytes);
}

RecordSeal::RecordSeal(const records::v1::Record& record,
                       absl::string_view seed)
    : salts_(seed) {
  std::copy_n(seed.data(), seed_.size(), seed_.data());
  leaf_[0] = kLeafVersion;
  static thread_local std::string bytes;  // its memory is used again
  for (std::size_t i = 0; i < kLeafParts; ++i) {
    const LeafPart part = static_cast<LeafPart>(i);
    BeginPart(part, salts_[part], bytes);
    AppendPart(record, part, bytes);
    Sha256To(bytes, leaf_.data() + 1 + i * kCommitmentBytes);
  }
}

RecordSeal Seal(const records::v1::Record& record, Random& random) {
  return RecordSeal(record, random.Bytes(kSeedBytes));
}

}  // namespace psm
