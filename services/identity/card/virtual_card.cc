// The counter is lowered, durably, before the PIN is tried and raised again
// when the PIN was right. In the other order, a client killed between trying
// and counting could try all 10,000 PINs. Smart cards count in the same order.
#include "services/identity/card/virtual_card.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "nlohmann/json.hpp"

namespace psm::card {
namespace {

constexpr char kNotice[] =
    "合成データ・非公式の仮想カード。マイナンバーカードではありません。"
    " / Synthetic card of an unofficial prototype. Not a My Number card; worth"
    " nothing outside the demo.";

struct CardFile {
  std::string serial;
  int tries_left = 0;
  std::string certificate;  // PEM
  std::string private_key;  // PKCS#8 PEM, encrypted
};

absl::Status Unreadable(const std::string& file, absl::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CARD_UNREADABLE",
                   Party::kConsumer,
                   absl::StrCat(why, ": issue the card again"),
                   {{"file", file}});
}

absl::Status Missing(const std::string& file) {
  return MakeError(
      absl::StatusCode::kNotFound, "CARD_MISSING", Party::kConsumer,
      "there is no card in this file: name another one", {{"file", file}});
}

absl::StatusOr<CardFile> Read(const std::string& file) {
  absl::StatusOr<std::string> bytes = ReadPrivateFile(file);
  if (absl::IsNotFound(bytes.status())) return Missing(file);
  if (!bytes.ok()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "CARD_UNREADABLE",
                     Party::kConsumer, bytes.status().message(),
                     {{"file", file}});
  }
  const nlohmann::json json =
      nlohmann::json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Unreadable(file, "the file is not a card");
  const auto text = [&json](const char* name) -> std::string {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>()
                                                     : std::string();
  };
  CardFile card;
  card.serial = text("card_serial");
  card.certificate = text("certificate");
  card.private_key = text("private_key");
  const auto tries = json.find("tries_left");
  if (!IsCardSerial(card.serial) || card.certificate.empty() ||
      card.private_key.empty() || tries == json.end() ||
      !tries->is_number_integer()) {
    return Unreadable(file, "the card lacks a part");
  }
  // Compared as 64 bits: a huge value must not wrap to a small one.
  const std::int64_t left = tries->get<std::int64_t>();
  if (left < 0 || left > kMaxTries)
    return Unreadable(file, "the card's counter is out of range");
  card.tries_left = static_cast<int>(left);
  return card;
}

absl::Status Write(const std::string& file, const CardFile& card) {
  nlohmann::ordered_json json;
  json["notice"] = kNotice;
  json["card_serial"] = card.serial;
  json["tries_left"] = card.tries_left;
  json["certificate"] = card.certificate;
  json["private_key"] = card.private_key;
  return WriteWholeFile(file, json.dump(2) + "\n", kPrivate);
}

absl::Status Locked() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CARD_LOCKED",
                   Party::kConsumer,
                   "the card is locked after too many wrong PINs: issue a new "
                   "one with psm-cards");
}

absl::Status WrongPin(int tries_left) {
  return MakeError(absl::StatusCode::kPermissionDenied, "PIN_WRONG",
                   Party::kConsumer,
                   absl::StrCat("wrong PIN, ", tries_left,
                                tries_left == 1 ? " try left" : " tries left"),
                   {{"tries_left", absl::StrCat(tries_left)}});
}

absl::Status MalformedPin() {
  return MakeError(absl::StatusCode::kInvalidArgument, "PIN_MALFORMED",
                   Party::kConsumer, "the PIN is four digits");
}

}  // namespace

bool IsCardSerial(absl::string_view serial) {
  return !serial.empty() && serial.size() <= 64 &&
         std::all_of(serial.begin(), serial.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-';
         });
}

bool IsPin(absl::string_view pin) {
  return pin.size() == 4 && std::all_of(pin.begin(), pin.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

absl::StatusOr<std::unique_ptr<VirtualCard>> VirtualCard::Open(
    const std::string& file, const SecretBytes& pin) {
  if (!IsPin(pin.Reveal())) return MalformedPin();
  // Two clients at once share the tries; none is lost between them.
  absl::StatusOr<FolderLock> lock = FolderLock::Take(FolderOf(file));
  if (absl::IsNotFound(lock.status())) return Missing(file);
  if (!lock.ok()) return lock.status();
  PSM_ASSIGN_OR_RETURN(CardFile card_file, Read(file));
  if (card_file.tries_left == 0) return Locked();

  const absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(card_file.certificate);
  if (!chain.ok() || chain->size() != 1)
    return Unreadable(file, "the card's certificate does not parse");

  --card_file.tries_left;
  PSM_RETURN_IF_ERROR(Write(file, card_file));
  absl::StatusOr<std::unique_ptr<SigningKey>> key =
      SigningKey::FromPem(card_file.private_key, pin);
  if (!key.ok()) return WrongPin(card_file.tries_left);
  card_file.tries_left = kMaxTries;
  PSM_RETURN_IF_ERROR(Write(file, card_file));

  if ((*key)->Public()->ToDer() != chain->front().key()->ToDer())
    return Unreadable(file, "the card's key is not its certificate's");
  std::unique_ptr<VirtualCard> card(new VirtualCard());
  card->serial_ = std::move(card_file.serial);
  card->certificate_der_ = chain->front().ToDer();
  card->key_ = *std::move(key);
  return card;
}

std::string VirtualCard::Sign(absl::string_view challenge) const {
  return key_->SignDer(challenge);
}

absl::Status CreateCard(const std::string& file, absl::string_view serial,
                        absl::string_view certificate_pem,
                        const SigningKey& key, const SecretBytes& pin) {
  if (!IsPin(pin.Reveal())) return MalformedPin();
  if (!IsCardSerial(serial)) {
    return MakeError(absl::StatusCode::kInvalidArgument,
                     "CARD_SERIAL_MALFORMED", Party::kConsumer,
                     "a card serial is 1 to 64 letters, digits and hyphens");
  }
  PSM_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(FolderOf(file)));
  if (access(file.c_str(), F_OK) == 0) {
    return MakeError(
        absl::StatusCode::kAlreadyExists, "CARD_EXISTS", Party::kConsumer,
        "there is a card already: remove its file first", {{"file", file}});
  }
  CardFile card;
  card.serial = std::string(serial);
  card.tries_left = kMaxTries;
  card.certificate = std::string(certificate_pem);
  card.private_key = std::string(key.ToPem(pin).Reveal());
  return Write(file, card);
}

absl::StatusOr<int> TriesLeft(const std::string& file) {
  PSM_ASSIGN_OR_RETURN(CardFile card, Read(file));
  return card.tries_left;
}

}  // namespace psm::card
