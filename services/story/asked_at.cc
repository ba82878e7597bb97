#include "services/story/asked_at.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/timestamp.h"

namespace psm::story {
absl::StatusOr<std::vector<AskedAt>> WhenAsked(
    const RunFolder& folder,
    const benefits::v1::StartApplicationResponse& application) {
  std::set<std::pair<std::string, std::string>> wanted;
  for (const auto& source : application.sources())
    wanted.emplace(source.exchange_id(), source.provider());
  std::vector<AskedAt> asked;
  PSM_RETURN_IF_ERROR(
      RecordReader(folder.Records())
          .Read(0,
                [&](std::uint64_t, const records::v1::Record& record) {
                  // An answer that names several persons has a record of each:
                  // the first one will do.
                  if (record.kind() == records::v1::Record::EXCHANGE &&
                      wanted.erase({record.exchange_id(), record.provider()}) >
                          0) {
                    asked.push_back({record.provider(),
                                     FromTimestamp(record.ask_time()),
                                     FromTimestamp(record.provide_time())});
                  }
                  return true;
                })
          .status());
  if (!wanted.empty()) {
    return absl::NotFoundError(absl::StrCat("exchange ", wanted.begin()->first,
                                            " with ", wanted.begin()->second,
                                            " has no record"));
  }
  return asked;
}

std::string Ms(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Milliseconds(duration), " ms");
}

}  // namespace psm::story
