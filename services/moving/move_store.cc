#include "services/moving/move_store.h"

#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm::moving {
namespace {

using google::protobuf::util::TimeUtil;

constexpr char kStart[] = "StartMove";

// Times are microseconds since 1970.
constexpr agency::Migration kMigrations[] = {
    {1, R"(
CREATE TABLE moves (
  move_id TEXT PRIMARY KEY,
  move_date TEXT NOT NULL,
  origin TEXT NOT NULL,
  destination TEXT NOT NULL,
  start_time BIGINT NOT NULL);
CREATE TABLE movers (
  move_id TEXT NOT NULL REFERENCES moves (move_id),
  subject TEXT NOT NULL,
  PRIMARY KEY (move_id, subject));
CREATE INDEX movers_by_subject ON movers (subject);
)"},
    // Who gave notice; when it was withdrawn, 0: it was not.
    {2, R"(
ALTER TABLE moves ADD COLUMN applicant TEXT NOT NULL DEFAULT '';
ALTER TABLE moves ADD COLUMN withdraw_time BIGINT NOT NULL DEFAULT 0;
)"},
    // By which exchange the municipality left got the notice.
    {3, R"(
ALTER TABLE moves ADD COLUMN notice_exchange_id TEXT NOT NULL DEFAULT '';
)"},
};

}  // namespace

absl::Span<const agency::Migration> MoveStore::Migrations() {
  return kMigrations;
}

absl::StatusOr<std::optional<v1::StartMoveResponse>> MoveStore::Started(
    const agency::CallContext& call) {
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> answer,
                       database_.Answered(kStart, call));
  if (!answer.has_value()) return std::nullopt;
  return agency::ParseAnswer<v1::StartMoveResponse>(*answer);
}

absl::StatusOr<v1::StartMoveResponse> MoveStore::Keep(
    const agency::CallContext& call, const v1::StartMoveRequest& request,
    const v1::StartMoveResponse& response,
    const std::string& notice_exchange_id, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(
      const std::string answer,
      database_.Once(
          kStart, call, now,
          [&](soci::session& sql) -> absl::StatusOr<std::string> {
            const long long time = absl::ToUnixMicros(now);
            sql << "INSERT INTO moves (move_id, move_date, origin, "
                   "destination, start_time, applicant, notice_exchange_id) "
                   "VALUES (:id, :date, :origin, :destination, :time, "
                   ":applicant, :notice)",
                soci::use(response.move_id()), soci::use(request.move_date()),
                soci::use(request.origin()), soci::use(request.destination()),
                soci::use(time), soci::use(request.subject()),
                soci::use(notice_exchange_id);
            for (const v1::AnnouncedPerson& person : response.persons()) {
              sql << "INSERT INTO movers (move_id, subject) VALUES (:id, "
                     ":subject)",
                  soci::use(response.move_id()), soci::use(person.subject());
            }
            return response.SerializeAsString();
          }));
  return agency::ParseAnswer<v1::StartMoveResponse>(answer);
}

absl::StatusOr<std::optional<MoveStore::KeptMove>> MoveStore::Find(
    const std::string& move_id, const std::string& subject) {
  std::optional<KeptMove> found;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    KeptMove move;
    long long withdrawn = 0;
    sql << "SELECT move_date, origin, destination, applicant, "
           "notice_exchange_id, withdraw_time FROM moves WHERE move_id = :id "
           "AND EXISTS (SELECT 1 FROM movers p WHERE p.move_id = "
           "moves.move_id AND p.subject = :subject)",
        soci::into(move.move_date), soci::into(move.origin),
        soci::into(move.destination), soci::into(move.applicant),
        soci::into(move.notice_exchange_id), soci::into(withdrawn),
        soci::use(move_id), soci::use(subject);
    if (!sql.got_data()) return absl::OkStatus();
    move.withdrawn = withdrawn != 0;
    found = std::move(move);
    return absl::OkStatus();
  }));
  return found;
}

absl::Status MoveStore::Withdraw(const std::string& move_id, absl::Time now) {
  return database_.Write([&](soci::session& sql) -> absl::Status {
    const long long time = absl::ToUnixMicros(now);
    sql << "UPDATE moves SET withdraw_time = :time WHERE move_id = :id AND "
           "withdraw_time = 0",
        soci::use(time), soci::use(move_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::ListMovesResponse> MoveStore::MovesOf(
    absl::string_view subject) {
  v1::ListMovesResponse response;
  const std::string key(subject);
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    v1::Move move;
    long long time = 0, persons = 0, withdrawn = 0;
    soci::statement rows =
        (sql.prepare << "SELECT m.move_id, m.move_date, m.origin, "
                        "m.destination, m.start_time, (SELECT COUNT(*) FROM "
                        "movers a WHERE a.move_id = m.move_id), "
                        "m.withdraw_time FROM moves m "
                        "JOIN movers p ON p.move_id = m.move_id WHERE "
                        "p.subject = :subject ORDER BY m.start_time DESC, "
                        "m.move_id",
         soci::into(*move.mutable_move_id()),
         soci::into(*move.mutable_move_date()),
         soci::into(*move.mutable_origin()),
         soci::into(*move.mutable_destination()), soci::into(time),
         soci::into(persons), soci::into(withdrawn), soci::use(key));
    rows.execute();
    while (rows.fetch()) {
      *move.mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(time);
      move.set_persons(static_cast<std::int32_t>(persons));
      move.clear_withdraw_time();
      if (withdrawn != 0)
        *move.mutable_withdraw_time() =
            TimeUtil::MicrosecondsToTimestamp(withdrawn);
      *response.add_moves() = move;
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace psm::moving
