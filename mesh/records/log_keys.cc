// A chain of keys is worth what its first key is: who stole an old private key
// can name a successor of his own, from the index on at which the true one
// did. He cannot put it into the log that others hold checkpoints of; an
// auditor or a witness who keeps one finds two histories (audit.cc).
#include "mesh/records/log_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/key_rotation.h"
#include "mesh/records/leaf.h"
#include "mesh/records/tlog/note_text.h"

namespace psm {
namespace {

using records::v1::Record;
using tlog::VerifierKey;

}  // namespace

LogKeys::LogKeys(VerifierKey first) { keys_.push_back(std::move(first)); }

absl::StatusOr<LogKeys> LogKeys::FromText(absl::string_view text) {
  const std::vector<absl::string_view> lines =
      absl::StrSplit(absl::StripAsciiWhitespace(text), '\n');
  PSM_ASSIGN_OR_RETURN(VerifierKey first, VerifierKey::FromText(lines.front()));
  LogKeys keys(std::move(first));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<absl::string_view> parts = absl::StrSplit(lines[i], ' ');
    std::optional<std::string> seed, bytes;
    if (parts.size() == 2) {
      seed = tlog::DecodeBase64(parts[0]);
      bytes = tlog::DecodeBase64(parts[1]);
    }
    Record record;
    if (!seed.has_value() || seed->size() != kSeedBytes || !bytes.has_value() ||
        !record.ParseFromString(*bytes)) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", i + 1, " of the log's keys is no rotation"));
    }
    PSM_RETURN_IF_ERROR(keys.Follow(record, *seed));
  }
  return keys;
}

std::string LogKeys::ToText() const {
  std::string text = absl::StrCat(keys_.front().ToText(), "\n");
  for (const Rotation& rotation : rotations_) {
    absl::StrAppend(&text, tlog::EncodeBase64(rotation.seed), " ",
                    tlog::EncodeBase64(rotation.record), "\n");
  }
  return text;
}

const VerifierKey& LogKeys::Of(std::uint64_t size) const {
  std::size_t key = 0;
  while (key < rotations_.size() && size > rotations_[key].index + 1) ++key;
  return keys_[key];
}

absl::Status LogKeys::Follow(const Record& record, absl::string_view seed) {
  if (record.kind() != Record::KEY_ROTATION)
    return absl::InvalidArgumentError("the record is no rotation of keys");
  PSM_ASSIGN_OR_RETURN(KeyRotation rotation,
                       OpenRotation(record.key_rotation(), current()));
  if (!rotations_.empty() && rotation.index <= rotations_.back().index) {
    return absl::InvalidArgumentError(
        "a rotation of keys comes before the one that it follows");
  }
  const bool known = std::any_of(
      keys_.begin(), keys_.end(),
      [&](const VerifierKey& key) { return key.id() == rotation.next.id(); });
  if (known) return absl::InvalidArgumentError("a key of the log comes back");
  Rotation followed;
  followed.index = rotation.index;
  followed.seed = std::string(seed);
  followed.leaf = std::string(RecordSeal(record, seed).leaf());
  record.SerializeToString(&followed.record);
  rotations_.push_back(std::move(followed));
  keys_.push_back(std::move(rotation.next));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<tlog::KeyLink>> LogKeys::FollowUpTo(
    std::uint64_t size, absl::string_view shown) {
  PSM_ASSIGN_OR_RETURN(const LogKeys others, FromText(shown));
  const auto same = [](const VerifierKey& a, const VerifierKey& b) {
    return a.ToText() == b.ToText();
  };
  const auto start = std::find_if(
      others.keys_.begin(), others.keys_.end(),
      [&](const VerifierKey& key) { return same(key, keys_.front()); });
  if (start == others.keys_.end()) {
    return absl::PermissionDeniedError(
        absl::StrCat("the keys that ", origin(),
                     " shows do not lead from the one that is trusted"));
  }
  const auto first = static_cast<std::size_t>(start - others.keys_.begin());
  const std::size_t both = std::min(keys_.size(), others.keys_.size() - first);
  for (std::size_t i = 0; i < both; ++i) {
    const bool one_rotation =
        i == 0 ||
        rotations_[i - 1].leaf == others.rotations_[first + i - 1].leaf;
    if (!same(keys_[i], others.keys_[first + i]) || !one_rotation) {
      return absl::PermissionDeniedError(
          absl::StrCat("the keys that ", origin(),
                       " shows lead elsewhere than those that are known"));
    }
  }
  std::vector<tlog::KeyLink> links;
  for (std::size_t i = both; first + i < others.keys_.size() &&
                             others.rotations_[first + i - 1].index < size;
       ++i) {
    keys_.push_back(others.keys_[first + i]);
    rotations_.push_back(others.rotations_[first + i - 1]);
    links.push_back({rotations_.back().index, rotations_.back().leaf});
  }
  return links;
}

absl::StatusOr<LogKeys> FollowPublishedKeys(tlog::TileSource& log,
                                            LogKeys trusted) {
  const absl::StatusOr<std::string> shown = log.Read(tlog::kKeysName);
  if (absl::IsNotFound(shown.status())) return trusted;
  PSM_RETURN_IF_ERROR(shown.status());
  PSM_RETURN_IF_ERROR(trusted.Follow(*shown).status());
  return trusted;
}

absl::StatusOr<LogKeys> FollowPublishedKeys(const std::string& folder,
                                            LogKeys trusted) {
  tlog::FolderSource log(folder);
  return FollowPublishedKeys(log, std::move(trusted));
}

}  // namespace psm
