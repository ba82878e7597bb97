// A mother and her child move to the next town (引越しワンストップ): one
// notice, two municipalities, and whoever must hear of it.
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "psm/residents/v1/notices.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/story/followers.h"
#include "services/story/recorded.h"
#include "services/story/scenes.h"
#include "services/story/town.h"

namespace psm::story {
namespace {

using moving::v1::MovingService;
using residents::v1::GetHouseholdResponse;
using residents::v1::Member;
using residents::v1::NoticesService;
using residents::v1::ResidentsService;

constexpr char kMother[] = "misaki";

std::string AddressIn(const std::string& town) {
  return town == "yunagi" ? "架空県ゆうなぎ市凪浜2丁目2番2号"
                          : "架空県あかつき市明野1丁目9番12号";
}

// The register's own words about the person, asked of whichever holds her:
// the call names no municipality.
CallReport AskWhoeverHolds(Stage& stage, const std::string& mother,
                           residents::v1::GetResidentHistoryResponse* entries) {
  residents::v1::GetResidentHistoryRequest request;
  request.set_subject(mother);
  return stage.terminal.Call(&ResidentsService::Stub::GetResidentHistory,
                             {"own-request"}, request, entries);
}

// The latest entry of the register is one of `kind`.
bool LatestIs(const residents::v1::GetResidentHistoryResponse& entries,
              residents::v1::RegisterEntry::Kind kind) {
  return entries.entries_size() > 0 &&
         entries.entries(entries.entries_size() - 1).kind() == kind;
}

void TellHousehold(Stage& stage, const GetHouseholdResponse& household) {
  for (const Member& member : household.members()) {
    stage.narrator.Fact(absl::StrCat(
        member.name(), "  ", member.birth_date(), "  ",
        Member::Relation_Name(member.relation()),
        "  tax: ", NameOfAgency(stage, member.tax_municipality())));
  }
}

moving::v1::StartMoveRequest Notice(const Stage& stage,
                                    const std::string& mother,
                                    const std::string& from) {
  moving::v1::StartMoveRequest notice;
  notice.set_subject(mother);
  notice.set_move_date(Day(stage));
  notice.set_origin(from);
  notice.set_destination(OtherTown(from));
  return notice;
}

// The mother and the child stand at the new town's counter.
void TellArrival(Stage& stage, const std::string& from) {
  Narrator& narrator = stage.narrator;
  const std::string to = OtherTown(from);
  residents::v1::RegisterMoveInRequest arrival;
  arrival.set_subject(stage.CodeOf(kMother, to));
  arrival.set_move_date(Day(stage));
  arrival.set_address(AddressIn(to));
  const auto enters = [&](const std::string& counter) {
    return stage.CallerOf(counter).Call(
        &NoticesService::Stub::RegisterMoveIn,
        {.affair = "resident-register", .provider = to + "/residents"},
        arrival);
  };
  arrival.set_subject(stage.CodeOf(kMother, from));
  narrator.Refused(enters(from + "/counter").status, "NO_AGREEMENT",
                   absl::StrCat("A clerk of ", NameOfAgency(stage, from),
                                " would enter her in the other town's "
                                "register: refused"));
  arrival.set_subject(stage.CodeOf(kMother, to));
  const auto arrived = enters(to + "/counter");
  if (!narrator.Succeeded(
          arrived.status,
          absl::StrCat("She shows her card at the counter of ",
                       NameOfAgency(stage, to), " and gives the address: ",
                       arrived->members_size(), " persons are residents")))
    return;
  stage.expected.push_back(
      {.persona = kMother, .exchange_id = arrived.exchange_id});
  TellHousehold(stage, HouseholdAt(stage, to, kMother).message);
}

}  // namespace

void OneNotice(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("引越しワンストップ", "One notice of a move");
  const std::string from = TownOf(stage, kMother);
  const std::string to = OtherTown(from);
  if (!AwaitFollowers(stage)) return;
  const auto before = HouseholdAt(stage, from, kMother);
  narrator.Tell(absl::StrCat(
      "Misaki moves with her child from ", NameOfAgency(stage, from), " to ",
      NameOfAgency(stage, to),
      ". Without the mesh: a certificate of moving out from the one, carried "
      "to the other."));
  TellHousehold(stage, before.message);
  const Member* child = nullptr;
  for (const Member& member : before->members()) {
    if (member.relation() == Member::CHILD) child = &member;
  }
  if (child == nullptr) {
    narrator.Step(false, "The child lives with her");
    return;
  }
  const std::string mother = SignIn(stage, kMother);
  if (mother.empty()) return;

  moving::v1::StartMoveRequest notice = Notice(stage, mother, from);
  moving::v1::Companion& companion = *notice.add_others();
  companion.set_kana("カリノ　ケンジ");
  companion.set_birth_date("1974-02-24");
  const auto gives = [&] {
    return stage.terminal.Call(&MovingService::Stub::StartMove,
                               {.affair = "one-stop-moving"}, notice);
  };
  narrator.Refused(gives().status, "MOVER_UNKNOWN",
                   "She may take along who lives with her. With a stranger "
                   "among them: refused");
  companion.set_kana(child->kana());
  companion.set_birth_date(child->birth_date());
  const auto given = gives();
  if (ReasonOf(given.status) == "DATE_OUT_OF_ORDER") {
    narrator.Step(true,
                  "She has moved today already, when the story was told "
                  "before: the register takes one move a day");
    residents::v1::GetResidentHistoryResponse entries;
    const CallReport held = AskWhoeverHolds(stage, mother, &entries);
    stage.expected.push_back(
        {.persona = kMother, .exchange_id = held.exchange_id});
    narrator.Step(held.status.ok() &&
                      LatestIs(entries, residents::v1::RegisterEntry::MOVE_IN),
                  "That is the latest entry about her");
    return;
  }
  if (!narrator.Succeeded(
          given.status, absl::StrCat("With her child: one notice, and ", from,
                                     "/residents hands ", given->persons_size(),
                                     " persons on to ", to,
                                     "/residents, through moving/desk "
                                     "and the gateway")))
    return;
  stage.expected.push_back(
      {.persona = kMother, .exchange_id = given.exchange_id});
  for (const std::string& town : {from, to}) {
    stage.expected.push_back({.persona = kMother,
                              .consumer = "moving/desk",
                              .provider = town + "/residents"});
  }
  narrator.Refused(HouseholdAt(stage, to, kMother).status, "NOT_A_RESIDENT",
                   "Announced is not arrived: the new town answers that she "
                   "is no resident");
  TellArrival(stage, from);

  narrator.Scene("誰が知るか", "Who hears of it");
  for (const char* type : {"moved_in", "moved_out"})
    TellWhoHears(stage, kMother, type);
  // Identity asks until the new town answers, by the holding.
  narrator.Step(
      AwaitRecord(stage, {.persona = kMother,
                          .consumer = "identity/identity",
                          .provider = to + "/residents"}),
      absl::StrCat("identity/identity asks for her new address, and names no "
                   "municipality: the gateway asks ",
                   to, "/residents, for the holding has moved with her"));
  residents::v1::GetResidentHistoryResponse entries;
  const CallReport held = AskWhoeverHolds(stage, mother, &entries);
  narrator.Step(held.status.ok() &&
                    LatestIs(entries, residents::v1::RegisterEntry::MOVE_IN),
                "She reads her own entries there, in the same way");
  stage.expected.push_back({.persona = kMother,
                            .exchange_id = held.exchange_id,
                            .provider = to + "/residents"});
  narrator.Refused(HouseholdAt(stage, from, kMother).status, "NOT_A_RESIDENT",
                   absl::StrCat(from,
                                "/residents answers about her no more; "
                                "it keeps its history"));
  narrator.Tell(absl::StrCat(
      "This year's residence tax stays where she lived on 1 January, and ", to,
      "/residents knows where that is: nobody has to tell it."));
}

}  // namespace psm::story
