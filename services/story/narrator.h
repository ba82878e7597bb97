// Tells the story in the terminal and keeps count of what did not go as told.
// Knows no mesh.
#ifndef PSM_SERVICES_STORY_NARRATOR_H_
#define PSM_SERVICES_STORY_NARRATOR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm::story {

// Belongs to one thread. Writes to standard output, wrapped to the terminal.
class Narrator {
 public:
  // A new story, with its name and its title in both languages.
  void Story(absl::string_view name, absl::string_view title_ja,
             absl::string_view title_en);
  // A new scene, with its title in both languages.
  void Scene(absl::string_view title_ja, absl::string_view title_en);
  // A sentence of the story.
  void Tell(absl::string_view text);
  // A line of facts, indented under the sentence.
  void Fact(absl::string_view text);

  // A step that had to go a certain way: shows a mark and says what happened.
  // One that did not is counted. Returns `as_told`.
  bool Step(bool as_told, absl::string_view text);
  // The same for a call that had to succeed; says the error where it did not.
  bool Succeeded(const absl::Status& status, absl::string_view text);
  // The same for a call that had to be refused with this reason.
  bool Refused(const absl::Status& status, absl::string_view reason,
               absl::string_view text);

  int failures() const { return failures_; }

 private:
  int failures_ = 0;
};

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_NARRATOR_H_
