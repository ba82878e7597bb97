// A mother and her child move to the next town (引越しワンストップ): one
// notice, two municipalities, and whoever must hear of it.
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "psm/bank/v1/customers.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "psm/residents/v1/notices.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "psm/tax/v1/assessments.grpc.pb.h"
#include "services/story/await.h"
#include "services/story/followers.h"
#include "services/story/recorded.h"
#include "services/story/scenes.h"
#include "services/story/town.h"

namespace psm::story {
namespace {

using bank::v1::CustomersService;
using identity::v1::ConsentService;
using moving::v1::MovingService;
using residents::v1::GetHouseholdResponse;
using residents::v1::Member;
using residents::v1::NoticesService;
using residents::v1::ResidentsService;

constexpr char kMother[] = "misaki";
constexpr char kBank[] = "hoshizora-bank/customers";

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

std::string RelationInJapanese(Member::Relation relation) {
  switch (relation) {
    case Member::HEAD:
      return "世帯主";
    case Member::SPOUSE:
      return "配偶者";
    case Member::CHILD:
      return "子";
    case Member::PARENT:
      return "父母";
    default:
      return "その他";
  }
}

void TellHousehold(Stage& stage, const GetHouseholdResponse& household) {
  for (const Member& member : household.members()) {
    stage.narrator.Fact(absl::StrCat(
        member.name(), "  ", member.birth_date(), "  ",
        RelationInJapanese(member.relation()),
        "  課税: ", NameOfAgency(stage, member.tax_municipality())));
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
  narrator.Scene("転入届", "She arrives");
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

// Both tax offices tell her who taxes her from the next year on.
void TellTax(Stage& stage, const std::string& mother, const std::string& from) {
  Narrator& narrator = stage.narrator;
  narrator.Tell(absl::StrCat(
      "This year's residence tax stays where she lived on 1 January, and ",
      OtherTown(from),
      "/residents knows where that is: nobody has to tell it. The years after "
      "it:"));
  for (const std::string& town : {from, OtherTown(from)}) {
    tax::v1::ListAssessmentsRequest request;
    request.set_subject(mother);
    Reply<tax::v1::ListAssessmentsResponse> kept;
    const bool heard = Await([&] {
      kept = stage.terminal.Call(
          &tax::v1::AssessmentsService::Stub::ListAssessments,
          {.affair = "own-request", .provider = town + "/tax"}, request);
      return kept->competence().move_date() == Day(stage);
    });
    narrator.Step(heard && kept->competence().here() == (town != from),
                  absl::StrCat(town, "/tax: from fiscal year ",
                               kept->competence().first_fiscal_year(),
                               " on she is taxed ",
                               kept->competence().here() ? "here" : "elsewhere",
                               ", by where she lives on 1 January"));
  }
}

// The registry of accounts keeps her account as it is, and has noted the move.
void TellAccount(Stage& stage, const std::string& mother) {
  accounts::v1::GetRegistrationRequest request;
  request.set_subject(mother);
  stage.narrator.Step(
      Await([&] {
        const auto registration = stage.terminal.Call(
            &accounts::v1::AccountsService::Stub::GetRegistration,
            {"account-registration"}, request);
        return registration->moved_date() == Day(stage);
      }),
      "accounts/accounts has noted it and shows her: the account stays, and "
      "is paid into");
}

// She lets her bank hear of moves, from now on. The consent's id; empty where
// it failed.
std::string LetTheBankHear(Stage& stage, const std::string& mother) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("本人の同意", "Her bank may hear of it, because she says so");
  identity::v1::GrantConsentRequest grant;
  grant.set_subject(mother);
  grant.set_consumer(kBank);
  grant.set_affair("customer-address");
  grant.set_method("psm.events.v1.EventsService/Subscribe");
  for (const char* type : {"moved_in", "moved_within"})
    grant.add_attributes(type);
  const auto granted = stage.terminal.Call(&ConsentService::Stub::GrantConsent,
                                           {"own-request"}, grant);
  if (!narrator.Succeeded(granted.status,
                          "No agency tells a private company of a move. She "
                          "lets Hoshizora Bank hear of hers, at identity"))
    return "";
  bank::v1::FollowMovesRequest follow;
  follow.set_subject(mother);
  follow.set_consent_token(granted->token());
  const auto followed = stage.terminal.Call(
      &CustomersService::Stub::FollowMoves, {"own-request"}, follow);
  if (!narrator.Step(followed.status.ok() && AwaitFollower(stage, kBank),
                     "She gives the bank the token that says so, and it "
                     "listens"))
    return "";
  stage.consented.insert({kMother, kBank});
  return granted->consent_id();
}

// Who heard, and who asks whom from then on.
void TellWhoKnows(Stage& stage, const std::string& mother,
                  const std::string& from) {
  Narrator& narrator = stage.narrator;
  const std::string to = OtherTown(from);
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
  TellTax(stage, mother, from);
  TellAccount(stage, mother);
}

// What the bank has of it, and that it hears no more once she withdraws.
void TellTheBank(Stage& stage, const std::string& mother,
                 const std::string& consent) {
  Narrator& narrator = stage.narrator;
  bank::v1::GetCustomerRequest read;
  read.set_subject(mother);
  const auto moved_date = [&] {
    return stage.terminal
        .Call(&CustomersService::Stub::GetCustomer, {"own-request"}, read)
        ->moved_date();
  };
  narrator.Step(Await([&] { return moved_date() == Day(stage); }),
                "The bank knows that she has moved, and since when; neither "
                "where to nor with whom. Her address it must ask for");
  identity::v1::WithdrawConsentRequest withdraw;
  withdraw.set_subject(mother);
  withdraw.set_consent_id(consent);
  narrator.Succeeded(
      stage.terminal
          .Call(&ConsentService::Stub::WithdrawConsent, {"own-request"},
                withdraw)
          .status,
      "She withdraws the consent: of her next move the bank hears nothing");
}

// Where the story was told before on the same day.
void TellMovedBefore(Stage& stage, const std::string& mother) {
  Narrator& narrator = stage.narrator;
  narrator.Step(true,
                "She has moved today already, when the story was told before: "
                "the register takes one move a day");
  residents::v1::GetResidentHistoryResponse entries;
  const CallReport held = AskWhoeverHolds(stage, mother, &entries);
  stage.expected.push_back(
      {.persona = kMother, .exchange_id = held.exchange_id});
  narrator.Step(held.status.ok() &&
                    LatestIs(entries, residents::v1::RegisterEntry::MOVE_IN),
                "That is the latest entry about her");
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
    TellMovedBefore(stage, mother);
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
  const std::string consent = LetTheBankHear(stage, mother);
  TellArrival(stage, from);
  TellWhoKnows(stage, mother, from);
  if (!consent.empty()) TellTheBank(stage, mother, consent);
}

}  // namespace psm::story
