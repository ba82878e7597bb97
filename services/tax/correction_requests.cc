#include "services/tax/correction_requests.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/codes/text_length.h"
#include "services/tax/assessment_rows.h"
#include "services/tax/link_reviews.h"
#include "services/tax/tax_ledger.h"
#include "services/tax/tax_rules.h"
#include "soci/soci.h"

namespace psm {
namespace {

using agency::CallContext;
using google::protobuf::util::TimeUtil;
using tax::v1::Assessment;
using tax::v1::Circumstances;
using tax::v1::CorrectionRequest;
using tax::v1::DecideCorrectionResponse;
using tax::v1::ListCorrectionRequestsResponse;
using tax::v1::RequestCorrectionResponse;

constexpr std::size_t kMaxStatementCharacters = 1000;

absl::Status Precondition(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, reason,
                         message);
}

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, reason, message);
}

bool Same(const Circumstances& a, const Circumstances& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

std::string DueDate(long long request_time) {
  return absl::FormatCivilTime(DayInJapan(absl::FromUnixMicros(request_time)) +
                               kCorrectionDays);
}

// One row. Circumstances are kept as bytes of the message, in hexadecimal.
struct Row {
  std::string id, statement, wanted, grounds, given_to;
  long long year = 0, state = 0, request_time = 0, decide_time = 0;

  CorrectionRequest Value(absl::Time now) const {
    CorrectionRequest request;
    request.set_request_id(id);
    request.set_fiscal_year(static_cast<std::int32_t>(year));
    request.set_state(static_cast<CorrectionRequest::State>(state));
    request.set_statement(statement);
    request.mutable_wanted()->ParseFromString(absl::HexStringToBytes(wanted));
    *request.mutable_request_time() =
        TimeUtil::MicrosecondsToTimestamp(request_time);
    request.set_due_date(DueDate(request_time));
    if (state == CorrectionRequest::PENDING) {
      request.set_overdue(absl::FormatCivilTime(DayInJapan(now)) >
                          request.due_date());
      return request;
    }
    *request.mutable_decide_time() =
        TimeUtil::MicrosecondsToTimestamp(decide_time);
    request.set_grounds(grounds);
    for (absl::string_view system :
         absl::StrSplit(given_to, ',', absl::SkipEmpty()))
      request.add_given_to(std::string(system));
    return request;
  }
};

// The systems that were given the person's status of the year, each once,
// "a/b,c/d". What the person has read is no news to the person.
std::string GivenTo(soci::session& sql, const std::string& subject,
                    long long year) {
  std::string all, system;
  soci::statement rows =
      (sql.prepare
           << "SELECT DISTINCT consumer FROM provisions WHERE subject "
              "= :subject AND record_id = '' AND affair <> 'own-request' AND "
              "fiscal_year IN (0, :year) ORDER BY consumer",
       soci::into(system), soci::use(subject), soci::use(year));
  rows.execute();
  while (rows.fetch()) absl::StrAppend(&all, all.empty() ? "" : ",", system);
  return all;
}

}  // namespace

absl::StatusOr<RequestCorrectionResponse> CorrectionRequests::Request(
    const CallContext& call, const tax::v1::RequestCorrectionRequest& request,
    absl::Time now) {
  if (request.statement().empty() ||
      CharactersIn(request.statement()) > kMaxStatementCharacters)
    return Invalid("STATEMENT_INVALID", "write 1 to 1,000 characters");
  PSM_RETURN_IF_ERROR(CheckCircumstances(request.wanted()));
  return agency::ParseAnswer<RequestCorrectionResponse>(database_.Once(
      "RequestCorrection", call, now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        const std::string& subject = request.subject();
        PSM_RETURN_IF_ERROR(LinkReviews::CheckMayProvide(sql, subject));
        const std::optional<Assessment> kept =
            InForce(ReadAssessments(sql, subject), request.fiscal_year());
        if (!kept.has_value() || request.fiscal_year() == 0)
          return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_TAXPAYER",
                                 "nothing is kept of this person and year");
        if (Same(kept->circumstances(), request.wanted()))
          return Precondition("NOTHING_WRONG", "it is kept like that");
        const long long year = request.fiscal_year();
        const long long open = CorrectionRequest::PENDING;
        long long pending = 0;
        sql << "SELECT COUNT(*) FROM correction_requests WHERE subject = "
               ":subject AND fiscal_year = :year AND state = :open",
            soci::into(pending), soci::use(subject), soci::use(year),
            soci::use(open);
        if (pending > 0)
          return Precondition("CORRECTION_PENDING",
                              "a request for the year is not decided yet");
        const std::string id = NewUuid(SystemRandom());
        const std::string wanted =
            absl::BytesToHexString(request.wanted().SerializeAsString());
        const long long time = absl::ToUnixMicros(now);
        sql << "INSERT INTO correction_requests (request_id, subject, "
               "fiscal_year, statement, wanted, state, request_time, taken_by, "
               "decide_time, grounds, given_to) VALUES (:id, :subject, :year, "
               ":statement, :wanted, :open, :time, :by, 0, '', '')",
            soci::use(id), soci::use(subject), soci::use(year),
            soci::use(request.statement()), soci::use(wanted), soci::use(open),
            soci::use(time), soci::use(call.consumer);
        RequestCorrectionResponse response;
        response.set_request_id(id);
        response.set_due_date(DueDate(time));
        return response.SerializeAsString();
      }));
}

absl::StatusOr<ListCorrectionRequestsResponse> CorrectionRequests::Of(
    absl::string_view subject, absl::Time now) {
  ListCorrectionRequestsResponse response;
  const std::string key(subject);
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    Row row;
    soci::statement rows =
        (sql.prepare << "SELECT request_id, fiscal_year, statement, wanted, "
                        "state, request_time, decide_time, grounds, given_to "
                        "FROM correction_requests WHERE subject = :subject "
                        "ORDER BY request_time DESC, request_id",
         soci::into(row.id), soci::into(row.year), soci::into(row.statement),
         soci::into(row.wanted), soci::into(row.state),
         soci::into(row.request_time), soci::into(row.decide_time),
         soci::into(row.grounds), soci::into(row.given_to), soci::use(key));
    rows.execute();
    while (rows.fetch()) *response.add_requests() = row.Value(now);
    return absl::OkStatus();
  }));
  return response;
}

absl::StatusOr<DecideCorrectionResponse> CorrectionRequests::Decide(
    const CallContext& call, const tax::v1::DecideCorrectionRequest& request,
    absl::Time now) {
  const bool in_part =
      request.decision() == CorrectionRequest::ACCEPTED_IN_PART;
  const bool refused = request.decision() == CorrectionRequest::REFUSED;
  const auto wrong = [] {
    return Invalid("DECISION_INVALID", "this is no decision on the request");
  };
  if (!in_part && !refused && request.decision() != CorrectionRequest::ACCEPTED)
    return wrong();
  if (in_part != request.has_found()) return wrong();
  PSM_RETURN_IF_ERROR(CheckGrounds(request.grounds()));
  if (in_part) PSM_RETURN_IF_ERROR(CheckCircumstances(request.found()));
  return agency::ParseAnswer<DecideCorrectionResponse>(database_.Once(
      "DecideCorrection", call, now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        const std::string& subject = request.subject();
        Row row;
        sql << "SELECT fiscal_year, wanted, state FROM correction_requests "
               "WHERE request_id = :id AND subject = :subject",
            soci::into(row.year), soci::into(row.wanted), soci::into(row.state),
            soci::use(request.request_id()), soci::use(subject);
        if (!sql.got_data())
          return agency::Refusal(absl::StatusCode::kNotFound, "REQUEST_UNKNOWN",
                                 "no request of this person has this id");
        if (row.state != CorrectionRequest::PENDING)
          return Precondition("ALREADY_DECIDED", "the request is decided");
        PSM_RETURN_IF_ERROR(LinkReviews::CheckMayProvide(sql, subject));
        DecideCorrectionResponse response;
        if (!refused) {
          Circumstances right = request.found();
          if (!in_part)
            right.ParseFromString(absl::HexStringToBytes(row.wanted));
          Circumstances wanted;
          wanted.ParseFromString(absl::HexStringToBytes(row.wanted));
          const auto year = static_cast<std::int32_t>(row.year);
          const std::optional<Assessment> kept =
              InForce(ReadAssessments(sql, subject), year);
          if (in_part && (Same(right, wanted) ||
                          (kept && Same(right, kept->circumstances()))))
            return wrong();
          PSM_ASSIGN_OR_RETURN(
              const Assessment version,
              TaxLedger::CorrectWithin(sql, subject, year, request.etag(),
                                       right, request.grounds(), now));
          response.set_etag(version.etag());
          PSM_RETURN_IF_ERROR(tell_(sql, subject, RecordEvent::kCorrected));
        }
        const long long state = request.decision();
        const long long time = absl::ToUnixMicros(now);
        const std::string given =
            refused ? "" : GivenTo(sql, subject, row.year);
        sql << "UPDATE correction_requests SET state = :state, decide_time = "
               ":time, grounds = :grounds, given_to = :given WHERE request_id "
               "= :id",
            soci::use(state), soci::use(time), soci::use(request.grounds()),
            soci::use(given), soci::use(request.request_id());
        *response.mutable_decide_time() =
            TimeUtil::MicrosecondsToTimestamp(time);
        return response.SerializeAsString();
      }));
}

}  // namespace psm
