#include "services/corporations/change_check.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "services/codes/corporate_number.h"
#include "services/codes/folded_text.h"
#include "services/corporations/name_key.h"

namespace psm::corporations {
namespace {

// Bytes: 150 characters of three each for a name, 100 for a person's.
constexpr std::size_t kMaxName = 450;
constexpr std::size_t kMaxNameEn = 300;
constexpr std::size_t kMaxAddress = 600;
constexpr std::size_t kMaxRepresentative = 300;

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, Party::kProvider,
                   message);
}

// Some text, without control characters, of at most `most` bytes.
bool IsText(absl::string_view text, std::size_t most) {
  return text.size() <= most && !FoldedKey(text).value_or("").empty();
}

absl::Status CheckName(const v1::NewName& name) {
  if (name.name().size() > kMaxName || NameKey(name.name()).empty())
    return Invalid("NAME_MALFORMED", "give a name that is more than its form");
  if (name.kana().size() > kMaxName || KanaKey(name.kana()).empty())
    return Invalid("KANA_MALFORMED", "give the name in katakana");
  if (name.name_en().size() > kMaxNameEn ||
      !std::all_of(name.name_en().begin(), name.name_en().end(),
                   absl::ascii_isprint))
    return Invalid("NAME_EN_MALFORMED", "give the name in printable ASCII");
  return absl::OkStatus();
}

absl::Status CheckItem(const v1::RegisterChangeRequest& request) {
  switch (request.change_case()) {
    case v1::RegisterChangeRequest::kName:
      return CheckName(request.name());
    case v1::RegisterChangeRequest::kAddress:
      if (IsText(request.address(), kMaxAddress)) return absl::OkStatus();
      return Invalid("ADDRESS_MALFORMED", "give an address in one line");
    case v1::RegisterChangeRequest::kRepresentative:
      if (IsText(request.representative(), kMaxRepresentative))
        return absl::OkStatus();
      return Invalid("REPRESENTATIVE_MALFORMED", "give a name in one line");
    case v1::RegisterChangeRequest::kMergedInto:
      if (IsCorporateNumber(request.merged_into()) &&
          request.merged_into() != request.corporate_number())
        return absl::OkStatus();
      return Invalid("SUCCESSOR_INVALID", "name another corporation");
    case v1::RegisterChangeRequest::kDissolution:
      return absl::OkStatus();
    case v1::RegisterChangeRequest::CHANGE_NOT_SET:
      break;
  }
  return Invalid("CHANGE_REQUIRED", "say one change");
}

}  // namespace

bool IsDay(absl::string_view text) {
  absl::CivilDay day;
  return text.size() == 10 && absl::ParseCivilTime(text, &day) &&
         absl::FormatCivilTime(day) == text;
}

absl::Status CheckChange(const v1::RegisterChangeRequest& request,
                         absl::CivilDay today) {
  if (!IsCorporateNumber(request.corporate_number()))
    return Invalid("CORPORATE_NUMBER_MALFORMED",
                   "give 13 digits with the right check digit");
  PSM_RETURN_IF_ERROR(CheckItem(request));
  // Days in this form compare as texts.
  if (!IsDay(request.effective_date()) ||
      request.effective_date() > absl::FormatCivilTime(today))
    return Invalid("EFFECTIVE_DATE_INVALID",
                   "give a day that is not in the future");
  return absl::OkStatus();
}

}  // namespace psm::corporations
