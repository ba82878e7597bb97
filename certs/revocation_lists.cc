#include "certs/revocation_lists.h"

#include <openssl/pem.h>

#include <ctime>

#include "mesh/crypto/openssl_ptr.h"

namespace psm::pki {
namespace {

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return absl::InfinitePast();
  }
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::uint64_t NumberOf(const X509_CRL* list) {
  const OpenSslPtr<ASN1_INTEGER> number(static_cast<ASN1_INTEGER*>(
      X509_CRL_get_ext_d2i(list, NID_crl_number, nullptr, nullptr)));
  std::uint64_t value = 0;
  if (number == nullptr || ASN1_INTEGER_get_uint64(&value, number.get()) != 1) {
    return 0;
  }
  return value;
}

}  // namespace

std::vector<RevocationListFacts> ReadRevocationLists(
    absl::string_view pem, absl::Span<const Authority* const> issuers) {
  std::vector<RevocationListFacts> lists;
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  while (true) {
    const OpenSslPtr<X509_CRL> list(
        PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    if (list == nullptr) break;
    RevocationListFacts facts;
    for (const Authority* issuer : issuers) {
      const Certificate& certificate = issuer->certificate();
      if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()),
                        X509_get_subject_name(certificate.get())) == 0 &&
          X509_CRL_verify(list.get(), certificate.key()->get()) == 1) {
        facts.issuer = issuer;
      }
    }
    facts.number = NumberOf(list.get());
    facts.this_update = TimeOf(X509_CRL_get0_lastUpdate(list.get()));
    facts.next_update = TimeOf(X509_CRL_get0_nextUpdate(list.get()));
    lists.push_back(facts);
  }
  TakeOpenSslReason();  // the end of the text shows as an error
  return lists;
}

}  // namespace psm::pki
