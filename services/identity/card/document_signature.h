// Documents signed with a card's signature certificate: detached CMS (RFC
// 5652), made on the client and verified offline by whoever gets them, with the
// authority's certificate and its revocation list. Knows no transport.
#ifndef PSM_SERVICES_IDENTITY_CARD_DOCUMENT_SIGNATURE_H_
#define PSM_SERVICES_IDENTITY_CARD_DOCUMENT_SIGNATURE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/crypto/certificate.h"
#include "services/identity/card/card_items.h"
#include "services/identity/card/signed_for.h"
#include "services/identity/card/virtual_card.h"

typedef struct x509_store_st X509_STORE;

namespace psm::card {

inline constexpr std::size_t kMaxDocumentSize = 1 << 20;        // bytes
inline constexpr std::size_t kMaxSignatureSize = 16 * 1024;     // bytes
inline constexpr absl::Duration kClockSkew = absl::Minutes(5);  // tolerated

// Signs a document with the key of `card`, which must be a signature key: CMS
// SignedData, DER, detached, SHA-256, with the certificate and the time `now`
// inside. INVALID_ARGUMENT for a document over kMaxDocumentSize.
// `openssl cms -verify -binary -inform DER -content DOCUMENT` accepts it.
absl::StatusOr<std::string> SignDocument(const VirtualCard& card,
                                         absl::string_view document,
                                         absl::Time now);

// The same for a request, of whose document only the SHA-256 is known, 32
// bytes: whoever has the document puts the two together. Says inside for whom
// it was made (signed_for.h). INVALID_ARGUMENT for another length, or where
// `whom` lacks either name.
absl::StatusOr<std::string> SignRequested(const VirtualCard& card,
                                          absl::string_view digest,
                                          const SignedFor& whom,
                                          absl::Time now);

// Who signed.
struct DocumentSigner {
  std::string card_serial;
  std::string certificate_serial;  // lower-case hexadecimal
  CardItems items;                 // at the time of the certificate's issue
  absl::Time signing_time;         // as the signer says
};

// Immutable, thread-safe.
class DocumentTrust {
 public:
  // Of the authority's certificate and its list, both PEM. INVALID_ARGUMENT
  // where they do not parse.
  static absl::StatusOr<std::unique_ptr<DocumentTrust>> Create(
      absl::string_view authority_pem, absl::string_view list_pem);
  ~DocumentTrust();
  DocumentTrust(const DocumentTrust&) = delete;
  DocumentTrust& operator=(const DocumentTrust&) = delete;

  // Who signed a document that was received at `received`. There is nobody who
  // vouches for the time of signing, so the certificate must be in force when
  // the document comes in: issued by the authority, within its validity, not on
  // the list, the list itself not over. Nor may it have been signed later than
  // that, or before its certificate was issued. PERMISSION_DENIED
  // SIGNATURE_INVALID where document and signature do not belong together, or
  // the signature is not of SignDocument's form; SIGNED_FOR_RELYING_PARTY where
  // it was made for somebody's request; CERTIFICATE_NOT_ACCEPTED for the rest.
  // The messages name no person.
  absl::StatusOr<DocumentSigner> Verify(absl::string_view document,
                                        absl::string_view signature,
                                        absl::Time received) const;

  // The same of SignRequested's, by the document's SHA-256, for who has made
  // the request: PERMISSION_DENIED NOT_SIGNED_FOR_THIS_REQUEST where the
  // signature was made for another, or for none.
  absl::StatusOr<DocumentSigner> VerifyRequested(absl::string_view digest,
                                                 const SignedFor& whom,
                                                 absl::string_view signature,
                                                 absl::Time received) const;

 private:
  explicit DocumentTrust(X509_STORE* store) : store_(store) {}
  // `whom` null: made for no request.
  absl::StatusOr<DocumentSigner> VerifyDigest(absl::string_view digest,
                                              const SignedFor* whom,
                                              absl::string_view signature,
                                              absl::Time received) const;
  // Whether the certificate is to be believed: OK, or CERTIFICATE_NOT_ACCEPTED.
  absl::Status CheckCertificate(const Certificate& certificate,
                                absl::Time signing_time,
                                absl::Time received) const;

  X509_STORE* const store_;  // owned
};

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_DOCUMENT_SIGNATURE_H_
