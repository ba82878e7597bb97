#include "services/grants/programme_set.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm::grants {
namespace {

bool IsComplete(const v1::Programme& programme) {
  absl::CivilDay open, close;
  return !programme.id().empty() && !programme.title_ja().empty() &&
         !programme.title_en().empty() && programme.max_amount_yen() >= 1 &&
         programme.max_employees() >= 0 && programme.max_capital_yen() >= 0 &&
         absl::ParseCivilTime(programme.open_date(), &open) &&
         absl::ParseCivilTime(programme.close_date(), &close) && open <= close;
}

}  // namespace

bool IsOpen(const v1::Programme& programme, absl::CivilDay day) {
  absl::CivilDay open, close;
  return absl::ParseCivilTime(programme.open_date(), &open) &&
         absl::ParseCivilTime(programme.close_date(), &close) && open <= day &&
         day <= close;
}

absl::StatusOr<ProgrammeSet> ProgrammeSet::Load(const std::string& folder) {
  ProgrammeSet set;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".json") continue;
    const std::string file = entry.path().string();
    PSM_ASSIGN_OR_RETURN(const std::string json, ReadFile(file));
    v1::Programme programme;
    const auto parsed =
        google::protobuf::util::JsonStringToMessage(json, &programme);
    if (!parsed.ok())
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": ", parsed.ToString()));
    if (!IsComplete(programme))
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": give id, titles, dates and an amount"));
    const std::string id = programme.id();
    if (!set.all_.emplace(id, std::move(programme)).second)
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": another file has the id ", id));
  }
  if (error || set.all_.empty())
    return absl::NotFoundError(absl::StrCat(folder, " holds no programmes"));
  return set;
}

const v1::Programme* ProgrammeSet::Find(const std::string& id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

}  // namespace psm::grants
