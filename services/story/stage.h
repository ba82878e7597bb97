// What all scenes share: who plays, what they know, who narrates.
#ifndef PSM_SERVICES_STORY_STAGE_H_
#define PSM_SERVICES_STORY_STAGE_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/cli/persona_file.h"
#include "mesh/cli/system_caller.h"
#include "mesh/policy/policy_engine.h"
#include "services/story/narrator.h"

namespace psm::story {

// Something that was told in this story and must stand in a person's history.
// What is empty may be anything.
struct Expected {
  std::string persona;
  std::string exchange_id = "";
  std::string consumer = "";
  std::string provider = "";
  std::string reason = "";  // of a refusal
};

struct Stage {
  Narrator& narrator;
  RunFolder folder;
  // For explanations: the configuration that the gateway runs on.
  std::shared_ptr<const PolicyEngine> policy;
  SystemCaller& terminal;    // portal/terminal: the citizen's own
  SystemCaller& tax_office;  // yunagi/tax
  SystemCaller& benefits;    // akatsuki/benefits
  const Clock& clock;
  // The callers of CallerOf.
  std::map<std::string, std::unique_ptr<SystemCaller>> others = {};

  // When this story began, and what it has told of whom since.
  absl::Time began = absl::InfinitePast();
  std::vector<Expected> expected = {};
  // Who may hear of whose life events, as the persona has consented: the
  // persona and the consumer.
  std::set<std::pair<std::string, std::string>> consented = {};
  // Personas of whose sign-in this story has told.
  std::set<std::string> signed_in = {};

  // Another story begins.
  void Begin();

  // Any other system of the mesh, made when it is first asked for; belongs to
  // the stage.
  SystemCaller& CallerOf(const std::string& system);

  // A persona's code at an agency. Ends the story where there is none: the run
  // folder is then not one of ours.
  std::string CodeOf(absl::string_view persona, absl::string_view agency) const;
  // A persona's name in katakana; ends the story likewise.
  std::string KanaOf(absl::string_view persona) const;
};

// Signs in with the persona's card, and tells how the first time in a story.
// The terminal's code for the person, as identity found it; empty where it
// failed, which is narrated.
std::string SignIn(Stage& stage, const std::string& persona);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_STAGE_H_
