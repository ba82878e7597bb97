#include "services/accounts/account_history.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/account_rows.h"
#include "soci/soci.h"

namespace psm {
namespace {

using accounts::v1::AccountChange;
using accounts::v1::ListChangesRequest;
using accounts::v1::ListChangesResponse;
using accounts::v1::ListRegistrationsRequest;
using accounts::v1::ListRegistrationsResponse;
using accounts::v1::Registration;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

// A token is the number of the last row of the page before. `none` stands for
// the first page.
absl::StatusOr<long long> ReadToken(const std::string& token, long long none) {
  if (token.empty()) return none;
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(token, &number) || number < 1)
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "PAGE_TOKEN_INVALID",
                           "use the page token of the previous page, or none");
  return static_cast<long long>(number);
}

long long PageSize(int wanted, int usual, int most) {
  return wanted <= 0 ? usual : std::min(wanted, most);
}

}  // namespace

absl::StatusOr<ListRegistrationsResponse> AccountHistory::Registrations(
    const ListRegistrationsRequest& request) {
  PSM_ASSIGN_OR_RETURN(
      const long long before,
      ReadToken(request.page_token(), std::numeric_limits<long long>::max()));
  const int size = static_cast<int>(PageSize(request.page_size(), 20, 100));
  ListRegistrationsResponse page;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    if (request.page_token().empty()) {
      std::optional<PresentAccount> present =
          FindPresent(sql, request.subject());
      if (present.has_value())
        *page.add_registrations() = std::move(present->registration);
    }
    RegistrationRow row;
    long long end = 0, end_time = 0, hold = 0, number = 0, last = 0;
    const long long limit = size + 1 - page.registrations_size();
    soci::statement rows =
        (sql.prepare << "SELECT " << kRegistrationColumns
                     << ", end_reason, replace_time, hold, rowid FROM "
                        "former_accounts WHERE subject = :subject AND "
                        "rowid < :before ORDER BY rowid DESC LIMIT :limit",
         soci::into(row.bank), soci::into(row.branch), soci::into(row.type),
         soci::into(row.number), soci::into(row.holder),
         soci::into(row.channel), soci::into(row.register_time),
         soci::into(end), soci::into(end_time), soci::into(hold),
         soci::into(number), soci::use(request.subject()), soci::use(before),
         soci::use(limit));
    rows.execute();
    while (rows.fetch()) {
      if (page.registrations_size() == size) {
        // A page of the present one alone goes on before no row at all.
        page.set_next_page_token(absl::StrCat(last == 0 ? number + 1 : last));
        break;
      }
      Registration& registration = *page.add_registrations();
      registration = row.ToRegistration();
      registration.set_end(static_cast<Registration::End>(end));
      *registration.mutable_end_time() = ToTimestamp(end_time);
      registration.set_hold(static_cast<Registration::Hold>(hold));
      last = number;
    }
    return absl::OkStatus();
  }));
  return page;
}

absl::Status AccountHistory::NoteGiven(const std::string& consumer,
                                       const std::string& subject,
                                       const Timestamp& register_time) {
  long long known = 0;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) {
    sql << "SELECT EXISTS (SELECT 1 FROM given_accounts WHERE consumer = "
           ":consumer AND subject = :subject)",
        soci::into(known), soci::use(consumer), soci::use(subject);
    return absl::OkStatus();
  }));
  if (known > 0) return absl::OkStatus();
  const long long time = TimeUtil::TimestampToMicroseconds(register_time);
  return database_.Write([&](soci::session& sql) {
    sql << "INSERT INTO given_accounts (consumer, subject, give_time) VALUES "
           "(:consumer, :subject, :time) ON CONFLICT DO NOTHING",
        soci::use(consumer), soci::use(subject), soci::use(time);
    return absl::OkStatus();
  });
}

absl::StatusOr<ListChangesResponse> AccountHistory::Changes(
    const std::string& consumer, const ListChangesRequest& request) {
  if (!request.has_since_time())
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "SINCE_MISSING",
                           "say since when changes are wanted");
  PSM_ASSIGN_OR_RETURN(const long long after,
                       ReadToken(request.page_token(), 0));
  const long long since =
      TimeUtil::TimestampToMicroseconds(request.since_time());
  const int size = static_cast<int>(PageSize(request.page_size(), 100, 500));
  const long long limit = size + 1;
  ListChangesResponse page;
  *page.mutable_as_of_time() = request.since_time();
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    long long number = 0, kind = 0, time = 0, last = 0;
    std::string subject;
    soci::statement rows =
        (sql.prepare
             << "SELECT c.number, c.subject, c.kind, c.change_time FROM "
                "changes c JOIN given_accounts g ON g.subject = c.subject "
                "WHERE g.consumer = :consumer AND c.change_time > g.give_time  "
                "AND c.change_time > :since AND c.number > :after "
                "ORDER BY c.number LIMIT :limit",
         soci::into(number), soci::into(subject), soci::into(kind),
         soci::into(time), soci::use(consumer), soci::use(since),
         soci::use(after), soci::use(limit));
    rows.execute();
    while (rows.fetch()) {
      if (page.changes_size() == size) {
        page.set_next_page_token(absl::StrCat(last));
        break;
      }
      AccountChange& change = *page.add_changes();
      change.set_subject(subject);
      change.set_kind(static_cast<AccountChange::Kind>(kind));
      *change.mutable_change_time() = ToTimestamp(time);
      *page.mutable_as_of_time() = ToTimestamp(time);
      last = number;
    }
    return absl::OkStatus();
  }));
  return page;
}

}  // namespace psm
