// The secret of an account's authenticator app. It is derived and kept nowhere,
// so a copy of the database holds none.
#ifndef PSM_SERVICES_GBIZID_ONE_TIME_SECRET_H_
#define PSM_SERVICES_GBIZID_ONE_TIME_SECRET_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"
#include "services/gbizid/one_time_password.h"
#include "services/gbizid/token_key.h"

namespace psm::gbizid {

// 20 bytes, as RFC 4226, section 4, R6, recommends.
inline SecretBytes OneTimeSecretOf(const TokenKey& tokens,
                                   absl::string_view account_id) {
  return tokens.Derive(absl::StrCat("one-time ", account_id),
                       kOneTimeSecretSize);
}

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ONE_TIME_SECRET_H_
