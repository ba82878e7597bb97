// The forms of recovery at the provider's pages. Knows no accounts.
#ifndef PSM_SERVICES_GBIZID_RECOVERY_FORM_H_
#define PSM_SERVICES_GBIZID_RECOVERY_FORM_H_

#include <string>

#include "absl/status/status.h"
#include "services/openid/subjects.h"

namespace psm::gbizid {

// States: kForgot, where a mail address is asked for, and kRecover with the
// address, where what proves it is.
inline constexpr char kForgot[] = "forgot";
inline constexpr char kRecover[] = "recover ";
inline constexpr char kBack[] = "back";  // the button that leads out

bool IsRecovery(const std::string& state);

// The form of a state. Nothing that was typed is shown again.
openid::SignInForm RecoveryForm(const std::string& state,
                                openid::Language language,
                                const openid::Html& wrong);

// What to say of a refusal; nothing where it is none of the person's making.
openid::Html RecoveryNote(const absl::Status& refusal,
                          openid::Language language);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_RECOVERY_FORM_H_
