// A notice passes through three agencies, and any of them may be away. Each
// step goes out under an exchange id that follows from the notice's own: made
// again, the notice finds what was done and does the rest. So nothing has to be
// undone, and nobody is announced twice.
#include "services/moving/moving_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/agency/derived_exchange_id.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"

namespace psm::moving {
namespace {

using agency::CallContext;
using residents::v1::AnnounceMoveInRequest;
using residents::v1::MovingPerson;
using residents::v1::NotifyMoveOutRequest;
using residents::v1::NotifyMoveOutResponse;

absl::Status Unavailable(const absl::Status& status) {
  LogWarning("municipality_did_not_answer",
             {{"code", absl::StatusCodeToString(status.code())},
              {"reason", ReasonOf(status)}});
  return agency::Refusal(absl::StatusCode::kUnavailable,
                         "MUNICIPALITY_UNAVAILABLE",
                         "a municipality did not answer");
}

// What a municipality's refusal means for whoever gives notice. What the
// gateway says itself is no word of the municipality.
absl::Status AfterRefusal(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  for (const char* known :
       {"NOT_A_RESIDENT", "DATE_INVALID", "OUTSIDE_THE_WINDOW", "MOVER_UNKNOWN",
        "HEAD_NEEDED", "DATE_OUT_OF_ORDER"}) {
    if (reason == known)
      return agency::Refusal(status.code(), known,
                             "the municipality refused the notice");
  }
  if (reason == "NO_AUTOMATIC_ANSWER")
    return agency::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_ONLINE",
                           "this notice is given at the counter");
  if (reason == "NO_AGREEMENT" || reason == "PROVIDER_UNKNOWN")
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "MUNICIPALITY_INVALID",
                           "no such municipality in the mesh");
  return Unavailable(status);
}

// The same of a withdrawal. What does not fit the desk's own knowledge of the
// move is for a clerk to look at.
absl::Status AfterRefusedWithdrawal(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  for (const char* known : {"ALREADY_MOVED_IN", "HOUSEHOLD_CHANGED"}) {
    if (reason == known)
      return agency::Refusal(absl::StatusCode::kFailedPrecondition, known,
                             "the municipality refused the withdrawal");
  }
  for (const char* odd :
       {"NOT_ANNOUNCED", "MOVE_OUT_UNKNOWN", "DATE_OUT_OF_ORDER",
        "NO_AUTOMATIC_ANSWER", "NOT_A_RESIDENT"}) {
    if (reason == odd)
      return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                             "NOT_ONLINE",
                             "this notice is withdrawn at the counter");
  }
  return Unavailable(status);
}

// psm.config.v1.Agency.id: it goes into metadata (library trap 2).
bool IsAgencyId(absl::string_view text) {
  return !text.empty() && text.size() <= 31 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

AnnounceMoveInRequest AnnouncementOf(const MovingPerson& person,
                                     const std::string& move_id,
                                     const v1::StartMoveRequest& request) {
  AnnounceMoveInRequest announcement;
  announcement.set_subject(person.subject());
  announcement.set_move_id(move_id);
  announcement.set_move_date(request.move_date());
  announcement.set_origin(request.origin());
  announcement.set_name(person.name());
  announcement.set_kana(person.kana());
  announcement.set_birth_date(person.birth_date());
  announcement.set_sex(person.sex());
  announcement.set_relation(person.relation());
  announcement.set_tax_municipality(person.tax_municipality());
  return announcement;
}

// What the municipality left is to withdraw.
residents::v1::WithdrawMoveOutRequest NoticeOf(
    const MoveStore::KeptMove& move) {
  residents::v1::WithdrawMoveOutRequest notice;
  notice.set_subject(move.applicant);
  notice.set_move_date(move.move_date);
  notice.set_notice_exchange_id(move.notice_exchange_id);
  return notice;
}

}  // namespace

grpc::Status MovingService::StartMove(grpc::ServerContext* context,
                                      const v1::StartMoveRequest* request,
                                      v1::StartMoveResponse* response) {
  auto started = Start(CallContext::From(*context), *request);
  if (!started.ok()) return agency::ToGrpc(started.status());
  *response = *std::move(started);
  return grpc::Status::OK;
}

absl::StatusOr<v1::StartMoveResponse> MovingService::Start(
    const CallContext& call, const v1::StartMoveRequest& request) {
  if (!IsAgencyId(request.origin()) || !IsAgencyId(request.destination()) ||
      request.origin() == request.destination())
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "MUNICIPALITY_INVALID",
                           "name two different municipalities");
  PSM_ASSIGN_OR_RETURN(std::optional<v1::StartMoveResponse> before,
                       moves_.Started(call));
  if (before.has_value()) return *std::move(before);

  // The new municipality before the old one: where it is not there, nobody has
  // moved out yet.
  const absl::Status reached = municipalities_.Reach(
      call, request.destination(), DerivedExchangeId(call, "reach"),
      request.subject());
  if (!reached.ok()) return AfterRefusal(reached);

  NotifyMoveOutRequest notice;
  notice.set_subject(request.subject());
  notice.set_move_date(request.move_date());
  notice.set_destination(request.destination());
  for (const v1::Companion& other : request.others()) {
    residents::v1::Mover& mover = *notice.add_others();
    mover.set_kana(other.kana());
    mover.set_birth_date(other.birth_date());
  }
  const std::string notice_exchange_id = DerivedExchangeId(call, "move-out");
  const absl::StatusOr<NotifyMoveOutResponse> certificate =
      municipalities_.NotifyMoveOut(call, request.origin(), notice_exchange_id,
                                    notice);
  if (!certificate.ok()) return AfterRefusal(certificate.status());

  v1::StartMoveResponse response;
  response.set_move_id(DerivedExchangeId(call, "move"));
  int number = 0;
  for (const MovingPerson& person : certificate->persons()) {
    const absl::Status announced = municipalities_.AnnounceMoveIn(
        call, request.destination(),
        DerivedExchangeId(call, absl::StrCat("announce ", ++number)),
        AnnouncementOf(person, response.move_id(), request));
    // Whoever lives there already needs no announcement.
    if (!announced.ok() && ReasonOf(announced) != "ALREADY_A_RESIDENT")
      return AfterRefusal(announced);
    response.add_persons()->set_subject(person.subject());
  }
  return moves_.Keep(call, request, response, notice_exchange_id, clock_.Now());
}

grpc::Status MovingService::WithdrawMove(grpc::ServerContext* context,
                                         const v1::WithdrawMoveRequest* request,
                                         v1::WithdrawMoveResponse* response) {
  auto withdrawn = Withdraw(CallContext::From(*context), *request);
  if (!withdrawn.ok()) return agency::ToGrpc(withdrawn.status());
  *response = *std::move(withdrawn);
  return grpc::Status::OK;
}

absl::StatusOr<v1::WithdrawMoveResponse> MovingService::Withdraw(
    const CallContext& call, const v1::WithdrawMoveRequest& request) {
  PSM_ASSIGN_OR_RETURN(const std::optional<MoveStore::KeptMove> move,
                       moves_.Find(request.move_id(), request.subject()));
  if (!move.has_value())
    return agency::Refusal(absl::StatusCode::kNotFound, "MOVE_UNKNOWN",
                           "the person makes no such move");
  if (move->applicant != request.subject())
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "NOT_THE_APPLICANT",
                           "somebody else gave notice of the move");
  if (move->withdrawn) return v1::WithdrawMoveResponse();

  // The municipality left says first whether it would: what it refuses must not
  // leave somebody who is announced nowhere and lives nowhere.
  residents::v1::WithdrawMoveOutRequest notice = NoticeOf(*move);
  notice.set_validate_only(true);
  const absl::Status possible = municipalities_.WithdrawMoveOut(
      call, move->origin, DerivedExchangeId(call, "look at move-out"), notice);
  if (!possible.ok()) return AfterRefusedWithdrawal(possible);

  // Then the new one: it alone knows whether somebody has moved in, and once it
  // has withdrawn, nobody will.
  residents::v1::WithdrawAnnouncementRequest announcement;
  announcement.set_subject(request.subject());
  announcement.set_move_id(request.move_id());
  const absl::Status unannounced = municipalities_.WithdrawAnnouncement(
      call, move->destination, DerivedExchangeId(call, "withdraw announcement"),
      announcement);
  if (!unannounced.ok()) return AfterRefusedWithdrawal(unannounced);

  notice.set_validate_only(false);
  const absl::Status undone = municipalities_.WithdrawMoveOut(
      call, move->origin, DerivedExchangeId(call, "withdraw move-out"), notice);
  if (!undone.ok()) return AfterRefusedWithdrawal(undone);
  PSM_RETURN_IF_ERROR(moves_.Withdraw(request.move_id(), clock_.Now()));
  return v1::WithdrawMoveResponse();
}

grpc::Status MovingService::ListMoves(grpc::ServerContext* context,
                                      const v1::ListMovesRequest* request,
                                      v1::ListMovesResponse* response) {
  const auto call = CallContext::From(*context);
  auto moves = moves_.MovesOf(request->subject());
  if (!moves.ok()) return agency::ToGrpc(moves.status());
  if (!call.Grants("move")) moves->clear_moves();
  moves->mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
  *response = *std::move(moves);
  return grpc::Status::OK;
}

}  // namespace psm::moving
