// Verification in two steps, so that each failure has its reason: first that
// the signature is this document's by the certificate inside, then that the
// certificate is to be believed. Nothing of the certificate is used before both
// hold.
#include "services/identity/card/document_signature.h"

#include <openssl/cms.h>
#include <openssl/pem.h>

#include <ctime>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::card {
namespace {

struct CmsDeleter {
  void operator()(CMS_ContentInfo* p) const { CMS_ContentInfo_free(p); }
  // The certificates in it belong to the CMS.
  void operator()(STACK_OF(X509) * p) const { sk_X509_free(p); }
};
using CmsPtr = std::unique_ptr<CMS_ContentInfo, CmsDeleter>;

constexpr unsigned kForm = CMS_DETACHED | CMS_BINARY;
constexpr std::size_t kDigestSize = 32;  // SHA-256

absl::Status Denied(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kPermissionDenied, reason,
                   Party::kProvider, message);
}

absl::Status SignatureInvalid(absl::string_view why) {
  TakeOpenSslReason();
  return Denied("SIGNATURE_INVALID",
                absl::StrCat("the signature does not hold: ", why));
}

absl::Status MadeForRequest() {
  return Denied("SIGNED_FOR_RELYING_PARTY",
                "the signature was made for a relying party's request, not for "
                "you: have the document itself signed");
}

absl::Status MadeForAnother() {
  return Denied("NOT_SIGNED_FOR_THIS_REQUEST",
                "the signature does not say that it was made for this request: "
                "sign with psm-authenticator --sign, and the id that the page "
                "shows");
}

absl::Status NotAccepted(absl::string_view why) {
  TakeOpenSslReason();
  return MakeError(
      absl::StatusCode::kPermissionDenied, "CERTIFICATE_NOT_ACCEPTED",
      Party::kProvider,
      absl::StrCat("the signer's certificate is not accepted: ", why));
}

// The time in the signed attributes; InfinitePast where there is not one.
absl::Time SigningTimeOf(const CMS_SignerInfo* signer) {
  const int at = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
  if (at < 0) return absl::InfinitePast();
  X509_ATTRIBUTE* const attribute = CMS_signed_get_attr(signer, at);
  if (X509_ATTRIBUTE_count(attribute) != 1) return absl::InfinitePast();
  const ASN1_TYPE* const value = X509_ATTRIBUTE_get0_type(attribute, 0);
  if (value == nullptr ||
      (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME))
    return absl::InfinitePast();
  std::tm fields = {};
  if (ASN1_TIME_to_tm(value->value.asn1_string, &fields) != 1)
    return absl::InfinitePast();
  return absl::FromTM(fields, absl::UTCTimeZone());
}

// The kind of attribute that says for whose request it was signed.
const ASN1_OBJECT* SignedForKind() {
  static const ASN1_OBJECT* const kind = [] {
    const ASN1_OBJECT* made = OBJ_txt2obj(kSignedForType, /*no_name=*/1);
    CheckOpenSsl(made != nullptr, "OBJ_txt2obj");
    return made;
  }();
  return kind;
}

// Whether the signed attributes have exactly one of this kind, with exactly one
// value of this type; the value.
ASN1_TYPE* OnlyValue(const CMS_SignerInfo* signer, const ASN1_OBJECT* kind,
                     int type) {
  const int at = CMS_signed_get_attr_by_OBJ(signer, kind, -1);
  if (at < 0 || CMS_signed_get_attr_by_OBJ(signer, kind, at) >= 0)
    return nullptr;
  X509_ATTRIBUTE* const attribute = CMS_signed_get_attr(signer, at);
  if (X509_ATTRIBUTE_count(attribute) != 1) return nullptr;
  ASN1_TYPE* const value = X509_ATTRIBUTE_get0_type(attribute, 0);
  return value != nullptr && value->type == type ? value : nullptr;
}
ASN1_TYPE* OnlyValue(const CMS_SignerInfo* signer, int nid, int type) {
  return OnlyValue(signer, OBJ_nid2obj(nid), type);
}

absl::string_view BytesOf(const ASN1_STRING* text) {
  return absl::string_view(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
      static_cast<std::size_t>(ASN1_STRING_length(text)));
}

// OK where a signature says what `whom` does; null: that it is for no request.
// One that says it twice, or in another form, is no document's either.
absl::Status CheckSignedFor(const CMS_SignerInfo* signer,
                            const SignedFor* whom) {
  if (whom == nullptr) {
    return CMS_signed_get_attr_by_OBJ(signer, SignedForKind(), -1) < 0
               ? absl::OkStatus()
               : MadeForRequest();
  }
  const ASN1_TYPE* const said =
      OnlyValue(signer, SignedForKind(), V_ASN1_SEQUENCE);
  return said != nullptr &&
                 BytesOf(said->value.sequence) == EncodeSignedFor(*whom)
             ? absl::OkStatus()
             : MadeForAnother();
}

// The one signer of a signature of our form, whose signature of the document
// with this SHA-256 holds; null otherwise. RFC 5652, 5.4 and 5.6: what is
// signed are the attributes, which name the content's type and digest.
CMS_SignerInfo* SignerOf(CMS_ContentInfo* cms, absl::string_view document) {
  if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
      OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data ||
      CMS_is_detached(cms) != 1)
    return nullptr;
  STACK_OF(CMS_SignerInfo)* const signers = CMS_get0_SignerInfos(cms);
  if (sk_CMS_SignerInfo_num(signers) != 1) return nullptr;
  CMS_SignerInfo* const signer = sk_CMS_SignerInfo_value(signers, 0);
  X509_ALGOR* digest = nullptr;
  CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &digest, nullptr);
  if (digest == nullptr || OBJ_obj2nid(digest->algorithm) != NID_sha256)
    return nullptr;
  const ASN1_TYPE* const type =
      OnlyValue(signer, NID_pkcs9_contentType, V_ASN1_OBJECT);
  const ASN1_TYPE* const said =
      OnlyValue(signer, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
  if (type == nullptr || OBJ_obj2nid(type->value.object) != NID_pkcs7_data ||
      said == nullptr || BytesOf(said->value.octet_string) != document)
    return nullptr;
  // The certificate is looked at afterwards, by rules of our own.
  return CMS_set1_signers_certs(cms, nullptr, 0) == 1 &&
                 CMS_SignerInfo_verify(signer) == 1
             ? signer
             : nullptr;
}

// The signed attributes of a document with this SHA-256; `whom` null: for no
// request. False only for want of memory.
bool AddAttributes(CMS_SignerInfo* signer, absl::string_view digest,
                   const SignedFor* whom, absl::Time now) {
  const OpenSslPtr<ASN1_TIME> time(ASN1_TIME_set(nullptr, absl::ToTimeT(now)));
  const std::string made_for = whom == nullptr ? "" : EncodeSignedFor(*whom);
  return time != nullptr &&
         CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_contentType,
                                     V_ASN1_OBJECT, OBJ_nid2obj(NID_pkcs7_data),
                                     -1) == 1 &&
         CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, time->type,
                                     time.get(), -1) == 1 &&
         CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_messageDigest,
                                     V_ASN1_OCTET_STRING, digest.data(),
                                     static_cast<int>(digest.size())) == 1 &&
         (whom == nullptr ||
          CMS_signed_add1_attr_by_OBJ(signer, SignedForKind(), V_ASN1_SEQUENCE,
                                      made_for.data(),
                                      static_cast<int>(made_for.size())) == 1);
}

absl::StatusOr<std::string> SignDigest(const VirtualCard& card,
                                       absl::string_view digest,
                                       const SignedFor* whom, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(const Certificate certificate,
                       Certificate::FromDer(card.certificate_der()));
  const CmsPtr cms(
      CMS_sign(nullptr, nullptr, nullptr, nullptr, kForm | CMS_PARTIAL));
  CheckOpenSsl(cms != nullptr, "CMS_sign");
  CMS_SignerInfo* const signer =
      CMS_add1_signer(cms.get(), certificate.get(), card.key().get(),
                      EVP_sha256(), kForm | CMS_NOSMIMECAP | CMS_PARTIAL);
  CheckOpenSsl(signer != nullptr && AddAttributes(signer, digest, whom, now) &&
                   CMS_SignerInfo_sign(signer) == 1,
               "CMS_SignerInfo_sign");
  unsigned char* der = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &der);
  CheckOpenSsl(size > 0, "i2d_CMS_ContentInfo");
  std::string bytes(reinterpret_cast<const char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> SignDocument(const VirtualCard& card,
                                         absl::string_view document,
                                         absl::Time now) {
  if (document.size() > kMaxDocumentSize)
    return absl::InvalidArgumentError("a document has at most 1 MiB");
  return SignDigest(card, Sha256(document), nullptr, now);
}

absl::StatusOr<std::string> SignRequested(const VirtualCard& card,
                                          absl::string_view digest,
                                          const SignedFor& whom,
                                          absl::Time now) {
  if (digest.size() != kDigestSize)
    return absl::InvalidArgumentError("a SHA-256 has 32 bytes");
  if (whom.client_id.empty() || whom.request_id.empty())
    return absl::InvalidArgumentError("a request has an id, and who made it");
  return SignDigest(card, digest, &whom, now);
}

absl::StatusOr<std::unique_ptr<DocumentTrust>> DocumentTrust::Create(
    absl::string_view authority_pem, absl::string_view list_pem) {
  PSM_ASSIGN_OR_RETURN(const std::vector<Certificate> authority,
                       Certificate::ChainFromPem(authority_pem));
  const OpenSslPtr<BIO> bio = ReadingBio(list_pem);
  const OpenSslPtr<X509_CRL> list(
      PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  if (list == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("no revocation list: ", TakeOpenSslReason()));
  }
  OpenSslPtr<X509_STORE> store(X509_STORE_new());
  CheckOpenSsl(store != nullptr &&
                   X509_STORE_add_cert(store.get(), authority[0].get()) == 1 &&
                   X509_STORE_add_crl(store.get(), list.get()) == 1,
               "X509_STORE_add_crl");
  return std::unique_ptr<DocumentTrust>(new DocumentTrust(store.release()));
}

DocumentTrust::~DocumentTrust() { X509_STORE_free(store_); }

absl::StatusOr<DocumentSigner> DocumentTrust::Verify(
    absl::string_view document, absl::string_view signature,
    absl::Time received) const {
  if (document.size() > kMaxDocumentSize)
    return SignatureInvalid("the document is too large");
  return VerifyDigest(Sha256(document), nullptr, signature, received);
}

absl::StatusOr<DocumentSigner> DocumentTrust::VerifyRequested(
    absl::string_view digest, const SignedFor& whom,
    absl::string_view signature, absl::Time received) const {
  return VerifyDigest(digest, &whom, signature, received);
}

absl::Status DocumentTrust::CheckCertificate(const Certificate& certificate,
                                             absl::Time signing_time,
                                             absl::Time received) const {
  const OpenSslPtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  CheckOpenSsl(context != nullptr &&
                   X509_STORE_CTX_init(context.get(), store_, certificate.get(),
                                       nullptr) == 1,
               "X509_STORE_CTX_init");
  X509_VERIFY_PARAM* const parameters =
      X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, absl::ToTimeT(received));
  X509_VERIFY_PARAM_set_flags(parameters,
                              X509_V_FLAG_X509_STRICT | X509_V_FLAG_CRL_CHECK);
  if (X509_verify_cert(context.get()) != 1) {
    return NotAccepted(
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  // The profile: what signs somebody in does not sign documents.
  const std::uint32_t flags = X509_get_extension_flags(certificate.get());
  if ((flags & EXFLAG_CA) != 0 || (flags & EXFLAG_KUSAGE) == 0 ||
      (flags & EXFLAG_XKUSAGE) != 0 ||
      (X509_get_key_usage(certificate.get()) & KU_NON_REPUDIATION) == 0)
    return NotAccepted("it is not for signing documents");
  if (signing_time < certificate.not_before() ||
      signing_time > received + kClockSkew)
    return NotAccepted("it was not in force when this was signed");
  return absl::OkStatus();
}

absl::StatusOr<DocumentSigner> DocumentTrust::VerifyDigest(
    absl::string_view digest, const SignedFor* whom,
    absl::string_view signature, absl::Time received) const {
  if (signature.size() > kMaxSignatureSize)
    return SignatureInvalid("the signature is too large");
  const unsigned char* at = Bytes(signature);
  const CmsPtr cms(
      d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(signature.size())));
  if (cms == nullptr || at != Bytes(signature) + signature.size())
    return SignatureInvalid("it is no CMS");
  CMS_SignerInfo* const signer = SignerOf(cms.get(), digest);
  if (signer == nullptr)
    return SignatureInvalid("it is not one of this document");
  PSM_RETURN_IF_ERROR(CheckSignedFor(signer, whom));
  const absl::Time signing_time = SigningTimeOf(signer);
  const std::unique_ptr<STACK_OF(X509), CmsDeleter> inside(
      CMS_get0_signers(cms.get()));
  if (inside == nullptr || sk_X509_num(inside.get()) != 1)
    return SignatureInvalid("it has not one signer");
  const absl::StatusOr<Certificate> certificate =
      Certificate::FromX509(sk_X509_value(inside.get(), 0));
  if (!certificate.ok()) return NotAccepted("it is no certificate of P-256");

  PSM_RETURN_IF_ERROR(CheckCertificate(*certificate, signing_time, received));

  DocumentSigner who;
  who.card_serial = CardSerialOf(*certificate);
  who.certificate_serial = certificate->serial();
  who.signing_time = signing_time;
  absl::StatusOr<CardItems> items = ItemsOf(*certificate);
  if (who.card_serial.empty() || !items.ok())
    return NotAccepted("it does not say whose it is");
  who.items = *std::move(items);
  return who;
}

}  // namespace psm::card
