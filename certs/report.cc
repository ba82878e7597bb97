#include "certs/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace psm::pki {
namespace {

// 28 + 2 + 20 + 2 + 17 + 2 + 8 = 79.
std::string Line(absl::string_view system, absl::string_view serial,
                 absl::string_view expires, absl::string_view state) {
  return absl::StrFormat("%-28s  %-20s  %-17s  %s\n", system, serial, expires,
                         state);
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%MZ", time, absl::UTCTimeZone());
}

absl::string_view StateText(IdentityState state) {
  switch (state) {
    case IdentityState::kMissing:
      return "missing";
    case IdentityState::kDamaged:
      return "damaged";
    case IdentityState::kUntrusted:
      return "refused";
    case IdentityState::kRevoked:
      return "revoked";
    case IdentityState::kExpired:
      return "expired";
    case IdentityState::kDue:
      return "due";
    case IdentityState::kGood:
      return "good";
  }
  return "";
}

std::string AuthorityLine(const MeshAuthority& mesh,
                          const NumberedAuthority& authority, absl::Time now) {
  const Certificate& certificate = authority.authority->certificate();
  absl::string_view state = "good";
  if (mesh.index().IsRevoked(certificate.serial())) {
    state = "revoked";
  } else if (!certificate.ValidAt(now)) {
    state = "expired";
  } else if (IsPastHalf(certificate, now)) {
    state = "due";
  }
  return Line(authority.name, certificate.serial(),
              TimeText(certificate.not_after()), state);
}

}  // namespace

std::string StatusReport(const MeshAuthority& mesh, absl::Time now) {
  std::string report = Line("SYSTEM", "SERIAL", "EXPIRES", "STATE");
  for (const IdentityStatus& status : mesh.StatusOfAll()) {
    const std::string serial =
        status.leaf.has_value() ? status.leaf->serial() : "-";
    const std::string expires =
        status.leaf.has_value() ? TimeText(status.leaf->not_after()) : "-";
    absl::StrAppend(
        &report, Line(status.system, serial, expires, StateText(status.state)));
  }
  absl::StrAppend(&report, "\n",
                  Line("AUTHORITY", "SERIAL", "EXPIRES", "STATE"));
  for (const auto* authorities :
       {&mesh.authorities().roots(), &mesh.authorities().intermediates()}) {
    for (const NumberedAuthority& authority : *authorities) {
      absl::StrAppend(&report, AuthorityLine(mesh, authority, now));
    }
  }
  absl::StrAppend(
      &report,
      Line("revocation lists", absl::StrCat("no. ", mesh.index().list_number()),
           TimeText(mesh.lists_expire_time()), "good"));
  return report;
}

std::string IndexReport(const MeshAuthority& mesh, absl::Time now) {
  std::string report = Line("ISSUED TO", "SERIAL", "EXPIRES", "STATE");
  for (const IssuedCertificate& issued : mesh.index().certificates()) {
    absl::string_view state = "issued";
    if (issued.revoke_time.has_value()) {
      state = "revoked";
    } else if (issued.expire_time < now) {
      state = "expired";
    }
    absl::StrAppend(&report, Line(issued.subject, issued.serial,
                                  TimeText(issued.expire_time), state));
  }
  return report;
}

}  // namespace psm::pki
