// A record that is nobody's keeps its rows under an owner that is no code:
// "released:" and its id. No question about a person can find it there.
#include "services/tax/link_reviews.h"

#include <algorithm>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/tax/assessment_rows.h"
#include "services/tax/tax_ledger.h"

namespace psm {
namespace {

using agency::CallContext;
using google::protobuf::util::TimeUtil;
using tax::v1::ListWrongLinkExchangesResponse;

absl::Status Precondition(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, reason,
                         message);
}

// The affair of persons who read what is kept of them.
constexpr char kOwnRequest[] = "own-request";

// Whether "agency/system" is of the agency.
bool IsOf(absl::string_view system, absl::string_view agency_id) {
  return absl::ConsumePrefix(&system, agency_id) &&
         absl::StartsWith(system, "/");
}

std::string OwnerOf(const std::string& record_id) {
  return absl::StrCat("released:", record_id);
}

bool IsUnderReview(soci::session& sql, const std::string& subject) {
  long long open = 0;
  sql << "SELECT COUNT(*) FROM link_reviews WHERE subject = :subject AND "
         "close_time = 0",
      soci::into(open), soci::use(subject);
  return open > 0;
}

absl::Status Stopped(soci::session& sql, const std::string& subject) {
  if (!IsUnderReview(sql, subject)) return absl::OkStatus();
  return Precondition("LINK_UNDER_REVIEW", "nothing is provided at present");
}

// Who used the record hears of the doubt, once.
absl::Status Open(soci::session& sql, const CallContext& call,
                  const std::string& subject, absl::Time now,
                  const TellOfRecord& tell) {
  if (ReadAssessments(sql, subject).empty())
    return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_TAXPAYER",
                           "nothing is kept of the person here");
  if (IsUnderReview(sql, subject)) return absl::OkStatus();
  const long long time = absl::ToUnixMicros(now);
  sql << "INSERT INTO link_reviews (review_id, subject, open_time, opened_by, "
         "close_time, closed_by) VALUES ((SELECT COALESCE(MAX(review_id), 0) + "
         "1 FROM link_reviews), :subject, :time, :by, 0, '')",
      soci::use(subject), soci::use(time), soci::use(call.consumer);
  return tell(sql, subject, RecordEvent::kDoubted);
}

absl::Status Close(soci::session& sql, const CallContext& call,
                   const std::string& subject, absl::Time now) {
  if (!IsUnderReview(sql, subject))
    return Precondition("NOT_UNDER_REVIEW", "the linkage is not under review");
  const long long time = absl::ToUnixMicros(now);
  sql << "UPDATE link_reviews SET close_time = :time, closed_by = :by WHERE "
         "subject = :subject AND close_time = 0",
      soci::use(time), soci::use(call.consumer), soci::use(subject);
  return absl::OkStatus();
}

// What is kept of a year under one owner is kept under another.
void Hand(soci::session& sql, const std::string& from, const std::string& to,
          long long year) {
  sql << "UPDATE assessments SET subject = :to WHERE subject = :from AND "
         "fiscal_year = :year",
      soci::use(to), soci::use(from), soci::use(year);
  sql << "UPDATE arrears SET subject = :to WHERE subject = :from AND "
         "fiscal_year = :year",
      soci::use(to), soci::use(from), soci::use(year);
}

// The years that are kept under an owner.
std::set<std::int32_t> YearsOf(soci::session& sql, const std::string& owner) {
  std::set<std::int32_t> years;
  for (const tax::v1::Assessment& version : ReadAssessments(sql, owner))
    years.insert(version.fiscal_year());
  return years;
}

// The years that a request releases: those that it names, or all.
absl::StatusOr<std::set<std::int32_t>> ToRelease(
    soci::session& sql, const tax::v1::ReleaseRecordRequest& request) {
  const std::set<std::int32_t> kept = YearsOf(sql, request.subject());
  if (request.fiscal_years().empty()) return kept;
  const std::set<std::int32_t> named(request.fiscal_years().begin(),
                                     request.fiscal_years().end());
  if (!std::includes(kept.begin(), kept.end(), named.begin(), named.end()))
    return agency::Refusal(
        absl::StatusCode::kNotFound, "NOT_A_TAXPAYER",
        "nothing is kept of the person for one of the years");
  return named;
}

template <typename Response>
absl::StatusOr<Response> Once(
    agency::Database& database, absl::string_view method,
    const CallContext& call, absl::Time now,
    absl::FunctionRef<absl::Status(soci::session&, Response&)> body) {
  absl::StatusOr<std::string> answer =
      database.Once(method, call, now,
                    [&](soci::session& sql) -> absl::StatusOr<std::string> {
                      Response response;
                      PSM_RETURN_IF_ERROR(body(sql, response));
                      return response.SerializeAsString();
                    });
  return agency::ParseAnswer<Response>(answer);
}

}  // namespace

absl::Status LinkReviews::CheckMayProvide(soci::session& sql,
                                          const std::string& subject) {
  return Stopped(sql, subject);
}

absl::Status LinkReviews::Provide(const CallContext& call,
                                  absl::string_view subject, absl::Time now,
                                  ReadYears read) {
  const std::string key(subject);
  return database_.Write([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(const std::vector<std::int32_t> years, read(sql));
    PSM_RETURN_IF_ERROR(Stopped(sql, key));
    const long long time = absl::ToUnixMicros(now);
    for (const long long year : years) {
      sql << "INSERT INTO provisions (subject, fiscal_year, record_id, "
             "consumer, affair, exchange_id, answer_time) VALUES (:subject, "
             ":year, '', :consumer, :affair, :exchange, :time) ON CONFLICT "
             "(consumer, exchange_id, subject, fiscal_year) DO NOTHING",
          soci::use(key), soci::use(year), soci::use(call.consumer),
          soci::use(call.affair), soci::use(call.exchange_id), soci::use(time);
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<tax::v1::ReportWrongLinkResponse> LinkReviews::Report(
    const CallContext& call, const tax::v1::ReportWrongLinkRequest& request,
    absl::Time now) {
  return Once<tax::v1::ReportWrongLinkResponse>(
      database_, "ReportWrongLink", call, now,
      [&](soci::session& sql, tax::v1::ReportWrongLinkResponse&) {
        return Open(sql, call, request.subject(), now, tell_);
      });
}

absl::StatusOr<tax::v1::CheckLinkResponse> LinkReviews::KeepCheck(
    const CallContext& call, const tax::v1::CheckLinkRequest& request,
    bool consistent, absl::Time now) {
  return Once<tax::v1::CheckLinkResponse>(
      database_, "CheckLink", call, now,
      [&](soci::session& sql,
          tax::v1::CheckLinkResponse& response) -> absl::Status {
        response.set_consistent(consistent);
        if (consistent) return absl::OkStatus();
        return Open(sql, call, request.subject(), now, tell_);
      });
}

absl::StatusOr<tax::v1::ConfirmLinkResponse> LinkReviews::Confirm(
    const CallContext& call, const tax::v1::ConfirmLinkRequest& request,
    absl::Time now) {
  return Once<tax::v1::ConfirmLinkResponse>(
      database_, "ConfirmLink", call, now,
      [&](soci::session& sql, tax::v1::ConfirmLinkResponse&) {
        return Close(sql, call, request.subject(), now);
      });
}

absl::StatusOr<tax::v1::ReleaseRecordResponse> LinkReviews::Release(
    const CallContext& call, const tax::v1::ReleaseRecordRequest& request,
    absl::Time now) {
  return Once<tax::v1::ReleaseRecordResponse>(
      database_, "ReleaseRecord", call, now,
      [&](soci::session& sql,
          tax::v1::ReleaseRecordResponse& response) -> absl::Status {
        const std::string& wrong = request.subject();
        PSM_RETURN_IF_ERROR(Close(sql, call, wrong, now));
        PSM_ASSIGN_OR_RETURN(const std::set<std::int32_t> years,
                             ToRelease(sql, request));
        const std::string id = NewUuid(SystemRandom());
        const long long time = absl::ToUnixMicros(now);
        for (const long long year : years) {
          Hand(sql, wrong, OwnerOf(id), year);
          sql << "UPDATE provisions SET record_id = :id WHERE subject = :wrong "
                 "AND record_id = '' AND fiscal_year IN (0, :year)",
              soci::use(id), soci::use(wrong), soci::use(year);
        }
        sql << "INSERT INTO released_records (record_id, wrong_subject, "
               "right_subject, release_time, tie_time) VALUES (:id, :wrong, "
               "'', :time, 0)",
            soci::use(id), soci::use(wrong), soci::use(time);
        response.set_record_id(id);
        return tell_(sql, wrong, RecordEvent::kCorrected);
      });
}

absl::StatusOr<tax::v1::TieRecordResponse> LinkReviews::Tie(
    const CallContext& call, const tax::v1::TieRecordRequest& request,
    absl::Time now) {
  return Once<tax::v1::TieRecordResponse>(
      database_, "TieRecord", call, now,
      [&](soci::session& sql, tax::v1::TieRecordResponse&) -> absl::Status {
        long long waiting = 0;
        sql << "SELECT COUNT(*) FROM released_records WHERE record_id = :id "
               "AND tie_time = 0",
            soci::into(waiting), soci::use(request.record_id());
        if (waiting == 0)
          return agency::Refusal(absl::StatusCode::kNotFound, "RECORD_UNKNOWN",
                                 "no released record of that id");
        const std::string owner = OwnerOf(request.record_id());
        long long doubled = 0;
        sql << "SELECT COUNT(*) FROM assessments a JOIN assessments b ON "
               "b.fiscal_year = a.fiscal_year WHERE a.subject = :owner AND "
               "b.subject = :person",
            soci::into(doubled), soci::use(owner), soci::use(request.subject());
        if (doubled > 0)
          return Precondition("ALREADY_ASSESSED",
                              "the person has an assessment for that year");
        const long long time = absl::ToUnixMicros(now);
        for (const long long year : YearsOf(sql, owner))
          Hand(sql, owner, request.subject(), year);
        TaxLedger::ApplyDeathOf(sql, request.subject(), now);
        sql << "UPDATE released_records SET right_subject = :person, tie_time "
               "= :time WHERE record_id = :id",
            soci::use(request.subject()), soci::use(time),
            soci::use(request.record_id());
        return tell_(sql, request.subject(), RecordEvent::kCorrected);
      });
}

absl::StatusOr<ListWrongLinkExchangesResponse> LinkReviews::ExchangesOf(
    absl::string_view subject) {
  ListWrongLinkExchangesResponse response;
  const std::string key(subject);
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    tax::v1::WrongLinkExchange exchange;
    std::string consumer, asked_about;
    long long time = 0;
    soci::statement rows =
        (sql.prepare
             << "SELECT DISTINCT p.exchange_id, p.consumer, p.affair, "
                "p.answer_time, "
                "r.wrong_subject FROM provisions p JOIN released_records r ON "
                "r.record_id = p.record_id WHERE r.wrong_subject = :subject OR "
                "r.right_subject = :subject ORDER BY p.answer_time, "
                "p.exchange_id",
         soci::into(*exchange.mutable_exchange_id()), soci::into(consumer),
         soci::into(*exchange.mutable_affair()), soci::into(time),
         soci::into(asked_about), soci::use(key, "subject"));
    rows.execute();
    while (rows.fetch()) {
      const bool named = asked_about == key ||
                         exchange.affair() == kOwnRequest ||
                         IsOf(consumer, agency_id_);
      exchange.set_consumer(named ? consumer : "");
      *exchange.mutable_answer_time() = TimeUtil::MicrosecondsToTimestamp(time);
      *response.add_exchanges() = exchange;
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace psm
