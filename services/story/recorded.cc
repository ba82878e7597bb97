#include "services/story/recorded.h"

#include <cstdint>
#include <string>

#include "mesh/cli/persona_file.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/timestamp.h"
#include "services/story/await.h"

namespace psm::story {

using records::v1::Record;

bool Shows(const Record& record, const Expected& wanted) {
  const auto fits = [](const std::string& is, const std::string& should) {
    return should.empty() || is == should;
  };
  return fits(record.exchange_id(), wanted.exchange_id) &&
         fits(record.consumer(), wanted.consumer) &&
         fits(record.provider(), wanted.provider) &&
         fits(record.reason(), wanted.reason) &&
         record.reason().empty() == wanted.reason.empty() &&
         record.kind() != Record::INTENT;
}

bool AwaitRecord(const Stage& stage, const Expected& wanted) {
  const auto found = FindPersona(stage.folder, wanted.persona);
  if (!found.ok()) return false;
  const auto person = RecordsCodeOf(stage.folder, *found);
  if (!person.ok()) return false;
  return Await([&] {
    bool there = false;
    const auto read =
        RecordReader(stage.folder.Records())
            .Read(0, [&](std::uint64_t, const Record& record) {
              there = record.subject() == *person && Shows(record, wanted) &&
                      record.dataset() != "events" &&
                      FromTimestamp(record.ask_time()) >= stage.began;
              return !there;
            });
    return read.ok() && there;
  });
}

}  // namespace psm::story
