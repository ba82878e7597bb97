#include "certs/issued_index.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace psm::pki {
namespace {

constexpr char kFirstLine[] = "psm-pki index, version 1";
constexpr char kListNumber[] = "list-number ";
constexpr char kColumns[] = "# serial issuer subject expires revoked";
constexpr char kNotRevoked[] = "-";

std::string TextOf(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

std::optional<absl::Time> TimeOf(absl::string_view text) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_sec, text, &time, nullptr)) {
    return std::nullopt;
  }
  return time;
}

std::optional<IssuedCertificate> CertificateOf(absl::string_view line) {
  const std::vector<absl::string_view> columns = absl::StrSplit(line, ' ');
  if (columns.size() != 5) return std::nullopt;
  IssuedCertificate certificate;
  certificate.serial = std::string(columns[0]);
  certificate.issuer = std::string(columns[1]);
  certificate.subject = std::string(columns[2]);
  const std::optional<absl::Time> expire_time = TimeOf(columns[3]);
  if (!expire_time.has_value()) return std::nullopt;
  certificate.expire_time = *expire_time;
  if (columns[4] != kNotRevoked) {
    certificate.revoke_time = TimeOf(columns[4]);
    if (!certificate.revoke_time.has_value()) return std::nullopt;
  }
  return certificate;
}

absl::Status Damaged(std::size_t line) {
  return absl::DataLossError(
      absl::StrCat("the index of issued certificates is damaged at line ", line,
                   "; restore it from a backup"));
}

}  // namespace

absl::StatusOr<IssuedIndex> IssuedIndex::FromText(absl::string_view text) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  // Every line ends with a line feed, so the last piece is empty.
  if (lines.empty() || !lines.back().empty()) return Damaged(lines.size());
  lines.pop_back();
  IssuedIndex index;
  absl::string_view number = lines.size() > 1 ? lines[1] : "";
  if (lines.size() < 3 || lines[0] != kFirstLine || lines[2] != kColumns ||
      !absl::ConsumePrefix(&number, kListNumber) ||
      !absl::SimpleAtoi(number, &index.list_number_)) {
    return Damaged(1);
  }
  for (std::size_t i = 3; i < lines.size(); ++i) {
    std::optional<IssuedCertificate> certificate = CertificateOf(lines[i]);
    if (!certificate.has_value() || index.Find(certificate->serial)) {
      return Damaged(i + 1);
    }
    index.Add(*std::move(certificate));
  }
  return index;
}

std::string IssuedIndex::ToText() const {
  std::string text = absl::StrCat(kFirstLine, "\n", kListNumber, list_number_,
                                  "\n", kColumns, "\n");
  for (const IssuedCertificate& certificate : certificates_) {
    absl::StrAppend(
        &text, certificate.serial, " ", certificate.issuer, " ",
        certificate.subject, " ", TextOf(certificate.expire_time), " ",
        certificate.revoke_time.has_value() ? TextOf(*certificate.revoke_time)
                                            : kNotRevoked,
        "\n");
  }
  return text;
}

void IssuedIndex::Add(IssuedCertificate certificate) {
  certificates_.push_back(std::move(certificate));
}

int IssuedIndex::RevokeSerial(absl::string_view serial, absl::Time now) {
  IssuedCertificate* certificate = FindMutable(serial);
  if (certificate == nullptr || certificate->revoke_time.has_value()) return 0;
  certificate->revoke_time = now;
  return 1;
}

int IssuedIndex::RevokeSubject(absl::string_view subject, absl::Time now) {
  int count = 0;
  for (IssuedCertificate& certificate : certificates_) {
    if (certificate.subject != subject || certificate.expire_time < now ||
        certificate.revoke_time.has_value()) {
      continue;
    }
    certificate.revoke_time = now;
    ++count;
  }
  return count;
}

const IssuedCertificate* IssuedIndex::Find(absl::string_view serial) const {
  return const_cast<IssuedIndex*>(this)->FindMutable(serial);
}

IssuedCertificate* IssuedIndex::FindMutable(absl::string_view serial) {
  const auto found = std::find_if(
      certificates_.begin(), certificates_.end(),
      [serial](const IssuedCertificate& c) { return c.serial == serial; });
  return found == certificates_.end() ? nullptr : &*found;
}

bool IssuedIndex::IsRevoked(absl::string_view serial) const {
  const IssuedCertificate* certificate = Find(serial);
  return certificate != nullptr && certificate->revoke_time.has_value();
}

std::vector<Revocation> IssuedIndex::RevokedBy(absl::string_view issuer,
                                               absl::Time now) const {
  std::vector<Revocation> revoked;
  for (const IssuedCertificate& certificate : certificates_) {
    if (certificate.issuer == issuer && certificate.revoke_time.has_value() &&
        certificate.expire_time + kMemory >= now) {
      revoked.push_back({certificate.serial, *certificate.revoke_time});
    }
  }
  return revoked;
}

void IssuedIndex::Prune(absl::Time now) {
  certificates_.erase(
      std::remove_if(certificates_.begin(), certificates_.end(),
                     [now](const IssuedCertificate& certificate) {
                       return !certificate.revoke_time.has_value() &&
                              certificate.expire_time + kMemory < now;
                     }),
      certificates_.end());
}

}  // namespace psm::pki
