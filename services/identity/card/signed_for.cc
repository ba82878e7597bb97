#include "services/identity/card/signed_for.h"

#include <openssl/asn1.h>

#include "absl/strings/str_cat.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::card {
namespace {

// Tag, length and content of one universal type.
std::string Element(bool constructed, int tag, absl::string_view content) {
  const int length = static_cast<int>(content.size());
  const int size = ASN1_object_size(constructed ? 1 : 0, length, tag);
  CheckOpenSsl(size > length, "ASN1_object_size");
  std::string head(static_cast<std::size_t>(size - length), '\0');
  unsigned char* at = Bytes(head);
  ASN1_put_object(&at, constructed ? 1 : 0, length, tag, V_ASN1_UNIVERSAL);
  return absl::StrCat(head, content);
}

}  // namespace

std::string EncodeSignedFor(const SignedFor& whom) {
  return Element(
      true, V_ASN1_SEQUENCE,
      absl::StrCat(Element(false, V_ASN1_UTF8STRING, whom.client_id),
                   Element(false, V_ASN1_UTF8STRING, whom.request_id)));
}

}  // namespace psm::card
