#include "services/story/followers.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/cli/persona_file.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/timestamp.h"
#include "services/story/await.h"

namespace psm::story {
namespace {

using records::v1::Record;

bool Follows(const CompiledAgreement& agreement, const std::string& type) {
  return std::any_of(agreement.events.begin(), agreement.events.end(),
                     [&type](const CompiledEventGrant& grant) {
                       return type.empty() ||
                              std::find(grant.types.begin(), grant.types.end(),
                                        type) != grant.types.end();
                     });
}

// Agreements in force by which somebody hears of `type`; of any where it is
// empty.
std::vector<const CompiledAgreement*> FollowersOf(const Stage& stage,
                                                  const std::string& type) {
  std::vector<const CompiledAgreement*> followers;
  for (const CompiledAgreement* agreement : stage.policy->agreements()) {
    if (agreement->InForceAt(stage.clock.Now()) && Follows(*agreement, type))
      followers.push_back(agreement);
  }
  return followers;
}

// How many subscriptions a process says that it has begun.
int Begun(const Stage& stage, const std::string& system) {
  std::ifstream log(stage.folder.Log(system));
  int begun = 0;
  for (std::string line; std::getline(log, line);)
    begun += absl::StrContains(line, "\"events_followed\"") ? 1 : 0;
  return begun;
}

// Who was delivered `type` about the person since the story began, by the
// records.
std::set<std::string> Told(const Stage& stage, const std::string& person,
                           const std::string& type) {
  std::set<std::string> told;
  const auto read =
      RecordReader(stage.folder.Records())
          .Read(0, [&](std::uint64_t, const Record& record) {
            if (record.kind() == Record::EXCHANGE &&
                record.subject() == person && record.dataset() == "events" &&
                absl::EndsWith(record.method(), "Subscribe") &&
                record.released_size() == 1 && record.released(0) == type &&
                FromTimestamp(record.ask_time()) >= stage.began) {
              told.insert(record.consumer());
            }
            return true;
          });
  if (!read.ok()) told.clear();
  return told;
}

}  // namespace

bool AwaitFollowers(Stage& stage) {
  std::set<std::string> systems;
  // Who hears by consent alone need not listen before somebody has consented.
  for (const CompiledAgreement* agreement : FollowersOf(stage, "")) {
    if (!agreement->by_consent) systems.insert(agreement->consumer->id);
  }
  const bool all = Await([&] {
    return std::all_of(
        systems.begin(), systems.end(),
        [&](const std::string& system) { return Begun(stage, system) > 0; });
  });
  return stage.narrator.Step(
      all, absl::StrCat(systems.size(),
                        " systems of agencies have an agreement to hear of "
                        "life events, and listen"));
}

bool AwaitFollower(const Stage& stage, const std::string& system) {
  return Await([&] { return Begun(stage, system) > 0; });
}

void TellWhoHears(Stage& stage, const std::string& persona,
                  const std::string& type) {
  const auto found = FindPersona(stage.folder, persona);
  const auto person = found.ok() ? RecordsCodeOf(stage.folder, *found)
                                 : absl::StatusOr<std::string>(found.status());
  if (!person.ok()) {
    stage.narrator.Succeeded(person.status(), "The person is in the records");
    return;
  }
  std::set<std::string> named;
  std::set<std::string> consentable;  // without the persona's consent
  for (const CompiledAgreement* agreement : FollowersOf(stage, type)) {
    const std::string& consumer = agreement->consumer->id;
    if (agreement->by_consent &&
        stage.consented.count({persona, consumer}) == 0) {
      consentable.insert(consumer);
      continue;
    }
    named.insert(consumer);
    stage.narrator.Step(
        Await([&] { return Told(stage, *person, type).count(consumer) > 0; }),
        absl::StrCat(
            consumer, " hears `", type, "` of ", persona, ", for ",
            agreement->affair->title.ja, " (", agreement->affair->title.en,
            "), ",
            agreement->by_consent ? "本人の同意" : agreement->statute.ja));
    stage.expected.push_back({.persona = persona, .consumer = consumer});
  }
  stage.narrator.Step(
      Told(stage, *person, type) == named,
      named.empty() ? absl::StrCat("Nobody has an agreement to hear `", type,
                                   "`, and nobody has heard it")
                    : absl::StrCat("and nobody else hears it of ", persona,
                                   ": who has no agreement hears nothing"));
  for (const std::string& consumer : consentable) {
    stage.narrator.Fact(
        absl::StrCat(consumer, " would hear `", type, "` if ", persona,
                     " had consented to it, and has heard nothing"));
  }
}

}  // namespace psm::story
