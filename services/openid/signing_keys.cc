// A key is in the file, and on the disk, before it signs or is published: a
// crash loses no key that anybody has seen. Time that runs backwards makes an
// older key sign again, which is published still.
#include "services/openid/signing_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm::openid {
namespace {

constexpr std::size_t kMostKeys = 3;

absl::Status Damaged(const std::string& file) {
  return absl::InvalidArgumentError(absl::StrCat(
      file,
      " holds no signing keys: restore it, or remove it, which ends "
      "every id token"));
}

}  // namespace

SigningKeys::SigningKeys(std::string file, JwsAlgorithm algorithm,
                         const Clock* clock, absl::Duration period)
    : file_(std::move(file)),
      algorithm_(algorithm),
      clock_(clock),
      period_(period) {}

absl::StatusOr<std::unique_ptr<SigningKeys>> SigningKeys::Open(
    const std::string& file, JwsAlgorithm algorithm, const Clock* clock,
    absl::Duration period) {
  std::unique_ptr<SigningKeys> keys(
      new SigningKeys(file, algorithm, clock, period));
  const absl::StatusOr<std::string> text = ReadPrivateFile(file);
  if (text.ok()) {
    PSM_RETURN_IF_ERROR(keys->Read(*text));
  } else if (!absl::IsNotFound(text.status())) {
    return text.status();
  }
  PSM_RETURN_IF_ERROR(keys->Current().status());
  return keys;
}

absl::Status SigningKeys::Read(absl::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(
      text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array() || json.empty() || json.size() > kMostKeys)
    return Damaged(file_);
  std::vector<Kept> keys;
  for (const nlohmann::json& entry : json) {
    if (!entry.is_object() || !entry.contains("pem") ||
        !entry["pem"].is_string() || !entry.contains("from") ||
        !entry["from"].is_number_integer())
      return Damaged(file_);
    absl::StatusOr<std::shared_ptr<const JwsKey>> key =
        JwsKey::FromPem(entry["pem"].get<std::string>(), algorithm_);
    if (!key.ok()) return Damaged(file_);
    keys.push_back({*std::move(key),
                    absl::FromUnixSeconds(entry["from"].get<std::int64_t>())});
  }
  std::sort(keys.begin(), keys.end(),
            [](const Kept& a, const Kept& b) { return a.from < b.from; });
  MutexLock lock(mu_);
  keys_ = std::move(keys);
  return absl::OkStatus();
}

const SigningKeys::Kept* SigningKeys::CurrentKept(const std::vector<Kept>& keys,
                                                  absl::Time now) const {
  const Kept* current = keys.empty() ? nullptr : &keys.front();
  for (const Kept& kept : keys) {
    if (kept.from <= now) current = &kept;
  }
  return current;
}

absl::Status SigningKeys::Advance() {
  const absl::Time now =
      absl::FromUnixSeconds(absl::ToUnixSeconds(clock_->Now()));
  const Kept* const current = CurrentKept(keys_, now);
  const bool has_next = current != nullptr && current != &keys_.back();
  if (current != nullptr && (has_next || now < current->from + period_ / 2))
    return absl::OkStatus();
  // Half of the present key's time is over, and nothing is there to follow it.
  absl::Time from = now;
  if (current != nullptr) from = std::max(now, current->from + period_);
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const JwsKey> key,
                       JwsKey::Generate(algorithm_));
  std::vector<Kept> keys = keys_;
  keys.push_back({std::move(key), from});
  if (keys.size() > kMostKeys) keys.erase(keys.begin());
  return Replace(std::move(keys));
}

absl::Status SigningKeys::Replace(std::vector<Kept> keys) {
  nlohmann::json json = nlohmann::json::array();
  for (const Kept& kept : keys) {
    const SecretBytes pem = kept.key->ToPem();
    json.push_back({{"pem", std::string(pem.Reveal())},
                    {"from", absl::ToUnixSeconds(kept.from)}});
  }
  PSM_RETURN_IF_ERROR(WriteWholeFile(file_, json.dump(), kPrivate));
  keys_ = std::move(keys);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const JwsKey>> SigningKeys::Current() {
  MutexLock lock(mu_);
  PSM_RETURN_IF_ERROR(Advance());
  return CurrentKept(keys_, clock_->Now())->key;
}

absl::StatusOr<nlohmann::json> SigningKeys::PublicSet() {
  MutexLock lock(mu_);
  PSM_RETURN_IF_ERROR(Advance());
  nlohmann::json set = {{"keys", nlohmann::json::array()}};
  for (const Kept& kept : keys_) set["keys"].push_back(kept.key->public_jwk());
  return set;
}

bool SigningKeys::Made(const UnverifiedJws& token) const {
  if (token.alg != NameOf(algorithm_)) return false;
  std::shared_ptr<const JwsKey> key;
  {
    MutexLock lock(mu_);
    for (const Kept& kept : keys_) {
      if (kept.key->kid() == token.kid) key = kept.key;
    }
  }
  return key != nullptr && key->Verify(token.signed_part, token.signature);
}

}  // namespace psm::openid
