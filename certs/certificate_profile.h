// What is to stand in a certificate, field by field. Knows no issuer and no
// key. The functions below are the mesh's own profiles; tests set the fields
// themselves to make certificates that must be refused.
#ifndef PSM_CERTS_CERTIFICATE_PROFILE_H_
#define PSM_CERTS_CERTIFICATE_PROFILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace psm::pki {

// Every certificate is valid from a little before its issue, so that clocks of
// two machines may differ by this much.
inline constexpr absl::Duration kBackdating = absl::Minutes(5);

inline constexpr absl::Duration kRootLife = absl::Hours(24 * 3652);
inline constexpr absl::Duration kIntermediateLife = absl::Hours(24 * 365);
inline constexpr absl::Duration kSystemLife = absl::Hours(24);

// A name of a kind of its own (otherName, RFC 5280, 4.2.1.6).
struct OtherName {
  std::string kind;  // an object identifier: "1.2.392.200149.8.5.5.1"
  std::string text;  // UTF-8
};

struct CertificateProfile {
  std::string common_name;  // for people; at most 64 characters (X.520)
  // Of a certificate that is to carry no name: the subject is this X.520
  // serialNumber alone, and `common_name` is empty. At most 64 letters, digits
  // and hyphens.
  std::string subject_serial;
  absl::Time not_before;  // both inclusive, cut to whole seconds
  absl::Time not_after;

  // An authority's certificate: may sign certificates and revocation lists.
  // Else the key usage is digitalSignature. Both critical.
  bool authority = false;
  std::optional<int> path_length;  // authorities below it; only of an authority

  // Beside digitalSignature: what is signed binds who signed it
  // (nonRepudiation, RFC 5280, 4.2.1.3). Not of an authority.
  bool commits = false;

  // Extended key usage by OpenSSL's names: "serverAuth", "clientAuth",
  // "OCSPSigning". Empty: the extension is left out.
  std::vector<std::string> purposes;

  // Says that nobody need ask whether this one is revoked
  // (id-pkix-ocsp-nocheck, RFC 6960, 4.2.2.2.1): for those who answer such
  // questions.
  bool unasked = false;

  // Subject alternative names, written as they stand, NUL included.
  std::vector<std::string> uri_names;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // "127.0.0.1", "::1"
  std::vector<OtherName> other_names;
};

// A root that may have one level of authorities below it.
CertificateProfile RootProfile(absl::string_view name, absl::Time now,
                               absl::Duration life);

// An authority that issues to systems only (path length 0).
CertificateProfile IntermediateProfile(absl::string_view name, absl::Time now,
                                       absl::Duration life);

// A system's certificate: client and server, exactly one URI name, its SPIFFE
// id (X509-SVID, 2 and 4). The gateway's also has DNS localhost and the two
// loopback addresses, so that stock gRPC clients find the name they dialled.
CertificateProfile SystemProfile(absl::string_view system_id, absl::Time now,
                                 absl::Duration life);

}  // namespace psm::pki

#endif  // PSM_CERTS_CERTIFICATE_PROFILE_H_
