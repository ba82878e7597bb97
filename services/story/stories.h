// The stories that can be told, each a row of scenes.
#ifndef PSM_SERVICES_STORY_STORIES_H_
#define PSM_SERVICES_STORY_STORIES_H_

#include <functional>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/story/stage.h"

namespace psm::story {

using Scene = std::function<void(Stage&)>;

struct Story {
  absl::string_view name;  // as `./psm demo --story` takes it
  absl::string_view title_ja;
  absl::string_view title_en;
  std::vector<Scene> scenes;  // in their order
};

// All of them, the one that is told where none is named first. A story needs
// nothing of what another one left behind, and bears it.
const std::vector<Story>& Stories();

// Null where there is none.
const Story* FindStory(absl::string_view name);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_STORIES_H_
