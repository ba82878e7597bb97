// A protected person (DV等支援措置): no path shows where he lives, and who asks
// hears the same of the town where he lives and of the one where he does not.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "psm/residents/v1/protection.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/story/scenes.h"
#include "services/story/town.h"

namespace psm::story {
namespace {

using identity::v1::BasicItemsService;
using identity::v1::ConsentService;
using residents::v1::ProtectionService;
using residents::v1::ResidentsService;

constexpr char kProtected[] = "kenji";
constexpr char kBank[] = "hoshizora-bank/customers";

CallReport RegisterHistoryAt(Stage& stage, const std::string& town,
                             const std::string& subject) {
  residents::v1::GetResidentHistoryRequest request;
  request.set_subject(subject);
  return stage.terminal.Call(
      &ResidentsService::Stub::GetResidentHistory,
      {.affair = "own-request", .provider = town + "/residents"}, request);
}

// Whoever compares the two refusals learns nothing from it.
bool SameWords(const absl::Status& one, const absl::Status& other) {
  const auto first = DetailOf(one);
  const auto second = DetailOf(other);
  return one.code() == other.code() && one.message() == other.message() &&
         first.has_value() && second.has_value() &&
         first->reason == second->reason && first->metadata == second->metadata;
}

// Lets a private bank learn his address; its token, which has an id.
Reply<identity::v1::GrantConsentResponse> LetBankKnow(
    Stage& stage, const std::string& subject) {
  identity::v1::GrantConsentRequest grant;
  grant.set_subject(subject);
  grant.set_consumer(kBank);
  grant.set_affair("customer-address");
  grant.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
  grant.add_attributes("address");
  return stage.terminal.Call(&ConsentService::Stub::GrantConsent,
                             {"own-request"}, grant);
}

Reply<identity::v1::GetBasicItemsResponse> BankAsks(Stage& stage,
                                                    const std::string& token) {
  return stage.CallerOf(kBank).Call(
      &BasicItemsService::Stub::GetBasicItems,
      {.affair = "customer-address", .consent = token},
      identity::v1::GetBasicItemsRequest());
}

// Which desk of his own town sees him, by whose decision.
void TellDesk(Stage& stage, const std::string& town) {
  Narrator& narrator = stage.narrator;
  const std::string counter = town + "/counter";
  narrator.Refused(HouseholdAt(stage, town, kProtected).status,
                   "NO_AUTOMATIC_ANSWER",
                   "A clerk at his own town's counter looks him up: the "
                   "register answers not by itself");
  residents::v1::AllowDeskRequest allow;
  allow.set_subject(stage.CodeOf(kProtected, town));
  allow.set_desk(counter);
  allow.set_affair("resident-register");
  allow.set_last_date(Day(stage, 7));
  const auto allowed = stage.CallerOf(counter).Call(
      &ProtectionService::Stub::AllowDesk,
      {.affair = "protect-person", .provider = town + "/residents"}, allow);
  narrator.Succeeded(allowed.status,
                     absl::StrCat("What would make it pass: an officer's "
                                  "decision, for one desk, one affair, until ",
                                  allow.last_date()));
  const auto seen = HouseholdAt(stage, town, kProtected);
  narrator.Succeeded(seen.status, "That desk is answered now, and no other");
  residents::v1::ListProtectionDecisionsRequest list;
  list.set_subject(stage.CodeOf(kProtected, town));
  const auto decisions = stage.CallerOf(counter).Call(
      &ProtectionService::Stub::ListProtectionDecisions,
      {.affair = "protect-person", .provider = town + "/residents"}, list);
  narrator.Step(decisions->decisions_size() >= 2,
                absl::StrCat("The town keeps every decision: ",
                             decisions->decisions_size(), " so far"));
}

// His history, as somebody who looks over his shoulder sees it.
void TellWhatHisHistoryShows(Stage& stage, const std::string& subject) {
  identity::v1::ListHistoryRequest request;
  request.set_subject(subject);
  request.set_page_size(1000);
  const auto history =
      stage.terminal.Call(&identity::v1::HistoryService::Stub::ListHistory,
                          {"own-request"}, request);
  std::string shown = history->SerializeAsString();
  bool named = false;
  for (const char* town :
       {"akatsuki", "yunagi", "Akatsuki", "Yunagi", "あかつき", "ゆうなぎ"})
    named |= absl::StrContains(shown, town);
  stage.narrator.Step(
      history.status.ok() && history->records_size() > 0 && !named,
      absl::StrCat("Somebody may look over his shoulder: his history has ",
                   history->records_size(),
                   " records, and not one of them names a town"));
}

}  // namespace

void NoPathLeadsToHim(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("支援措置", "A protected person");
  const std::string subject = SignIn(stage, kProtected);
  if (subject.empty()) return;
  const std::string town = TownOf(stage, kProtected);
  const std::string elsewhere = OtherTown(town);
  narrator.Refused(RegisterHistoryAt(stage, elsewhere, subject).status,
                   "NOT_A_RESIDENT",
                   "Before: the town where he does not live says so, and who "
                   "asks both knows where he is");
  const auto consent = LetBankKnow(stage, subject);
  const auto known = BankAsks(stage, consent->token());
  narrator.Step(
      consent.status.ok() && known.status.ok() && !known->address().empty(),
      absl::StrCat("Before: a bank learns his address, for he lets "
                   "it: ",
                   known->address()));
  residents::v1::ProtectRequest protect;
  protect.set_last_date(Day(stage, 365));
  const auto protects = [&](const std::string& by) {
    protect.set_subject(stage.CodeOf(kProtected, by));
    return stage.CallerOf(by + "/counter")
        .Call(&ProtectionService::Stub::Protect,
              {.affair = "protect-person", .provider = town + "/residents"},
              protect);
  };
  narrator.Refused(
      protects(elsewhere).status, "NO_AGREEMENT",
      absl::StrCat("An officer of ", NameOfAgency(stage, elsewhere),
                   " has no say in it: refused"));
  if (!narrator.Succeeded(protects(town).status,
                          "Kenji flees from somebody who looks for him. An "
                          "officer of his own town protects him, for a year "
                          "at most"))
    return;

  narrator.Scene("どの経路からも分からない", "No path leads to him");
  const CallReport at_home = RegisterHistoryAt(stage, town, subject);
  const CallReport away = RegisterHistoryAt(stage, elsewhere, subject);
  for (const CallReport& report : {at_home, away}) {
    stage.expected.push_back({.persona = kProtected,
                              .exchange_id = report.exchange_id,
                              .reason = "NO_AUTOMATIC_ANSWER"});
  }
  const absl::Status& here = at_home.status;
  const absl::Status& there = away.status;
  narrator.Refused(here, "NO_AUTOMATIC_ANSWER",
                   "The town where he lives is asked: it answers not by "
                   "itself");
  narrator.Refused(there, "NO_AUTOMATIC_ANSWER",
                   "The town where he does not live is asked: the same");
  narrator.Step(SameWords(here, there),
                "Word for word the same: nobody learns which of the two it is");
  for (const std::string& from : {town, elsewhere}) {
    moving::v1::StartMoveRequest move;
    move.set_subject(subject);
    move.set_move_date(Day(stage, 7));
    move.set_origin(from);
    move.set_destination(OtherTown(from));
    const auto moved =
        stage.terminal.Call(&moving::v1::MovingService::Stub::StartMove,
                            {.affair = "one-stop-moving"}, move);
    narrator.Refused(moved.status, "NOT_ONLINE",
                     from == town ? "With his card, one gives notice of a move "
                                    "from there: sent to the counter"
                                  : "and from the other town: sent to the "
                                    "counter, too");
    stage.expected.push_back({.persona = kProtected,
                              .exchange_id = moved.exchange_id,
                              .reason = "NOT_ONLINE"});
  }
  const auto asked = BankAsks(stage, consent->token());
  narrator.Step(asked.status.ok() && asked->address().empty(),
                "The bank asks again, with his consent still in force: it gets "
                "an answer without the address");
  stage.expected.push_back({.persona = kProtected,
                            .exchange_id = asked.exchange_id,
                            .consumer = kBank});
  identity::v1::WithdrawConsentRequest withdraw;
  withdraw.set_subject(subject);
  withdraw.set_consent_id(consent->consent_id());
  narrator.Succeeded(stage.terminal
                         .Call(&ConsentService::Stub::WithdrawConsent,
                               {"own-request"}, withdraw)
                         .status,
                     "He withdraws it");
  TellDesk(stage, town);
  TellWhatHisHistoryShows(stage, subject);
}

void ProtectionEnds(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("支援措置の終了", "It ends by a decision, never by itself");
  for (const char* town : {"yunagi", "akatsuki"}) {
    residents::v1::EndProtectionRequest end;
    end.set_subject(stage.CodeOf(kProtected, town));
    const auto ended = stage.CallerOf(std::string(town) + "/counter")
                           .Call(&ProtectionService::Stub::EndProtection,
                                 {.affair = "protect-person",
                                  .provider = std::string(town) + "/residents"},
                                 end);
    if (ended.status.ok()) {
      narrator.Step(true,
                    "An officer of his town ends it, so that the story "
                    "can be told again");
      const std::string subject = SignIn(stage, kProtected);
      narrator.Succeeded(RegisterHistoryAt(stage, town, subject).status,
                         "From now on he reads his own entries again");
      return;
    }
  }
  narrator.Step(false, "An officer of his town ends it");
}

}  // namespace psm::story
