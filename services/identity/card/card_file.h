// The file of a virtual card: its form, read and written whole. Knows no PIN.
// For virtual_card.cc.
#ifndef PSM_SERVICES_IDENTITY_CARD_CARD_FILE_H_
#define PSM_SERVICES_IDENTITY_CARD_CARD_FILE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/identity/card/certificate_kind.h"

namespace psm::card {

// One key of a card as it lies in the file.
struct StoredKey {
  int tries_left = 0;       // 0 to MaxTriesOf its kind
  std::string certificate;  // PEM
  std::string private_key;  // PKCS#8 PEM, encrypted
};

// A new key that waits for its certificate.
struct WaitingKey {
  std::string public_key;   // SubjectPublicKeyInfo, DER in base64
  std::string private_key;  // PKCS#8 PEM, encrypted
};

struct CardFile {
  std::string serial;
  StoredKey authentication;
  std::optional<StoredKey> signature;  // a card may have none
  // By kind; the last one asked for.
  std::map<CertificateKind, WaitingKey> waiting;

  // Null where the card has none of that kind.
  StoredKey* Find(CertificateKind kind);
};

// NOT_FOUND CARD_MISSING; FAILED_PRECONDITION CARD_UNREADABLE for a file that
// is no card or that others may read. Between reading and writing, hold a
// FolderLock.
absl::StatusOr<CardFile> ReadCardFile(const std::string& file);

// Writes the file whole, mode 0600, durably.
absl::Status WriteCardFile(const std::string& file, const CardFile& card);

// CARD_UNREADABLE, and why.
absl::Status CardUnreadable(const std::string& file, absl::string_view why);

// CARD_MISSING.
absl::Status CardMissing(const std::string& file);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_CARD_FILE_H_
