// The scenes. Each tells one thing, narrates every step that it takes, and
// returns early where the rest would make no sense.
#ifndef PSM_SERVICES_STORY_SCENES_H_
#define PSM_SERVICES_STORY_SCENES_H_

#include <functional>
#include <string>

#include "services/story/stage.h"

namespace psm::story {

// A household's benefit.
void WithoutTheMesh(Stage& stage);
void WithTheMesh(Stage& stage);  // says how much less it is than without
// Refusals.
void WhatARoomFears(Stage& stage);
void SomebodyElsesAccount(Stage& stage);
void TheDiskIsFull(Stage& stage);
// Consent to a private company.
void ConsentAndWithdrawal(Stage& stage);
// A business.
void ASubsidyThroughADelegate(Stage& stage);
// A mother and her child move.
void OneNotice(Stage& stage);
// A record is tied to the wrong person.
void TheWrongPersonsRecord(Stage& stage);
// A woman takes another name.
void ANewName(Stage& stage);
// A person is protected, and is no more.
void NoPathLeadsToHim(Stage& stage);
void ProtectionEnds(Stage& stage);
// What remains of it all.
// A persona signs in and reads what was recorded since the story began. All
// that the story expected must be there.
std::function<void(Stage&)> HistoryOf(std::string persona);
void TheAuditor(Stage& stage);

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_SCENES_H_
