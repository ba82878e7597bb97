// What may be registered, as far as the request alone says it. Knows no
// database and no other agency.
#ifndef PSM_SERVICES_CORPORATIONS_CHANGE_CHECK_H_
#define PSM_SERVICES_CORPORATIONS_CHANGE_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "psm/corporations/v1/corporations.pb.h"

namespace psm::corporations {

// INVALID_ARGUMENT with the reason of the field at fault, in this order:
// CORPORATE_NUMBER_MALFORMED; CHANGE_REQUIRED; NAME_MALFORMED, KANA_MALFORMED,
// NAME_EN_MALFORMED, ADDRESS_MALFORMED, REPRESENTATIVE_MALFORMED or
// SUCCESSOR_INVALID (not a corporate number, or its own);
// EFFECTIVE_DATE_INVALID (not YYYY-MM-DD, or after `today`). Messages repeat
// nothing of the request.
absl::Status CheckChange(const v1::RegisterChangeRequest& request,
                         absl::CivilDay today);

// Whether `text` is a day, YYYY-MM-DD and no other spelling.
bool IsDay(absl::string_view text);

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_CHANGE_CHECK_H_
