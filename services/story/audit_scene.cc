// An auditor looks through the log, and through a copy that somebody changed.
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/temp_folder.h"
#include "mesh/cli/audit_lines.h"
#include "mesh/records/audit.h"
#include "mesh/records/leaf.h"
#include "mesh/records/log_key.h"
#include "services/story/await.h"
#include "services/story/scenes.h"

namespace psm::story {
namespace {

namespace fs = std::filesystem;

// The entry that is changed. The shortest story has one more.
constexpr std::uint64_t kVictim = 2;
constexpr std::size_t kEntryBytes = 2 + kLeafBytes;  // its length comes first

// A copy of the log of a gateway at work, which goes with this object.
class Copy {
 public:
  explicit Copy(const std::string& log) {
    // The checkpoint first: what it covers is there by then.
    std::error_code failed;
    fs::create_directory(this->log(), failed);
    fs::copy_file(log + "/checkpoint", this->log() + "/checkpoint", failed);
    fs::copy(log + "/tile", this->log() + "/tile", fs::copy_options::recursive,
             failed);
  }
  std::string log() const { return folder_.File("log"); }

  // Changes a bit of an entry in every file that has it.
  void ChangeEntry() const {
    std::error_code failed;
    const std::string entries = log() + "/tile/entries";
    for (const auto& file : fs::recursive_directory_iterator(entries, failed)) {
      const bool first = file.path().filename() == "000" ||
                         file.path().parent_path().filename() == "000.p";
      if (!file.is_regular_file() || !first ||
          file.file_size() < (kVictim + 1) * kEntryBytes) {
        continue;
      }
      constexpr std::streamoff kAt = kVictim * kEntryBytes + 100;
      std::fstream stream(file.path(),
                          std::ios::in | std::ios::out | std::ios::binary);
      stream.seekg(kAt);
      const int byte = stream.get();
      stream.seekp(kAt);
      stream.put(static_cast<char>(byte ^ 1));
    }
  }

 private:
  TempFolder folder_;
};

}  // namespace

void TheAuditor(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("記録は書き換えられない", "Nobody rewrites the log unseen");
  narrator.Tell(
      "An auditor has the log's public key, and no other. He goes through the "
      "whole log:");
  auto key = ReadLogKeys(stage.folder.LogVerifierKey());
  if (!narrator.Succeeded(key.status(), "The log's key is public")) return;
  const SystemClock clock;
  AuditOptions options;
  options.log = stage.folder.PublishedLog();
  options.records = stage.folder.Records();
  // What the story has told is published a moment after it was recorded.
  absl::StatusOr<AuditReport> report;
  Await([&] {
    report = AuditLog(options, *key, clock);
    return report.ok() && report->entries > kVictim && report->unpublished == 0;
  });
  if (!narrator.Succeeded(report.status(), "The log can be read")) return;
  for (const std::string& line : AuditLines(*report, std::nullopt))
    narrator.Fact(line);
  if (!narrator.Step(!report->finding.has_value() && report->entries > kVictim,
                     "Everything holds: each record is in it as it was "
                     "written")) {
    if (report->finding.has_value())
      narrator.Fact(FindingLine(*report->finding));
    return;
  }
  narrator.Tell(
      "Somebody with access to the disk changes one bit of a copy of it:");
  const Copy copy(options.log);
  copy.ChangeEntry();
  options.log = copy.log();
  report = AuditLog(options, *key, clock);
  if (!narrator.Succeeded(report.status(), "The copy can be read")) return;
  narrator.Step(
      report->finding.has_value() && report->finding->first == kVictim,
      absl::StrCat("He notices, and says where: ",
                   report->finding.has_value() ? FindingLine(*report->finding)
                                               : "nothing"));
  narrator.Tell("You can do the same:  ./psm verify log");
}

}  // namespace psm::story
