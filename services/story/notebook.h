// What those who play keep for themselves between two tellings, on a machine of
// their own: an authenticator app's secret, the number of an application. Like
// a card, it lies in the run folder because everybody plays on one machine.
#ifndef PSM_SERVICES_STORY_NOTEBOOK_H_
#define PSM_SERVICES_STORY_NOTEBOOK_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mesh/cli/run_folder.h"

namespace psm::story {

// Belongs to one thread, and one process at a time.
class Notebook {
 public:
  // What an earlier telling kept; empty where there was none.
  explicit Notebook(const RunFolder& folder);

  // Empty where nothing is kept under that key.
  std::string Get(absl::string_view key) const;
  // Keeps it, readable by its owner alone. Neither has a line feed, nor the key
  // a space.
  absl::Status Set(absl::string_view key, absl::string_view value);

 private:
  const std::string file_;
  std::map<std::string, std::string> kept_;
};

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_NOTEBOOK_H_
