// Whether bytes are text.
#ifndef PSM_MESH_CONTRACTS_UTF8_H_
#define PSM_MESH_CONTRACTS_UTF8_H_

#include "absl/strings/string_view.h"

namespace psm {

// Whether `text` is UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing
// above U+10FFFF.
bool IsUtf8(absl::string_view text);

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_UTF8_H_
