#include "mesh/crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

absl::Status Refused(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the certificate ", why));
}

absl::StatusOr<std::string> SerialOf(const X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  OpenSslPtr<BIGNUM> number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (number == nullptr || BN_is_negative(number.get()) ||
      BN_is_zero(number.get())) {
    return Refused("has no positive serial number");
  }
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), Bytes(bytes));
  return absl::BytesToHexString(bytes);
}

absl::StatusOr<absl::Time> TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return Refused("has a time that does not parse");
  }
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::StatusOr<std::shared_ptr<const VerifyingKey>> KeyOf(
    const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return Refused("has no public key");
  auto key = VerifyingKey::FromDer(absl::string_view(
      reinterpret_cast<char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  if (!key.ok()) return Refused("has a key that is not P-256");
  return key;
}

absl::string_view TextOf(const ASN1_STRING* string) {
  return absl::string_view(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
      static_cast<std::size_t>(ASN1_STRING_length(string)));
}

}  // namespace

absl::StatusOr<Certificate> Certificate::FromX509(const X509* certificate) {
  if (certificate == nullptr) return Refused("is missing");
  // Fills OpenSSL's cache of extensions now, so that later reads change nothing
  // and may come from any thread. A duplicate or damaged extension fails here.
  X509* held = const_cast<X509*>(certificate);
  X509_up_ref(held);
  Certificate parsed;
  parsed.certificate_ = std::shared_ptr<X509>(held, X509_free);
  if (X509_check_purpose(held, -1, 0) != 1) {
    return Refused(absl::StrCat("does not parse: ", TakeOpenSslReason()));
  }
  PSM_ASSIGN_OR_RETURN(parsed.serial_, SerialOf(certificate));
  PSM_ASSIGN_OR_RETURN(parsed.not_before_,
                       TimeOf(X509_get0_notBefore(certificate)));
  PSM_ASSIGN_OR_RETURN(parsed.not_after_,
                       TimeOf(X509_get0_notAfter(certificate)));
  PSM_ASSIGN_OR_RETURN(parsed.key_, KeyOf(certificate));
  return parsed;
}

absl::StatusOr<Certificate> Certificate::FromDer(absl::string_view der) {
  const unsigned char* at = Bytes(der);
  OpenSslPtr<X509> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr) {
    return Refused(absl::StrCat("does not parse: ", TakeOpenSslReason()));
  }
  if (at != Bytes(der) + der.size()) return Refused("has bytes after it");
  return FromX509(certificate.get());
}

absl::StatusOr<std::vector<Certificate>> Certificate::ChainFromPem(
    absl::string_view pem) {
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  std::vector<Certificate> chain;
  ERR_clear_error();
  while (true) {
    OpenSslPtr<X509> certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) break;
    PSM_ASSIGN_OR_RETURN(Certificate parsed, FromX509(certificate.get()));
    chain.push_back(std::move(parsed));
  }
  PSM_RETURN_IF_ERROR(EndOfPem("certificate"));
  if (chain.empty()) {
    return absl::InvalidArgumentError("no PEM certificate is in it");
  }
  return chain;
}

absl::StatusOr<std::string> Certificate::UriName() const {
  int critical = 0;
  OpenSslPtr<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
      certificate_.get(), NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr) {
    TakeOpenSslReason();
    if (critical == -1) return Refused("has no alternative name");
    return Refused("has alternative names that do not parse");
  }
  const ASN1_STRING* uri = nullptr;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    if (uri != nullptr) return Refused("has more than one URI name");
    uri = name->d.uniformResourceIdentifier;
  }
  if (uri == nullptr) return Refused("has no URI name");
  const absl::string_view text = TextOf(uri);
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return Refused("has a URI name with characters that no URI has");
    }
  }
  if (text.empty()) return Refused("has an empty URI name");
  return std::string(text);
}

std::string Certificate::CommonName() const {
  const X509_NAME* name = X509_get_subject_name(certificate_.get());
  const int first = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (first < 0 ||
      X509_NAME_get_index_by_NID(name, NID_commonName, first) >= 0) {
    return "";
  }
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(
      &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
  if (size < 0) {
    TakeOpenSslReason();
    return "";
  }
  std::string text(reinterpret_cast<char*>(utf8),
                   static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text.find('\0') == std::string::npos ? text : "";
}

std::string Certificate::ToDer() const {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate_.get(), &der);
  CheckOpenSsl(size > 0, "i2d_X509");
  std::string bytes(reinterpret_cast<char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

std::string Certificate::ToPem() const {
  OpenSslPtr<BIO> bio = WritingBio();
  CheckOpenSsl(PEM_write_bio_X509(bio.get(), certificate_.get()) == 1,
               "PEM_write_bio_X509");
  return std::string(BioContents(bio.get()));
}

}  // namespace psm
