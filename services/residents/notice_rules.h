// What a notice to the register must say: dates, windows, names, relations.
// Knows no database and no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_NOTICE_RULES_H_
#define PSM_SERVICES_RESIDENTS_NOTICE_RULES_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "psm/residents/v1/residents.pb.h"

namespace psm {

// Notice of moving may be given from so many days before to so many after the
// day of moving (引越しワンストップサービス).
inline constexpr int kDaysBeforeMoving = 30;
inline constexpr int kDaysAfterMoving = 10;
// Notices of moving in and of births are due within 14 days (住民基本台帳法
// art. 22, 戸籍法 art. 49). Later ones are taken, and say so.
inline constexpr int kDaysToGiveNotice = 14;
// The day that something has come to pass lies at most so far back.
inline constexpr int kOldestNoticeDays = 366;

// The 1 January of the year in which the day's fiscal year (April to March)
// begins: the residence tax of that year belongs to the municipality where one
// lived on it (地方税法 art. 318).
absl::CivilDay TaxDayOf(absl::CivilDay day);

// Exactly `YYYY-MM-DD`, a day that there is; INVALID_ARGUMENT `reason`.
absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text,
                                        absl::string_view reason);
// The same of a day that has come, at most kOldestNoticeDays before `today`;
// INVALID_ARGUMENT DATE_INVALID.
absl::StatusOr<absl::CivilDay> ParsePastDay(absl::string_view text,
                                            absl::CivilDay today);
// The day of a move of which notice is given today; INVALID_ARGUMENT
// DATE_INVALID or OUTSIDE_THE_WINDOW.
absl::StatusOr<absl::CivilDay> ParseMoveDay(absl::string_view text,
                                            absl::CivilDay today);

// Two parts with one ideographic space between, at most 100 characters, none of
// them a control or an ASCII space; INVALID_ARGUMENT NAME_INVALID.
absl::Status CheckName(absl::string_view name);
// The same in full-width katakana (U+30A1 to U+30FA, U+30FC); INVALID_ARGUMENT
// KANA_INVALID.
absl::Status CheckKana(absl::string_view kana);
// One line, 1 to 200 characters; INVALID_ARGUMENT ADDRESS_INVALID.
absl::Status CheckAddress(absl::string_view address);
// ISO/IEC 5218; INVALID_ARGUMENT SEX_INVALID.
absl::Status CheckSex(int sex);

// What a member is to `new_head`, where both are known by their relation to the
// head so far. OTHER where that does not follow. Not for the new head itself.
residents::v1::Member::Relation RelationUnder(
    residents::v1::Member::Relation new_head,
    residents::v1::Member::Relation member);

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_NOTICE_RULES_H_
