// Parameters as they stand in a query or a form
// (application/x-www-form-urlencoded, WHATWG URL 5; RFC 6749, appendix B).
#ifndef PSM_SERVICES_OPENID_PARAMETERS_H_
#define PSM_SERVICES_OPENID_PARAMETERS_H_

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace psm::openid {

// Immutable once parsed.
class Parameters {
 public:
  Parameters() = default;

  // nullopt where an escape is malformed, where a name or value is not UTF-8
  // or holds a control character other than tab, CR and LF, or where there are
  // more than a hundred of them.
  static std::optional<Parameters> Parse(absl::string_view text);

  // The value; "" where there is none. A parameter without a value counts as
  // left out (RFC 6749, 3.1). Of one that came twice the first: ask Repeated.
  std::string Get(const std::string& name) const;
  bool Has(const std::string& name) const { return !Get(name).empty(); }

  // Whether a parameter came more than once, which RFC 6749, 3.1 forbids.
  bool Repeated(const std::string& name) const {
    return repeated_.count(name) != 0;
  }
  bool AnyRepeated() const { return !repeated_.empty(); }

 private:
  std::map<std::string, std::string> values_;
  std::set<std::string> repeated_;
};

// Whether bytes are UTF-8 without overlong forms, surrogates or code points
// beyond U+10FFFF (RFC 3629), and without control characters but tab, CR, LF.
bool IsText(absl::string_view bytes);

// `text` with every byte escaped that is not unreserved (RFC 3986, 2.3).
std::string PercentEncode(absl::string_view text);

// The reverse of a form's encoding, `+` included; nullopt for a malformed
// escape.
std::optional<std::string> FormDecode(absl::string_view text);

// `uri` with these parameters added to its query, those with an empty value
// left out. `uri` has no fragment.
std::string WithParameters(
    absl::string_view uri,
    std::initializer_list<std::pair<absl::string_view, absl::string_view>>
        parameters);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_PARAMETERS_H_
