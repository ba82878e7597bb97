// The counter is lowered, durably, before the PIN is tried and raised again
// when the PIN was right. In the other order, a client killed between trying
// and counting could try all 10,000 PINs. Smart cards count in the same order.
#include "services/identity/card/virtual_card.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "services/identity/card/card_file.h"
#include "services/identity/card/certificate_request.h"

namespace psm::card {
namespace {

absl::Status Locked() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CARD_LOCKED",
                   Party::kConsumer,
                   "the card is locked after too many wrong PINs: have it "
                   "reset at the counter");
}

absl::Status WrongPin(int tries_left) {
  return MakeError(absl::StatusCode::kPermissionDenied, "PIN_WRONG",
                   Party::kConsumer,
                   absl::StrCat("wrong PIN, ", tries_left,
                                tries_left == 1 ? " try left" : " tries left"),
                   {{"tries_left", absl::StrCat(tries_left)}});
}

absl::Status MalformedPin(CertificateKind kind) {
  return MakeError(absl::StatusCode::kInvalidArgument, "PIN_MALFORMED",
                   Party::kConsumer,
                   kind == CertificateKind::kAuthentication
                       ? "the PIN is four digits"
                       : "the PIN is 6 to 16 letters and digits");
}

absl::Status NoneOfThisKind() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_MISSING",
                   Party::kConsumer,
                   "the card has no certificate of this kind: ask for one at "
                   "the counter");
}

// Puts `keys` into `card`, in place of those of their kinds.
absl::Status PutKeys(const std::vector<CardKey>& keys, CardFile& card) {
  bool seen[2] = {false, false};
  for (const CardKey& key : keys) {
    if (!IsPinOf(key.kind, key.pin->Reveal())) return MalformedPin(key.kind);
    bool& twice = seen[key.kind == CertificateKind::kSignature ? 1 : 0];
    if (twice) {
      return absl::InvalidArgumentError(
          "a card has one certificate of each kind");
    }
    twice = true;
  }
  for (const CardKey& key : keys) {
    StoredKey stored;
    stored.tries_left = MaxTriesOf(key.kind);
    stored.certificate = key.certificate_pem;
    stored.private_key = std::string(key.key->ToPem(*key.pin).Reveal());
    if (key.kind == CertificateKind::kSignature) {
      card.signature = std::move(stored);
    } else {
      card.authentication = std::move(stored);
    }
  }
  return absl::OkStatus();
}

// Two clients at once share the tries; none is lost between them.
absl::StatusOr<FolderLock> LockCard(const std::string& file) {
  absl::StatusOr<FolderLock> lock = FolderLock::Take(FolderOf(file));
  if (absl::IsNotFound(lock.status())) return CardMissing(file);
  return lock;
}

}  // namespace

bool IsCardSerial(absl::string_view serial) {
  return !serial.empty() && serial.size() <= 64 &&
         std::all_of(serial.begin(), serial.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-';
         });
}

absl::StatusOr<std::unique_ptr<VirtualCard>> VirtualCard::Open(
    const std::string& file, const SecretBytes& pin, CertificateKind kind) {
  if (!IsPinOf(kind, pin.Reveal())) return MalformedPin(kind);
  PSM_ASSIGN_OR_RETURN(FolderLock lock, LockCard(file));
  PSM_ASSIGN_OR_RETURN(CardFile card_file, ReadCardFile(file));
  StoredKey* const stored = card_file.Find(kind);
  if (stored == nullptr) return NoneOfThisKind();
  if (stored->tries_left == 0) return Locked();

  const absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(stored->certificate);
  if (!chain.ok() || chain->size() != 1)
    return CardUnreadable(file, "the card's certificate does not parse");

  --stored->tries_left;
  PSM_RETURN_IF_ERROR(WriteCardFile(file, card_file));
  absl::StatusOr<std::unique_ptr<SigningKey>> key =
      SigningKey::FromPem(stored->private_key, pin);
  if (!key.ok()) return WrongPin(stored->tries_left);
  stored->tries_left = MaxTriesOf(kind);
  PSM_RETURN_IF_ERROR(WriteCardFile(file, card_file));

  if ((*key)->Public()->ToDer() != chain->front().key()->ToDer())
    return CardUnreadable(file, "the card's key is not its certificate's");
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
                        const std::vector<CardKey>& keys) {
  if (!IsCardSerial(serial)) {
    return MakeError(absl::StatusCode::kInvalidArgument,
                     "CARD_SERIAL_MALFORMED", Party::kConsumer,
                     "a card serial is 1 to 64 letters, digits and hyphens");
  }
  CardFile card;
  card.serial = std::string(serial);
  // Before the lock: to put a key under a PIN takes its time.
  PSM_RETURN_IF_ERROR(PutKeys(keys, card));
  if (card.authentication.certificate.empty()) {
    return absl::InvalidArgumentError(
        "a card has an authentication certificate");
  }
  PSM_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(FolderOf(file)));
  if (access(file.c_str(), F_OK) == 0) {
    return MakeError(
        absl::StatusCode::kAlreadyExists, "CARD_EXISTS", Party::kConsumer,
        "there is a card already: remove its file first", {{"file", file}});
  }
  return WriteCardFile(file, card);
}

absl::Status CreateCard(const std::string& file, absl::string_view serial,
                        absl::string_view certificate_pem,
                        const SigningKey& key, const SecretBytes& pin) {
  return CreateCard(file, serial,
                    {{CertificateKind::kAuthentication,
                      std::string(certificate_pem), &key, &pin}});
}

absl::StatusOr<std::string> RequestCertificate(const std::string& file,
                                               CertificateKind kind,
                                               const SecretBytes& new_pin) {
  if (!IsPinOf(kind, new_pin.Reveal())) return MalformedPin(kind);
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate());
  WaitingKey waiting;
  waiting.public_key = absl::Base64Escape(key->Public()->ToDer());
  waiting.private_key = std::string(key->ToPem(new_pin).Reveal());
  PSM_ASSIGN_OR_RETURN(FolderLock lock, LockCard(file));
  PSM_ASSIGN_OR_RETURN(CardFile card, ReadCardFile(file));
  card.waiting[kind] = std::move(waiting);
  PSM_RETURN_IF_ERROR(WriteCardFile(file, card));
  return MakeCertificateRequest(*key);
}

absl::StatusOr<CertificateKind> InstallCertificate(
    const std::string& file, absl::string_view certificate_der) {
  PSM_ASSIGN_OR_RETURN(const Certificate certificate,
                       Certificate::FromDer(certificate_der));
  const std::string public_key = absl::Base64Escape(certificate.key()->ToDer());
  PSM_ASSIGN_OR_RETURN(FolderLock lock, LockCard(file));
  PSM_ASSIGN_OR_RETURN(CardFile card, ReadCardFile(file));
  for (auto& [waiting_kind, waiting] : card.waiting) {
    if (waiting.public_key != public_key) continue;
    const CertificateKind kind = waiting_kind;
    StoredKey stored{MaxTriesOf(kind), certificate.ToPem(),
                     std::move(waiting.private_key)};
    if (kind == CertificateKind::kSignature) {
      card.signature = std::move(stored);
    } else {
      card.authentication = std::move(stored);
    }
    card.waiting.erase(kind);
    PSM_RETURN_IF_ERROR(WriteCardFile(file, card));
    return kind;
  }
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "CERTIFICATE_UNEXPECTED", Party::kConsumer,
                   "no key of this card waits for this certificate");
}

absl::StatusOr<CardView> LookAt(const std::string& file) {
  PSM_ASSIGN_OR_RETURN(CardFile card, ReadCardFile(file));
  CardView view;
  view.serial = card.serial;
  for (const CertificateKind kind :
       {CertificateKind::kAuthentication, CertificateKind::kSignature}) {
    if (const StoredKey* key = card.Find(kind); key != nullptr)
      view.faces.push_back({kind, key->certificate, key->tries_left});
  }
  return view;
}

absl::StatusOr<int> TriesLeft(const std::string& file, CertificateKind kind) {
  PSM_ASSIGN_OR_RETURN(CardFile card, ReadCardFile(file));
  const StoredKey* const key = card.Find(kind);
  if (key == nullptr) return NoneOfThisKind();
  return key->tries_left;
}

}  // namespace psm::card
