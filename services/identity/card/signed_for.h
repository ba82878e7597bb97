// For whose request a digest was signed: an attribute inside the signature.
// Knows no CMS and no request.
#ifndef PSM_SERVICES_IDENTITY_CARD_SIGNED_FOR_H_
#define PSM_SERVICES_IDENTITY_CARD_SIGNED_FOR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace psm::card {

// Whoever signs a digest sees no document. What a relying party calls "Terms of
// use" may be the digest of an application to an agency, and without more the
// signature would be as good as the applicant's own. So the card's program puts
// this among the signed attributes (RFC 5652, 5.3) of what it signs for a
// request, and nobody takes it off: it is under the signature. Who takes
// signatures for a request wants it, and of that very request; who takes signed
// documents refuses whatever has it (DocumentTrust).
struct SignedFor {
  std::string client_id;   // of the relying party that asked, as registered
  std::string request_id;  // of its request, as identity names it
};

// The attribute's type. `2.999` is the arc for examples that are nobody's
// (ITU-T X.660; ISO/IEC 9834-1): as everywhere here, no identifier of the
// prototype is one that somebody may assign.
inline constexpr char kSignedForType[] = "2.999.808377.1";

// Its one value, DER:
//
//   SignedFor ::= SEQUENCE {
//     client   UTF8String (SIZE (1..MAX)),
//     request  UTF8String (SIZE (1..MAX)) }
//
// DER writes the same pair in one way only, so that two are compared by their
// bytes, and nothing that came from outside has to be parsed.
std::string EncodeSignedFor(const SignedFor& whom);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_SIGNED_FOR_H_
