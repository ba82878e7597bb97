// Keys are hashes so that all have one size and lie evenly, however long and
// alike the names are. At 120 bits no two names of a log meet by chance, and
// whoever could make two meet on purpose (2^60 hashes) could choose exchange
// ids of its own only: a key of one consumer's exchange begins with its name.
#include "mesh/records/index_entry.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

enum class KeyKind : unsigned char {
  kSubject = 1,
  kCorporation = 2,
  kExchange = 3,
};

IndexKey KeyOf(KeyKind kind, absl::string_view name) {
  const std::string digest = Sha256(name);
  IndexKey key;
  std::copy_n(digest.begin(), key.size(), key.begin());
  key.back() = static_cast<unsigned char>(kind);
  return key;
}

}  // namespace

IndexKey SubjectKey(absl::string_view subject) {
  return KeyOf(KeyKind::kSubject, subject);
}

IndexKey CorporationKey(absl::string_view corporation) {
  return KeyOf(KeyKind::kCorporation, corporation);
}

IndexKey ExchangeKey(absl::string_view consumer,
                     absl::string_view exchange_id) {
  return KeyOf(KeyKind::kExchange, absl::StrCat(consumer, "\n", exchange_id));
}

bool IsExchangeKey(const IndexKey& key) {
  return key.back() == static_cast<unsigned char>(KeyKind::kExchange);
}

RecordKeys KeysOf(const records::v1::Record& record) {
  using records::v1::Record;
  RecordKeys keys;
  if (!record.subject().empty()) keys.subject = SubjectKey(record.subject());
  if (!record.corporation().empty()) {
    keys.corporation = CorporationKey(record.corporation());
  }
  if (record.kind() == Record::EXCHANGE || record.kind() == Record::INTENT ||
      record.kind() == Record::REFUSAL) {
    keys.exchange = ExchangeKey(record.consumer(), record.exchange_id());
  }
  keys.ask_time = FromTimestamp(record.ask_time());
  return keys;
}

}  // namespace psm
