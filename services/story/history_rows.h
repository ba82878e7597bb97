// A history as people read it, one line an exchange. Asks nobody.
#ifndef PSM_SERVICES_STORY_HISTORY_ROWS_H_
#define PSM_SERVICES_STORY_HISTORY_ROWS_H_

#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "psm/records/v1/record.pb.h"
#include "psm/records/v1/record_texts.pb.h"
#include "services/story/stage.h"

namespace psm::story {

struct History {
  google::protobuf::RepeatedPtrField<records::v1::Record> records;
  // One for each of `records`.
  google::protobuf::RepeatedPtrField<records::v1::RecordTexts> texts;
};

// Tells it, what was asked last first, and holds it against what the story
// expected of `persona`: all of that is there, and no record has a person's
// code. Of a write, which has a record before and one after, it tells the one
// after. `report` is what came of reading it.
void TellRows(Stage& stage, const std::string& persona,
              const CallReport& report, const History& history);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_HISTORY_ROWS_H_
