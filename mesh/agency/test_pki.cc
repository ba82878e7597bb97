#include "mesh/agency/test_pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/agency/run_folder.h"
#include "mesh/base/clock.h"
#include "mesh/directory/directory.h"

namespace psm::agency {
namespace {

void Extend(X509* issuer, X509* certificate, int kind,
            const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  OpenSslPtr<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  CheckOpenSsl(extension != nullptr &&
                   X509_add_ext(certificate, extension.get(), -1) == 1,
               "X509_add_ext");
}

void SetTime(ASN1_TIME* field, absl::Time time) {
  CheckOpenSsl(ASN1_TIME_set(field, absl::ToTimeT(time)) != nullptr,
               "ASN1_TIME_set");
}

OpenSslPtr<ASN1_TIME> MakeTime(absl::Time time) {
  return OpenSslPtr<ASN1_TIME>(ASN1_TIME_set(nullptr, absl::ToTimeT(time)));
}

template <typename Write, typename T>
std::string Pem(Write write, T* object) {
  OpenSslPtr<BIO> bio = WritingBio();
  CheckOpenSsl(write(bio.get(), object) == 1, "PEM_write_bio");
  return std::string(BioContents(bio.get()));
}

void MustWrite(const std::string& file, const std::string& contents) {
  if (!ReplaceFile(file, contents).ok()) abort();
}

}  // namespace

TestPki::TestPki()
    : now_(SystemClock().Now()),
      root_key_(*SigningKey::Generate()),
      intermediate_key_(*SigningKey::Generate()) {
  const TestLeaf authority{.names = {}, .usage = "", .ends_in = absl::Hours(9)};
  root_ = Sign(nullptr, *root_key_, root_key_->get(), "root", true, authority);
  intermediate_ = Sign(root_.get(), *root_key_, intermediate_key_->get(),
                       "intermediate", true, authority);
}

OpenSslPtr<X509> TestPki::Sign(X509* issuer, const SigningKey& issuer_key,
                               EVP_PKEY* key, const std::string& name,
                               bool authority, const TestLeaf& leaf) {
  OpenSslPtr<X509> made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial_);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  if (issuer == nullptr) issuer = made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  SetTime(X509_getm_notBefore(made.get()), now_ + leaf.starts_in);
  SetTime(X509_getm_notAfter(made.get()), now_ + leaf.ends_in);
  X509_set_pubkey(made.get(), key);
  Extend(issuer, made.get(), NID_subject_key_identifier, "hash");
  Extend(issuer, made.get(), NID_authority_key_identifier, "keyid:always");
  Extend(issuer, made.get(), NID_basic_constraints,
         authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  Extend(
      issuer, made.get(), NID_key_usage,
      authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!leaf.usage.empty())
    Extend(issuer, made.get(), NID_ext_key_usage, leaf.usage);
  if (!leaf.names.empty())
    Extend(issuer, made.get(), NID_subject_alt_name,
           absl::StrJoin(leaf.names, ","));
  CheckOpenSsl(X509_sign(made.get(), issuer_key.get(), EVP_sha256()) > 0,
               "X509_sign");
  return made;
}

TestIdentity TestPki::Issue(const TestLeaf& leaf) {
  std::unique_ptr<SigningKey> key = *SigningKey::Generate();
  OpenSslPtr<X509> made = Sign(intermediate_.get(), *intermediate_key_,
                               key->get(), "leaf", false, leaf);
  TestIdentity identity;
  identity.key_pem = std::string(key->ToPem(SecretBytes()).Reveal());
  identity.leaf_pem = Pem(PEM_write_bio_X509, made.get());
  identity.chain_pem =
      identity.leaf_pem + Pem(PEM_write_bio_X509, intermediate_.get());
  identity.serial = serial_;
  return identity;
}

TestIdentity TestPki::IssueFor(const std::string& system) {
  return Issue({.names = {absl::StrCat("URI:", SpiffeIdOf(system))}});
}

std::string TestPki::trust_pem() const {
  return Pem(PEM_write_bio_X509, root_.get());
}

std::string TestPki::List(X509* issuer, const SigningKey& key,
                          const std::vector<long>& revoked,
                          absl::Duration ends_in) const {
  OpenSslPtr<X509_CRL> list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer));
  X509_CRL_set1_lastUpdate(list.get(), MakeTime(now_ - absl::Hours(1)).get());
  X509_CRL_set1_nextUpdate(list.get(), MakeTime(now_ + ends_in).get());
  for (long serial : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    OpenSslPtr<ASN1_STRING> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set(number.get(), serial);
    X509_REVOKED_set_serialNumber(entry, number.get());
    X509_REVOKED_set_revocationDate(entry, MakeTime(now_).get());
    X509_CRL_add0_revoked(list.get(), entry);
  }
  CheckOpenSsl(X509_CRL_sign(list.get(), key.get(), EVP_sha256()) > 0,
               "X509_CRL_sign");
  return Pem(PEM_write_bio_X509_CRL, list.get());
}

std::string TestPki::CrlPem(const std::vector<long>& revoked,
                            absl::Duration ends_in) const {
  return List(root_.get(), *root_key_, {}, ends_in) +
         List(intermediate_.get(), *intermediate_key_, revoked, ends_in);
}

void TestPki::Write(const std::string& run,
                    const std::vector<std::string>& systems) {
  MustWrite(run + "/pki/trust.pem", trust_pem());
  MustWrite(run + "/pki/crl.pem", CrlPem());
  for (const std::string& system : systems)
    MustWrite(absl::StrCat(run, "/pki/systems/", system, "/identity.pem"),
              IssueFor(system).identity_pem());
}

}  // namespace psm::agency
