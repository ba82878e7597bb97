// Reading back the revocation lists that were written.
#ifndef PSM_CERTS_REVOCATION_LISTS_H_
#define PSM_CERTS_REVOCATION_LISTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "certs/authority.h"

namespace psm::pki {

// One list of a crl.pem.
struct RevocationListFacts {
  const Authority* issuer =
      nullptr;  // whose signature it bears; null: nobody's
  std::uint64_t number = 0;
  absl::Time this_update;
  absl::Time next_update;
};

// The lists of a PEM text, in order, as far as they parse.
std::vector<RevocationListFacts> ReadRevocationLists(
    absl::string_view pem, absl::Span<const Authority* const> issuers);

}  // namespace psm::pki

#endif  // PSM_CERTS_REVOCATION_LISTS_H_
