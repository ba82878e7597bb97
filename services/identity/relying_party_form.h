// What relying parties' requests at the provider have in common: where they
// are, the form that makes one, and how one is refused.
#ifndef PSM_SERVICES_IDENTITY_RELYING_PARTY_FORM_H_
#define PSM_SERVICES_IDENTITY_RELYING_PARTY_FORM_H_

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/openid/http.h"
#include "services/openid/parameters.h"

namespace psm::identity {

// Whether the address is `path`, or one below it.
bool IsAt(const openid::HttpRequest& request, absl::string_view path);

// An error as RFC 6749, 5.2 has it.
openid::HttpAnswer FormError(int status, const char* error,
                             absl::string_view description);

struct RelyingPartyForm {
  openid::Parameters fields;  // each came once
  std::string id;             // the relying party's own of the request
  std::optional<absl::Duration> duration;  // whole seconds; nullopt: left out
};

// The form of a POST, with `id`, 1 to 64 of RFC 3986's unreserved characters,
// and perhaps `duration`, in seconds, within the bounds. Else 400
// invalid_request, which says what is wrong.
std::variant<RelyingPartyForm, openid::HttpAnswer> ReadRelyingPartyForm(
    const openid::HttpRequest& request, absl::Duration shortest,
    absl::Duration longest);

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_RELYING_PARTY_FORM_H_
