// Who hears of a life event: by the agreements that are in force, and by the
// records of what was delivered. Knows no event by name, so that an agency
// that comes to follow one comes into the story, too.
#ifndef PSM_SERVICES_STORY_FOLLOWERS_H_
#define PSM_SERVICES_STORY_FOLLOWERS_H_

#include <string>
#include <vector>

#include "services/story/stage.h"

namespace psm::story {

// Waits until every system that follows life events has begun to, as its log
// says: nobody hears of what was published before. Tells it as a step, and
// returns whether it is so.
bool AwaitFollowers(Stage& stage);

// Waits until `system`, which hears by persons' consents, has begun to.
bool AwaitFollower(const Stage& stage, const std::string& system);

// Tells who must hear of `type` about `persona`, under which affair and
// statute, and waits until each has, by the record of its delivery since the
// story began; by the same records nobody else has. Expects each in the
// persona's history.
void TellWhoHears(Stage& stage, const std::string& persona,
                  const std::string& type);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_FOLLOWERS_H_
