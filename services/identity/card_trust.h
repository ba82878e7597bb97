// Which card certificates identity accepts: those of one authority, of one
// profile, now valid. Knows no persons.
#ifndef PSM_SERVICES_IDENTITY_CARD_TRUST_H_
#define PSM_SERVICES_IDENTITY_CARD_TRUST_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/signing_key.h"

typedef struct x509_store_st X509_STORE;

namespace psm::identity {

// What an accepted certificate says.
struct AcceptedCard {
  std::string serial;                       // of the card
  std::string certificate_serial;           // lower-case hexadecimal
  std::shared_ptr<const VerifyingKey> key;  // never null
};

// Trusts the authority whose certificate lies in a file. Whoever may write that
// file, or read the authority's key, can sign in as anybody. Thread-safe.
class CardTrust {
 public:
  // `authority_file`: the authority's certificate, PEM. It may appear later
  // (cards are issued when personas exist): until then no card is accepted.
  explicit CardTrust(std::string authority_file);
  ~CardTrust();
  CardTrust(const CardTrust&) = delete;
  CardTrust& operator=(const CardTrust&) = delete;

  // Reads the authority's certificate; OK at once where that was done before.
  // NOT_FOUND while there is no file; INVALID_ARGUMENT where it holds no
  // certificate of an authority.
  absl::Status Load() PSM_EXCLUDES(mu_);

  // Checks a user authentication certificate, DER: issued by the authority (RFC
  // 5280, 6), valid at `now`, a P-256 key for digital signatures and client
  // authentication, a subject of exactly one serialNumber. PERMISSION_DENIED
  // CERTIFICATE_NOT_ACCEPTED otherwise; the message says which check failed.
  // Whether it was revoked is for the register to say.
  absl::StatusOr<AcceptedCard> Verify(absl::string_view certificate_der,
                                      absl::Time now) PSM_EXCLUDES(mu_);

 private:
  const std::string authority_file_;
  Mutex mu_;
  X509_STORE* store_ PSM_GUARDED_BY(mu_) = nullptr;  // owned; set once
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CARD_TRUST_H_
