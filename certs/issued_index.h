// What was issued and what of it is revoked: what revocation lists are made
// from. Knows no files; MeshAuthority keeps its text.
#ifndef PSM_CERTS_ISSUED_INDEX_H_
#define PSM_CERTS_ISSUED_INDEX_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/authority.h"

namespace psm::pki {

struct IssuedCertificate {
  std::string serial;   // lower-case hexadecimal
  std::string issuer;   // the issuing authority's own serial
  std::string subject;  // "akatsuki/tax", or an authority's name without spaces
  absl::Time expire_time;
  std::optional<absl::Time> revoke_time;
};

// Thread-compatible.
class IssuedIndex {
 public:
  IssuedIndex() = default;

  // The reverse of ToText. DATA_LOSS, with the number of the line, for a text
  // that it did not make: a list made from half an index would let revoked
  // certificates in.
  static absl::StatusOr<IssuedIndex> FromText(absl::string_view text);

  // One line a certificate, for people too; the first lines say what it is.
  std::string ToText() const;

  // Adds a certificate; its serial must be new.
  void Add(IssuedCertificate certificate);

  // Marks certificates as revoked and says how many it newly marked.
  int RevokeSerial(absl::string_view serial, absl::Time now);
  // All of a subject that have not expired.
  int RevokeSubject(absl::string_view subject, absl::Time now);

  const IssuedCertificate* Find(absl::string_view serial) const;
  bool IsRevoked(absl::string_view serial) const;

  // What the list of one issuer must say at `now`. An expired certificate stays
  // on it for kMemory: longer than any list that went before (RFC 5280, 3.3).
  std::vector<Revocation> RevokedBy(absl::string_view issuer,
                                    absl::Time now) const;

  // Forgets what expired more than kMemory ago and was never revoked.
  void Prune(absl::Time now);

  // The number of the last revocation lists; grows by one each time.
  std::uint64_t list_number() const { return list_number_; }
  std::uint64_t NextListNumber() { return ++list_number_; }

  const std::vector<IssuedCertificate>& certificates() const {
    return certificates_;
  }  // in the order of their issue

  static constexpr absl::Duration kMemory = absl::Hours(24 * 14);

 private:
  IssuedCertificate* FindMutable(absl::string_view serial);
  std::vector<IssuedCertificate> certificates_;
  std::uint64_t list_number_ = 0;
};

}  // namespace psm::pki

#endif  // PSM_CERTS_ISSUED_INDEX_H_
