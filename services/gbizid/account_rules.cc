#include "services/gbizid/account_rules.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"

namespace psm::gbizid {
namespace {

constexpr int kMaxRoles = 100;
// A shorter part of a mail address stands in passwords by chance.
constexpr std::size_t kMinLocalPart = 4;

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, Party::kProvider,
                   message);
}

// [a-z][a-z0-9-]{0,30}, as config.proto has it.
bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= 31 && absl::ascii_islower(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

constexpr int kMaxDocuments = 10;

bool IsDocument(const v1::Document& document) {
  return !document.name().empty() && document.name().size() <= 100 &&
         document.sha256().size() == 64 &&
         document.sha256().find_first_not_of("0123456789abcdef") ==
             std::string::npos;
}

}  // namespace

bool AreDocuments(
    const google::protobuf::RepeatedPtrField<v1::Document>& papers) {
  return papers.size() >= 1 && papers.size() <= kMaxDocuments &&
         std::all_of(papers.begin(), papers.end(), IsDocument);
}

absl::StatusOr<std::string> CheckedMail(absl::string_view mail) {
  const std::size_t at = mail.find('@');
  const bool good = mail.size() >= 3 && mail.size() <= 254 &&
                    at != absl::string_view::npos && at > 0 &&
                    at + 1 < mail.size() &&
                    mail.find('@', at + 1) == absl::string_view::npos &&
                    std::all_of(mail.begin(), mail.end(),
                                [](char c) { return absl::ascii_isgraph(c); });
  if (!good)
    return Invalid("MAIL_MALFORMED",
                   "give one mail address of at most 254 ASCII characters");
  return absl::AsciiStrToLower(mail);
}

absl::Status CheckPassword(absl::string_view password, absl::string_view mail) {
  const absl::string_view local = mail.substr(0, mail.find('@'));
  if (password.size() < 12 || password.size() > 128 ||
      (local.size() >= kMinLocalPart &&
       absl::StrContains(absl::AsciiStrToLower(password), local))) {
    return Invalid("PASSWORD_UNSUITABLE",
                   "use 12 to 128 bytes that do not contain the mail address");
  }
  return absl::OkStatus();
}

absl::Status CheckBlind(absl::string_view blind) {
  if (blind.size() >= 16) return absl::OkStatus();
  return Invalid("BLIND_REQUIRED", "send at least 16 random bytes in blind");
}

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= 200 &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return absl::ascii_iscntrl(c); });
}

bool IsSystemId(absl::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != absl::string_view::npos && IsId(text.substr(0, slash)) &&
         IsId(text.substr(slash + 1));
}

absl::StatusOr<std::string> EncodeRoles(const Roles& roles) {
  std::map<std::string, int> by_service;
  for (const v1::RoleGrant& grant : roles) {
    const bool good =
        IsSystemId(grant.relying_service()) &&
        v1::RoleGrant::Role_IsValid(grant.role()) &&
        grant.role() != v1::RoleGrant::ROLE_UNSPECIFIED &&
        by_service.emplace(grant.relying_service(), grant.role()).second;
    if (!good || by_service.size() > kMaxRoles)
      return Invalid("ROLE_MALFORMED",
                     "name each relying service once, with a role");
  }
  return absl::StrJoin(by_service, ",", absl::PairFormatter("="));
}

Roles DecodeRoles(absl::string_view text) {
  Roles roles;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    int role = 0;
    if (!absl::SimpleAtoi(pair.second, &role) ||
        !v1::RoleGrant::Role_IsValid(role))
      continue;
    v1::RoleGrant& grant = *roles.Add();
    grant.set_relying_service(std::string(pair.first));
    grant.set_role(static_cast<v1::RoleGrant::Role>(role));
  }
  return roles;
}

v1::RoleGrant::Role RoleAt(const v1::Account& account,
                           absl::string_view relying_service) {
  if (account.type() == v1::Account::PRIME) return v1::RoleGrant::APPLICANT;
  if (account.type() != v1::Account::MEMBER)
    return v1::RoleGrant::ROLE_UNSPECIFIED;
  for (const v1::RoleGrant& grant : account.roles())
    if (grant.relying_service() == relying_service) return grant.role();
  return v1::RoleGrant::ROLE_UNSPECIFIED;
}

bool IsSameName(absl::string_view a, absl::string_view b) {
  const auto bare = [](absl::string_view name) {
    return absl::StrReplaceAll(name, {{" ", ""}, {"\xE3\x80\x80", ""}});
  };
  return !bare(a).empty() && bare(a) == bare(b);
}

}  // namespace psm::gbizid
