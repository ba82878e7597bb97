// Waits for a record that other processes make, without asking the mesh about
// anybody: a question would be one more record.
#ifndef PSM_SERVICES_STORY_RECORDED_H_
#define PSM_SERVICES_STORY_RECORDED_H_

#include "psm/records/v1/record.pb.h"
#include "services/story/stage.h"

namespace psm::story {

// Whether a record is what a story expects; the persona is not looked at. One
// of a refusal is expected by its reason alone; an intent never is.
bool Shows(const records::v1::Record& record, const Expected& wanted);

// Waits until an exchange about the persona that began after the story did is
// on record. False where none is within ten seconds.
bool AwaitRecord(const Stage& stage, const Expected& wanted);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_RECORDED_H_
