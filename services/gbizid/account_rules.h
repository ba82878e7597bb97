// What accounts must look like: mail addresses, passwords, roles. Plain
// functions; knows no database.
#ifndef PSM_SERVICES_GBIZID_ACCOUNT_RULES_H_
#define PSM_SERVICES_GBIZID_ACCOUNT_RULES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "psm/gbizid/v1/account.pb.h"

namespace psm::gbizid {

using Roles = google::protobuf::RepeatedPtrField<v1::RoleGrant>;

// The mail address in lower case. INVALID_ARGUMENT MAIL_MALFORMED unless it is
// 3 to 254 printable ASCII characters with one `@` inside and no space (RFC
// 5321, 4.5.3.1.3 for the length).
absl::StatusOr<std::string> CheckedMail(absl::string_view mail);

// INVALID_ARGUMENT PASSWORD_UNSUITABLE unless it has 12 to 128 bytes and does
// not contain the part of `mail` before its `@`, where that has 4 bytes or
// more.
absl::Status CheckPassword(absl::string_view password, absl::string_view mail);

// INVALID_ARGUMENT BLIND_REQUIRED below 16 bytes.
absl::Status CheckBlind(absl::string_view blind);

// Whether a name of a person or a trade is 1 to 200 bytes without control
// characters.
bool IsName(absl::string_view name);

// Whether they are 1 to 10 papers, each with a name of at most 100 bytes and
// the SHA-256 of its scan.
bool AreDocuments(
    const google::protobuf::RepeatedPtrField<v1::Document>& papers);

// Whether it has the form of a system id: "grants/grants".
bool IsSystemId(absl::string_view text);

// Roles as they are kept, by service: "akatsuki/benefits=1,grants/grants=2".
// INVALID_ARGUMENT ROLE_MALFORMED for one without a role or of no system, for a
// service twice, and for more than 100.
absl::StatusOr<std::string> EncodeRoles(const Roles& roles);

// The reverse; what EncodeRoles did not make gives nothing.
Roles DecodeRoles(absl::string_view text);

// What the account may do at a relying service by itself: a Prime all, a
// Member by its roles, an Entry nothing.
v1::RoleGrant::Role RoleAt(const v1::Account& account,
                           absl::string_view relying_service);

// Whether two names are the same but for spaces of any width.
bool IsSameName(absl::string_view a, absl::string_view b);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ACCOUNT_RULES_H_
