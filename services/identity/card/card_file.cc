#include "services/identity/card/card_file.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

constexpr char kNotice[] =
    "合成データ・非公式の仮想カード。マイナンバーカードではありません。"
    " / Synthetic card of an unofficial prototype. Not a My Number card; worth"
    " nothing outside the demo.";

std::string TextOf(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>()
                                                   : std::string();
}

absl::StatusOr<StoredKey> ReadKey(const std::string& file,
                                  const nlohmann::json& json,
                                  CertificateKind kind) {
  StoredKey key;
  key.certificate = TextOf(json, "certificate");
  key.private_key = TextOf(json, "private_key");
  const auto tries = json.find("tries_left");
  if (key.certificate.empty() || key.private_key.empty() ||
      tries == json.end() || !tries->is_number_integer())
    return CardUnreadable(file, "the card lacks a part");
  // Compared as 64 bits: a huge value must not wrap to a small one.
  const std::int64_t left = tries->get<std::int64_t>();
  if (left < 0 || left > MaxTriesOf(kind))
    return CardUnreadable(file, "the card's counter is out of range");
  key.tries_left = static_cast<int>(left);
  return key;
}

const char* WaitingName(CertificateKind kind) {
  return kind == CertificateKind::kSignature ? "waiting_signature"
                                             : "waiting_authentication";
}

void WriteKey(const StoredKey& key, nlohmann::ordered_json& json) {
  json["tries_left"] = key.tries_left;
  json["certificate"] = key.certificate;
  json["private_key"] = key.private_key;
}

}  // namespace

StoredKey* CardFile::Find(CertificateKind kind) {
  if (kind == CertificateKind::kAuthentication) return &authentication;
  return signature.has_value() ? &*signature : nullptr;
}

absl::Status CardUnreadable(const std::string& file, absl::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CARD_UNREADABLE",
                   Party::kConsumer,
                   absl::StrCat(why, ": issue the card again"),
                   {{"file", file}});
}

absl::Status CardMissing(const std::string& file) {
  return MakeError(
      absl::StatusCode::kNotFound, "CARD_MISSING", Party::kConsumer,
      "there is no card in this file: name another one", {{"file", file}});
}

absl::StatusOr<CardFile> ReadCardFile(const std::string& file) {
  absl::StatusOr<std::string> bytes = ReadPrivateFile(file);
  if (absl::IsNotFound(bytes.status())) return CardMissing(file);
  if (!bytes.ok()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "CARD_UNREADABLE",
                     Party::kConsumer, bytes.status().message(),
                     {{"file", file}});
  }
  const nlohmann::json json =
      nlohmann::json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return CardUnreadable(file, "the file is not a card");
  CardFile card;
  card.serial = TextOf(json, "card_serial");
  if (!IsCardSerial(card.serial))
    return CardUnreadable(file, "the card lacks a part");
  PSM_ASSIGN_OR_RETURN(card.authentication,
                       ReadKey(file, json, CertificateKind::kAuthentication));
  if (const auto found = json.find("signature"); found != json.end()) {
    if (!found->is_object())
      return CardUnreadable(file, "the card lacks a part");
    PSM_ASSIGN_OR_RETURN(card.signature,
                         ReadKey(file, *found, CertificateKind::kSignature));
  }
  for (const CertificateKind kind :
       {CertificateKind::kAuthentication, CertificateKind::kSignature}) {
    const auto found = json.find(WaitingName(kind));
    if (found == json.end()) continue;
    WaitingKey key;
    if (found->is_object()) {
      key.public_key = TextOf(*found, "public_key");
      key.private_key = TextOf(*found, "private_key");
    }
    if (key.public_key.empty() || key.private_key.empty())
      return CardUnreadable(file, "the card lacks a part");
    card.waiting[kind] = std::move(key);
  }
  return card;
}

absl::Status WriteCardFile(const std::string& file, const CardFile& card) {
  nlohmann::ordered_json json;
  json["notice"] = kNotice;
  json["card_serial"] = card.serial;
  WriteKey(card.authentication, json);
  if (card.signature.has_value()) WriteKey(*card.signature, json["signature"]);
  for (const auto& [kind, key] : card.waiting) {
    nlohmann::ordered_json& waiting = json[WaitingName(kind)];
    waiting["public_key"] = key.public_key;
    waiting["private_key"] = key.private_key;
  }
  return WriteWholeFile(file, json.dump(2) + "\n", kPrivate);
}

}  // namespace psm::card
