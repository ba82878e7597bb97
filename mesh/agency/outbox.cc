// A row goes only after the gateway has answered for good, and its exchange id
// is written with it: whatever dies in between, the next attempt says the same
// thing again, which the gateway takes as once.
#include "mesh/agency/outbox.h"

#include <algorithm>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"

namespace psm::agency {
namespace {

constexpr char kDeclare[] = "declare";
constexpr char kEnd[] = "end";
constexpr char kProtect[] = "protect";
constexpr char kPublish[] = "publish";
constexpr std::chrono::nanoseconds kTick = std::chrono::seconds(1);
constexpr absl::Duration kPatience = absl::Seconds(2);
// Rows of one kind in a row that are told together.
constexpr int kMostAtOnce = 5'000;

// What another attempt may mend: the gateway, its disk or its certificates'
// lists are away, it has too much to do, or it is older than this program.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status) ||
         absl::IsUnauthenticated(status) || absl::IsUnimplemented(status);
}

absl::Status Put(soci::session& session, const char* kind,
                 absl::string_view what, absl::string_view subject,
                 absl::string_view detail) {
  const std::string kind_text = kind;
  const std::string what_text(what);
  const std::string subject_text(subject);
  const std::string detail_text(detail);
  const std::string exchange_id = NewUuid(SystemRandom());
  session << "insert into mesh_outbox (kind, what, subject, detail, "
             "exchange_id, refused) values (:kind, :what, :subject, :detail, "
             ":exchange_id, '')",
      soci::use(kind_text), soci::use(what_text), soci::use(subject_text),
      soci::use(detail_text), soci::use(exchange_id);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Outbox>> Outbox::Start(Database& database,
                                                      GatewaySource gateway) {
  PSM_RETURN_IF_ERROR(
      database.Write([](soci::session& session) -> absl::Status {
        session << "create table if not exists mesh_outbox ("
                   "id integer primary key autoincrement, kind text not null, "
                   "what text not null, subject text not null, "
                   "detail text not null, exchange_id text not null, "
                   "refused text not null)";
        return absl::OkStatus();
      }));
  return std::unique_ptr<Outbox>(new Outbox(database, std::move(gateway)));
}

Outbox::Outbox(Database& database, GatewaySource gateway)
    : database_(database),
      gateway_(std::move(gateway)),
      thread_([this] { Run(); }) {}

Outbox::~Outbox() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
}

absl::Status Outbox::Declare(soci::session& session, absl::string_view service,
                             absl::string_view subject) {
  return Put(session, kDeclare, service, subject, "");
}

absl::Status Outbox::End(soci::session& session, absl::string_view service,
                         absl::string_view subject) {
  return Put(session, kEnd, service, subject, "");
}

absl::Status Outbox::SetProtection(soci::session& session,
                                   absl::string_view subject,
                                   bool is_protected) {
  return Put(session, kProtect, "", subject, is_protected ? "1" : "0");
}

absl::Status Outbox::Publish(soci::session& session, absl::string_view type,
                             absl::string_view subject,
                             absl::string_view effective_date) {
  return Put(session, kPublish, type, subject, effective_date);
}

void Outbox::Wake() {
  {
    MutexLock lock(mu_);
    woken_ = true;
  }
  wake_.NotifyAll();
}

absl::StatusOr<long long> Outbox::Waiting() {
  long long count = 0;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& session) {
    session << "select count(*) from mesh_outbox where refused = ''",
        soci::into(count);
    return absl::OkStatus();
  }));
  return count;
}

void Outbox::Run() {
  bool settled = false;
  for (;;) {
    {
      MutexLock lock(mu_);
      if (settled && !woken_ && !stopping_) wake_.WaitFor(mu_, kTick);
      woken_ = false;
      if (stopping_) return;
    }
    absl::StatusOr<bool> nothing_left = TellSome();
    // Why it could not be told is the gateway's outage, or the disk's, which
    // others say; it is tried again.
    settled = !nothing_left.ok() || *nothing_left;
  }
}

absl::StatusOr<bool> Outbox::TellSome() {
  std::vector<Row> rows;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& session) {
    Row row;
    soci::statement select =
        (session.prepare << "select id, kind, what, subject, detail, "
                            "exchange_id from mesh_outbox where refused = '' "
                            "order by id limit :most",
         soci::use(kMostAtOnce), soci::into(row.id), soci::into(row.kind),
         soci::into(row.what), soci::into(row.subject), soci::into(row.detail),
         soci::into(row.exchange_id));
    select.execute();
    while (select.fetch()) rows.push_back(row);
    return absl::OkStatus();
  }));
  if (rows.empty()) return true;
  // Holdings of one service go together, as far as nothing else lies between.
  const Row first = rows.front();
  const bool together = first.kind == kDeclare || first.kind == kEnd;
  const auto other =
      std::find_if(rows.begin() + 1, rows.end(), [&](const Row& row) {
        return !together || row.kind != first.kind || row.what != first.what;
      });
  rows.erase(other, rows.end());

  absl::Status told = Tell(rows);
  if (!told.ok() && MayPass(told)) return told;
  std::string refused;
  if (!told.ok() && rows.size() > 1) {
    // One of them is at fault, and should not take the others along.
    for (const Row& row : rows) {
      const absl::Status alone = Tell({row});
      if (!alone.ok() && MayPass(alone)) return alone;
      PSM_RETURN_IF_ERROR(Settle({row}, alone.ok() ? "" : ReasonOf(alone)));
    }
    return false;
  }
  if (!told.ok()) refused = ReasonOf(told).empty() ? "?" : ReasonOf(told);
  PSM_RETURN_IF_ERROR(Settle(rows, refused));
  return false;
}

absl::Status Outbox::Tell(const std::vector<Row>& rows) {
  const Row& first = rows.front();
  if (first.kind == kProtect) {
    return agency::SetProtection(gateway_, first.subject, first.detail == "1",
                                 first.exchange_id, kPatience);
  }
  if (first.kind == kPublish) {
    return PublishEvent(gateway_, first.what, first.subject, first.detail,
                        first.exchange_id, kPatience);
  }
  std::vector<std::string> subjects;
  for (const Row& row : rows) subjects.push_back(row.subject);
  return first.kind == kDeclare
             ? DeclareHoldings(gateway_, first.what, subjects, kPatience)
             : EndHoldings(gateway_, first.what, subjects, kPatience);
}

absl::Status Outbox::Settle(const std::vector<Row>& rows,
                            const std::string& refused) {
  PSM_RETURN_IF_ERROR(
      database_.Write([&](soci::session& session) -> absl::Status {
        // Rows that are told together are told from the first id on.
        const long long first = rows.front().id;
        const long long last = rows.back().id;
        if (refused.empty()) {
          session << "delete from mesh_outbox where id >= :first and "
                     "id <= :last and refused = ''",
              soci::use(first), soci::use(last);
        } else {
          session << "update mesh_outbox set refused = :why where id >= :first "
                     "and id <= :last",
              soci::use(refused), soci::use(first), soci::use(last);
        }
        return absl::OkStatus();
      }));
  if (!refused.empty()) {
    LogError("outbox_refused", {{"kind", rows.front().kind},
                                {"what", rows.front().what},
                                {"reason", refused}});
  }
  return absl::OkStatus();
}

}  // namespace psm::agency
