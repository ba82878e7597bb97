#include "certs/sign.h"

#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::pki {
namespace {

constexpr char kOrganisation[] = "Public Service Mesh (unofficial prototype)";
constexpr std::size_t kMaxCommonName = 64;     // X.520, ub-common-name
constexpr std::size_t kMaxSubjectSerial = 64;  // X.520, ub-serial-number

// 80 bits less the sign: enough that no serial comes twice, short enough to
// read out. The first byte is neither zero nor negative (RFC 5280, 4.1.2.2).
constexpr std::size_t kSerialSize = 10;  // bytes

std::string NewSerial() {
  std::string serial = SystemRandom().Bytes(kSerialSize);
  serial[0] = static_cast<char>((serial[0] & 0x7f) | 0x40);
  return serial;
}

OpenSslPtr<ASN1_INTEGER> IntegerOf(absl::string_view bytes) {
  OpenSslPtr<BIGNUM> number(
      BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
  OpenSslPtr<ASN1_INTEGER> integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
  CheckOpenSsl(integer != nullptr, "BN_to_ASN1_INTEGER");
  return integer;
}

OpenSslPtr<ASN1_TIME> TimeOf(absl::Time time) {
  OpenSslPtr<ASN1_TIME> result(ASN1_TIME_set(nullptr, absl::ToTimeT(time)));
  CheckOpenSsl(result != nullptr, "ASN1_TIME_set");
  return result;
}

bool AddNamePart(X509_NAME* name, int nid, const std::string& text) {
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                    Bytes(absl::string_view(text)),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

absl::StatusOr<OpenSslPtr<X509_NAME>> SubjectOf(
    const CertificateProfile& profile) {
  OpenSslPtr<X509_NAME> name(X509_NAME_new());
  CheckOpenSsl(name != nullptr, "X509_NAME_new");
  const bool added =
      profile.subject_serial.empty()
          ? AddNamePart(name.get(), NID_organizationName, kOrganisation) &&
                AddNamePart(name.get(), NID_commonName, profile.common_name)
          : AddNamePart(name.get(), NID_serialNumber, profile.subject_serial);
  if (added) return name;
  return absl::InvalidArgumentError(absl::StrCat(
      "a certificate's common name is UTF-8: ", TakeOpenSslReason()));
}

// An extension from OpenSSL's configuration language (x509v3_config(5)), which
// is for texts of our own only: it has separators that a name could contain.
OpenSslPtr<X509_EXTENSION> ExtensionOf(X509V3_CTX* context, int nid,
                                       const std::string& text) {
  return OpenSslPtr<X509_EXTENSION>(
      X509V3_EXT_conf_nid(nullptr, context, nid, text.c_str()));
}

absl::Status AddExtension(X509* certificate, const X509* issuer, int nid,
                          const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate, nullptr,
                 nullptr, 0);
  const OpenSslPtr<X509_EXTENSION> extension = ExtensionOf(&context, nid, text);
  if (extension == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("a certificate cannot hold ", OBJ_nid2ln(nid), " \"", text,
                     "\": ", TakeOpenSslReason()));
  }
  CheckOpenSsl(X509_add_ext(certificate, extension.get(), -1) == 1,
               "X509_add_ext");
  return absl::OkStatus();
}

void AddName(GENERAL_NAMES* names, int type, OpenSslPtr<ASN1_STRING> value) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  CheckOpenSsl(name != nullptr && value != nullptr, "GENERAL_NAME_new");
  GENERAL_NAME_set0_value(name, type, value.release());
  CheckOpenSsl(sk_GENERAL_NAME_push(names, name) > 0, "a list of names");
}

// Names are put in as bytes, not through the configuration language.
OpenSslPtr<ASN1_STRING> Ia5Of(const std::string& text) {
  OpenSslPtr<ASN1_STRING> value(ASN1_STRING_type_new(V_ASN1_IA5STRING));
  CheckOpenSsl(
      value != nullptr && ASN1_STRING_set(value.get(), text.data(),
                                          static_cast<int>(text.size())) == 1,
      "ASN1_STRING_set");
  return value;
}

// [0] EXPLICIT UTF8String below the kind.
absl::Status AddOtherName(GENERAL_NAMES* names, const OtherName& other) {
  std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> kind(
      OBJ_txt2obj(other.kind.c_str(), 1), &ASN1_OBJECT_free);
  if (kind == nullptr) {
    TakeOpenSslReason();
    return absl::InvalidArgumentError(
        absl::StrCat("\"", other.kind, "\" is not an object identifier"));
  }
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_TYPE* value = ASN1_TYPE_new();
  ASN1_STRING* text = ASN1_STRING_type_new(V_ASN1_UTF8STRING);
  CheckOpenSsl(name != nullptr && value != nullptr && text != nullptr &&
                   ASN1_STRING_set(text, other.text.data(),
                                   static_cast<int>(other.text.size())) == 1,
               "another name");
  ASN1_TYPE_set(value, V_ASN1_UTF8STRING, text);
  CheckOpenSsl(GENERAL_NAME_set0_othername(name, kind.release(), value) == 1 &&
                   sk_GENERAL_NAME_push(names, name) > 0,
               "a list of names");
  return absl::OkStatus();
}

absl::Status AddAlternativeNames(X509* certificate,
                                 const CertificateProfile& profile) {
  OpenSslPtr<GENERAL_NAMES> names(GENERAL_NAMES_new());
  CheckOpenSsl(names != nullptr, "GENERAL_NAMES_new");
  for (const std::string& name : profile.uri_names) {
    AddName(names.get(), GEN_URI, Ia5Of(name));
  }
  for (const std::string& name : profile.dns_names) {
    AddName(names.get(), GEN_DNS, Ia5Of(name));
  }
  for (const std::string& address : profile.ip_addresses) {
    OpenSslPtr<ASN1_STRING> value(a2i_IPADDRESS(address.c_str()));
    if (value == nullptr) {
      TakeOpenSslReason();
      return absl::InvalidArgumentError(
          absl::StrCat("\"", address, "\" is not an IP address"));
    }
    AddName(names.get(), GEN_IPADD, std::move(value));
  }
  for (const OtherName& other : profile.other_names)
    PSM_RETURN_IF_ERROR(AddOtherName(names.get(), other));
  if (sk_GENERAL_NAME_num(names.get()) == 0) return absl::OkStatus();
  CheckOpenSsl(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(),
                                 0, X509V3_ADD_DEFAULT) == 1,
               "X509_add1_ext_i2d");
  return absl::OkStatus();
}

absl::Status AddExtensions(X509* certificate, const X509* issuer,
                           const CertificateProfile& profile) {
  std::string constraints =
      profile.authority ? "critical,CA:TRUE" : "critical,CA:FALSE";
  if (profile.path_length.has_value()) {
    absl::StrAppend(&constraints, ",pathlen:", *profile.path_length);
  }
  const auto add = [&](int nid, const std::string& text) {
    return AddExtension(certificate, issuer, nid, text);
  };
  PSM_RETURN_IF_ERROR(add(NID_basic_constraints, constraints));
  PSM_RETURN_IF_ERROR(
      add(NID_key_usage, profile.authority ? "critical,keyCertSign,cRLSign"
                         : profile.commits
                             ? "critical,digitalSignature,nonRepudiation"
                             : "critical,digitalSignature"));
  if (!profile.purposes.empty()) {
    PSM_RETURN_IF_ERROR(
        add(NID_ext_key_usage, absl::StrJoin(profile.purposes, ",")));
  }
  if (profile.unasked)
    PSM_RETURN_IF_ERROR(add(NID_id_pkix_OCSP_noCheck, "NULL"));
  PSM_RETURN_IF_ERROR(AddAlternativeNames(certificate, profile));
  // The issuer's key identifier: a self-signed certificate's is its own, which
  // must be there first.
  PSM_RETURN_IF_ERROR(add(NID_subject_key_identifier, "hash"));
  return add(NID_authority_key_identifier, "keyid:always");
}

void AddReason(X509_REVOKED* entry, int reason) {
  OpenSslPtr<ASN1_STRING> value(ASN1_ENUMERATED_new());
  CheckOpenSsl(value != nullptr &&
                   ASN1_ENUMERATED_set(value.get(), reason) == 1 &&
                   X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value.get(),
                                             0, X509V3_ADD_DEFAULT) == 1,
               "the reason of a revocation");
}

bool IsSerial(const std::string& text) {
  return text.size() <= kMaxSubjectSerial &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-';
         });
}

absl::Status CheckProfile(const CertificateProfile& profile) {
  if (!profile.subject_serial.empty()) {
    if (!profile.common_name.empty() || !IsSerial(profile.subject_serial)) {
      return absl::InvalidArgumentError(
          "a subject's serial number is 1 to 64 letters, digits and hyphens, "
          "without a common name beside it");
    }
  } else if (profile.common_name.empty() ||
             profile.common_name.size() > kMaxCommonName) {
    return absl::InvalidArgumentError(
        "a certificate's common name has 1 to 64 characters");
  }
  if (profile.not_before > profile.not_after) {
    return absl::InvalidArgumentError(
        "a certificate cannot expire before it is valid");
  }
  for (const std::string& purpose : profile.purposes) {
    for (const char c : purpose) {
      if (!absl::ascii_isalpha(static_cast<unsigned char>(c))) {
        return absl::InvalidArgumentError("a purpose's name has letters only");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Certificate> SignCertificate(const CertificateProfile& profile,
                                            const VerifyingKey& key,
                                            const X509* issuer,
                                            const SigningKey& signer) {
  PSM_RETURN_IF_ERROR(CheckProfile(profile));
  OpenSslPtr<X509> certificate(X509_new());
  CheckOpenSsl(certificate != nullptr, "X509_new");
  PSM_ASSIGN_OR_RETURN(const OpenSslPtr<X509_NAME> subject, SubjectOf(profile));
  const X509_NAME* issuer_name =
      issuer != nullptr ? X509_get_subject_name(issuer) : subject.get();
  const OpenSslPtr<ASN1_INTEGER> serial = IntegerOf(NewSerial());
  const OpenSslPtr<ASN1_TIME> not_before = TimeOf(profile.not_before);
  const OpenSslPtr<ASN1_TIME> not_after = TimeOf(profile.not_after);
  CheckOpenSsl(
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
          X509_set_serialNumber(certificate.get(), serial.get()) == 1 &&
          X509_set_subject_name(certificate.get(), subject.get()) == 1 &&
          X509_set_issuer_name(certificate.get(), issuer_name) == 1 &&
          X509_set1_notBefore(certificate.get(), not_before.get()) == 1 &&
          X509_set1_notAfter(certificate.get(), not_after.get()) == 1 &&
          X509_set_pubkey(certificate.get(), key.get()) == 1,
      "the fields of a certificate");
  PSM_RETURN_IF_ERROR(
      AddExtensions(certificate.get(),
                    issuer != nullptr ? issuer : certificate.get(), profile));
  CheckOpenSsl(X509_sign(certificate.get(), signer.get(), EVP_sha256()) > 0,
               "X509_sign");
  // Through DER: what is handed out is what others will read.
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  CheckOpenSsl(size > 0, "i2d_X509");
  const std::string bytes(reinterpret_cast<char*>(der),
                          static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return Certificate::FromDer(bytes);
}

absl::StatusOr<std::string> SignRevocationList(
    absl::Span<const Revocation> revoked, std::uint64_t number,
    absl::Time this_update, absl::Time next_update, const X509* issuer,
    const SigningKey& signer) {
  OpenSslPtr<X509_CRL> list(X509_CRL_new());
  const OpenSslPtr<ASN1_TIME> from = TimeOf(this_update);
  const OpenSslPtr<ASN1_TIME> until = TimeOf(next_update);
  CheckOpenSsl(list != nullptr &&
                   X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
                   X509_CRL_set_issuer_name(
                       list.get(), X509_get_subject_name(issuer)) == 1 &&
                   X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1 &&
                   X509_CRL_set1_nextUpdate(list.get(), until.get()) == 1,
               "the fields of a revocation list");
  for (const Revocation& revocation : revoked) {
    const std::string bytes = absl::HexStringToBytes(revocation.serial);
    if (bytes.empty() || absl::BytesToHexString(bytes) != revocation.serial) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", revocation.serial, "\" is not a serial number in hexadecimal"));
    }
    OpenSslPtr<X509_REVOKED> entry(X509_REVOKED_new());
    const OpenSslPtr<ASN1_INTEGER> serial = IntegerOf(bytes);
    const OpenSslPtr<ASN1_TIME> time = TimeOf(revocation.time);
    CheckOpenSsl(
        entry != nullptr &&
            X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
            X509_REVOKED_set_revocationDate(entry.get(), time.get()) == 1,
        "an entry of a revocation list");
    if (revocation.reason != 0) AddReason(entry.get(), revocation.reason);
    CheckOpenSsl(X509_CRL_add0_revoked(list.get(), entry.get()) == 1,
                 "X509_CRL_add0_revoked");
    entry.release();  // belongs to the list now
  }
  const OpenSslPtr<ASN1_INTEGER> crl_number(ASN1_INTEGER_new());
  CheckOpenSsl(
      crl_number != nullptr &&
          ASN1_INTEGER_set_uint64(crl_number.get(), number) == 1 &&
          X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, crl_number.get(), 0,
                                X509V3_ADD_DEFAULT) == 1,
      "the number of a revocation list");
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), nullptr, nullptr,
                 list.get(), 0);
  const OpenSslPtr<X509_EXTENSION> key_identifier =
      ExtensionOf(&context, NID_authority_key_identifier, "keyid:always");
  CheckOpenSsl(
      key_identifier != nullptr &&
          X509_CRL_add_ext(list.get(), key_identifier.get(), -1) == 1 &&
          X509_CRL_sort(list.get()) == 1 &&
          X509_CRL_sign(list.get(), signer.get(), EVP_sha256()) > 0,
      "X509_CRL_sign");
  OpenSslPtr<BIO> bio = WritingBio();
  CheckOpenSsl(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1,
               "PEM_write_bio_X509_CRL");
  return std::string(BioContents(bio.get()));
}

}  // namespace psm::pki
