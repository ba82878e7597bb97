#include "services/benefits/run_store.h"

#include "mesh/agency/call_context.h"

namespace psm {
namespace {

std::vector<RunEntry> Fetch(soci::statement& rows, RunEntry& row,
                            long long& state) {
  rows.execute();
  std::vector<RunEntry> entries;
  while (rows.fetch()) {
    row.state = static_cast<EntryState>(state);
    entries.push_back(row);
  }
  return entries;
}

}  // namespace

bool RunStore::HasHeads(soci::session& sql) {
  long long known = 0;
  sql << "SELECT EXISTS (SELECT 1 FROM household_heads)", soci::into(known);
  return known > 0;
}

void RunStore::AddHead(soci::session& sql, const std::string& subject) {
  sql << "INSERT INTO household_heads (subject) VALUES (:subject)",
      soci::use(subject);
}

int RunStore::Insert(soci::session& sql, const PaymentRun& run) {
  const long long time = absl::ToUnixMicros(run.start_time);
  const long long days = run.objection_days;
  sql << "INSERT INTO payment_runs (run_id, programme, start_time, "
         "objection_days) VALUES (:id, :programme, :time, :days)",
      soci::use(run.run_id), soci::use(run.programme), soci::use(time),
      soci::use(days);
  sql << "INSERT INTO run_entries (run_id, subject, state) SELECT :id, "
         "subject, "
         "0 FROM household_heads",
      soci::use(run.run_id);
  long long count = 0;
  sql << "SELECT COUNT(*) FROM run_entries WHERE run_id = :id",
      soci::into(count), soci::use(run.run_id);
  return static_cast<int>(count);
}

absl::StatusOr<PaymentRun> RunStore::Find(soci::session& sql,
                                          const std::string& run_id) {
  PaymentRun run;
  run.run_id = run_id;
  long long start = 0, days = 0, finish = 0, pay = 0;
  sql << "SELECT programme, start_time, objection_days, finish_time, pay_time, "
         "file FROM payment_runs WHERE run_id = :id",
      soci::into(run.programme), soci::into(start), soci::into(days),
      soci::into(finish), soci::into(pay), soci::into(run.file),
      soci::use(run_id);
  if (!sql.got_data())
    return agency::Refusal(absl::StatusCode::kNotFound, "RUN_UNKNOWN",
                           "no payment run has this id");
  run.start_time = absl::FromUnixMicros(start);
  run.objection_days = static_cast<int>(days);
  if (finish != 0) run.finish_time = absl::FromUnixMicros(finish);
  run.paid = pay != 0;
  return run;
}

std::vector<std::string> RunStore::Unfinished(soci::session& sql) {
  std::vector<std::string> ids;
  std::string id;
  soci::statement rows =
      (sql.prepare << "SELECT run_id FROM payment_runs WHERE finish_time = 0 "
                      "ORDER BY start_time, run_id",
       soci::into(id));
  rows.execute();
  while (rows.fetch()) ids.push_back(id);
  return ids;
}

void RunStore::Finish(soci::session& sql, const std::string& run_id,
                      absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  sql << "UPDATE payment_runs SET finish_time = :time WHERE run_id = :id AND "
         "finish_time = 0",
      soci::use(time), soci::use(run_id);
}

void RunStore::NotePaid(soci::session& sql, const std::string& run_id,
                        const std::string& file, absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  sql << "UPDATE payment_runs SET pay_time = :time, file = :file WHERE run_id "
         "= "
         ":id AND pay_time = 0",
      soci::use(time), soci::use(file), soci::use(run_id);
}

std::vector<RunEntry> RunStore::Entries(soci::session& sql,
                                        const std::string& run_id,
                                        EntryState state, int limit) {
  RunEntry row;
  long long found = 0;
  const long long wanted = static_cast<int>(state);
  const long long most = limit;
  soci::statement rows =
      (sql.prepare << "SELECT run_id, subject, state, application_id FROM "
                      "run_entries WHERE run_id = :id AND state = :state ORDER "
                      "BY subject LIMIT :limit",
       soci::into(row.run_id), soci::into(row.subject), soci::into(found),
       soci::into(row.application_id), soci::use(run_id), soci::use(wanted),
       soci::use(most));
  return Fetch(rows, row, found);
}

std::vector<RunEntry> RunStore::NoticesOf(soci::session& sql,
                                          const std::string& subject) {
  RunEntry row;
  long long found = 0;
  soci::statement rows =
      (sql.prepare << "SELECT e.run_id, e.subject, e.state, e.application_id "
                      "FROM run_entries e JOIN payment_runs r ON r.run_id = "
                      "e.run_id WHERE e.subject = :subject AND "
                      "e.application_id <> '' ORDER BY r.start_time DESC",
       soci::into(row.run_id), soci::into(row.subject), soci::into(found),
       soci::into(row.application_id), soci::use(subject));
  return Fetch(rows, row, found);
}

std::optional<RunEntry> RunStore::FindEntry(soci::session& sql,
                                            const std::string& run_id,
                                            const std::string& subject) {
  RunEntry row;
  row.run_id = run_id;
  row.subject = subject;
  long long state = 0;
  sql << "SELECT state, application_id FROM run_entries WHERE run_id = :id AND "
         "subject = :subject",
      soci::into(state), soci::into(row.application_id), soci::use(run_id),
      soci::use(subject);
  if (!sql.got_data()) return std::nullopt;
  row.state = static_cast<EntryState>(state);
  return row;
}

void RunStore::SetEntry(soci::session& sql, const RunEntry& entry) {
  const long long state = static_cast<int>(entry.state);
  sql << "UPDATE run_entries SET state = :state, application_id = :application "
         "WHERE run_id = :id AND subject = :subject",
      soci::use(state), soci::use(entry.application_id),
      soci::use(entry.run_id), soci::use(entry.subject);
}

benefits::v1::GetPaymentRunResponse RunStore::Count(soci::session& sql,
                                                    const std::string& run_id) {
  benefits::v1::GetPaymentRunResponse counts;
  long long state = 0, count = 0;
  soci::statement rows =
      (sql.prepare << "SELECT state, COUNT(*) FROM run_entries WHERE run_id = "
                      ":id GROUP BY state",
       soci::into(state), soci::into(count), soci::use(run_id));
  rows.execute();
  while (rows.fetch()) {
    const int number = static_cast<int>(count);
    switch (static_cast<EntryState>(state)) {
      case EntryState::kPending:
        counts.set_pending(number);
        break;
      case EntryState::kNotified:
        counts.set_notified(number);
        break;
      case EntryState::kNotEligible:
        counts.set_not_eligible(number);
        break;
      case EntryState::kWithoutAccount:
        counts.set_without_account(number);
        break;
      case EntryState::kFailed:
        counts.set_failed(number);
        break;
      case EntryState::kAlreadyPaid:
        counts.set_already_paid(number);
        break;
      case EntryState::kObjected:
        counts.set_objected(number);
        break;
      case EntryState::kAccountChanged:
        counts.set_account_changed(number);
        break;
      case EntryState::kPaid:
        counts.set_paid(number);
        break;
      case EntryState::kWithoutTaxRecord:
        counts.set_without_tax_record(number);
        break;
    }
  }
  return counts;
}

}  // namespace psm
