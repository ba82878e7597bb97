#include "mesh/cli/audit_lines.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace psm {
namespace {

// "1 entry", "1,234 entries"
std::string Count(std::uint64_t number, absl::string_view one,
                  absl::string_view many) {
  return absl::StrCat(Grouped(number), " ", number == 1 ? one : many);
}

// Which leaves, by what of them does not hold.
std::string Place(const AuditFinding& finding) {
  const bool record = finding.in == AuditFinding::In::kRecord ||
                      finding.in == AuditFinding::In::kHead;
  const absl::string_view one = record ? "record" : "entry";
  if (!finding.last.has_value() || finding.last == finding.first) {
    return absl::StrCat(one, " ", Grouped(*finding.first));
  }
  return absl::StrCat(record ? "records" : "entries", " ",
                      Grouped(*finding.first), " to ", Grouped(*finding.last));
}

// When, and how many entries.
std::string Known(const KeptCheckpoint& known) {
  return absl::StrCat(
      absl::FormatTime("%Y-%m-%d %H:%M:%S", known.kept, absl::LocalTimeZone()),
      " (", Grouped(known.checkpoint.size()), ")");
}

}  // namespace

std::string Grouped(std::uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::vector<std::string> AuditLines(
    const AuditReport& report, const std::optional<KeptCheckpoint>& kept,
    const std::optional<KeptCheckpoint>& witnessed) {
  std::vector<std::string> lines;
  if (!report.checkpoint.has_value()) return lines;
  const tlog::SignedCheckpoint& checkpoint = *report.checkpoint;
  lines.push_back(absl::StrCat(
      checkpoint.checkpoint().origin, ": tree ", Grouped(checkpoint.size()),
      ", root ",
      absl::Base64Escape(tlog::AsBytes(checkpoint.root())).substr(0, 12),
      "..., signed by its key"));
  std::string read = absl::StrCat(
      Count(report.entries, "entry", "entries"), " in ",
      Count(report.files, "file", "files"), ", ",
      report.records_read
          ? absl::StrCat(Count(report.records, "record", "records"))
          : "records not looked at");
  if (report.unpublished > 0) {
    absl::StrAppend(&read, " and ", Grouped(report.unpublished),
                    " not published yet");
  }
  lines.push_back(read);
  if (report.expunged > 0) {
    lines.push_back(absl::StrCat(
        Count(report.expunged, "record", "records"), " expunged, at least ",
        Grouped(static_cast<std::uint64_t>(
            absl::ToInt64Hours(report.youngest_expunged) / 24)),
        " days old, as the log says"));
  }
  if (report.records_read) {
    lines.push_back(absl::StrCat(
        Count(report.heads, "head", "heads"), " of commits, ",
        report.signatures == report.heads
            ? "all signatures verified"
            : absl::StrCat(Count(report.signatures, "signature", "signatures"),
                           " verified")));
  }
  if (report.rotations > 0) {
    lines.push_back(absl::StrCat(
        Count(report.rotations, "change of its key", "changes of its key"),
        ", each in the log and signed by the key before"));
  }
  if (report.finding.has_value()) return lines;
  lines.push_back(absl::StrFormat(
      "every entry, tile%s and signature%s holds (%.2f s)",
      report.records_read ? ", record" : "",
      report.signatures == report.heads ? "" : " that was verified",
      absl::ToDoubleSeconds(report.took)));
  lines.push_back(
      kept.has_value()
          ? absl::StrCat("consistent with the checkpoint of ", Known(*kept))
          : std::string(
                "no checkpoint was kept from before: the next audit has one"));
  if (witnessed.has_value()) {
    lines.push_back(absl::StrCat(
        "consistent with what the witness cosigned on ", Known(*witnessed)));
  }
  return lines;
}

std::string FindingLine(const AuditFinding& finding) {
  std::string line;
  if (finding.first.has_value()) {
    line = absl::StrCat(Place(finding), " (", finding.file, ")");
  } else {
    line = finding.file;
  }
  return absl::StrCat(line, ": ", finding.what);
}

}  // namespace psm
