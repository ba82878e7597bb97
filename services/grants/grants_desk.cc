// Who signed in is believed for a session; what the account may do is not:
// every act asks gbizid, so a delegation that has ended, a role that was taken
// away and an account that was suspended bind the next one.
#include "services/grants/grants_desk.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/japan_time.h"
#include "services/gbizid/answer_once.h"
#include "services/grants/application_store.h"

namespace psm::grants {
namespace {

using gbizid::AnswerFrom;
using gbizid::AnswerOnce;
using gbizid::v1::RoleGrant;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr char kSession[] = "grants session";
constexpr char kCorporations[] = "corporations/corporations";
constexpr char kGbizid[] = "gbizid/gbizid";
constexpr char kIdentity[] = "identity/identity";
constexpr int kMaxListed = 100;

absl::Status Failed(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, reason,
                         message);
}

absl::Status Malformed(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status ApplicationUnknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "APPLICATION_UNKNOWN",
                         "there is no such application");
}

absl::Status ApplicationExists() {
  return agency::Refusal(absl::StatusCode::kAlreadyExists, "APPLICATION_EXISTS",
                         "the business has an application for this programme");
}

absl::Status CheckEtag(absl::string_view given, absl::string_view current) {
  if (given == current) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kAborted, "ETAG_STALE",
                         "somebody else has changed it: read it again");
}

Timestamp TimestampOf(absl::Time time) {
  return TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

// Fills fields in from one answer of one agency.
class FieldsFrom {
 public:
  // `answer` says as of when it is.
  template <typename Answer>
  FieldsFrom(const char* provider, const Answer& answer,
             std::vector<v1::Field>* fields)
      : provider_(provider), as_of_(answer.as_of_time()), fields_(*fields) {}

  void Add(const char* id, const char* label_ja, const char* label_en,
           std::string value) {
    v1::Field& field = fields_.emplace_back();
    field.set_id(id);
    field.set_label_ja(label_ja);
    field.set_label_en(label_en);
    field.set_value(std::move(value));
    field.set_provider(provider_);
    *field.mutable_as_of_time() = as_of_;
  }

 private:
  const char* const provider_;
  const Timestamp as_of_;
  std::vector<v1::Field>& fields_;
};

// The application where it is of that business.
std::optional<v1::Application> FindOf(soci::session& sql,
                                      const std::string& application_id,
                                      const std::string& principal_id) {
  std::optional<KeptApplication> kept =
      ApplicationStore::Find(sql, application_id);
  if (!kept || kept->principal_id != principal_id) return std::nullopt;
  return std::move(kept->application);
}

}  // namespace

v1::ListProgrammesResponse GrantsDesk::List() const {
  v1::ListProgrammesResponse response;
  for (const auto& [id, programme] : parts_.programmes->all())
    *response.add_programmes() = programme;
  return response;
}

absl::StatusOr<std::string> GrantsDesk::AccountIn(const std::string& session) {
  const absl::Status invalid =
      agency::Refusal(absl::StatusCode::kUnauthenticated, "SESSION_INVALID",
                      "there is no such session: sign in again");
  const std::optional<std::string> id = parts_.tokens->IdIn(kSession, session);
  if (!id) return invalid;
  std::optional<std::string> account_id;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        account_id = ApplicationStore::AccountOf(sql, *id, parts_.clock->Now());
        return absl::OkStatus();
      }));
  if (!account_id) return invalid;
  return *std::move(account_id);
}

absl::StatusOr<v1::SignInResponse> GrantsDesk::SignIn(
    const agency::CallContext& call, const v1::SignInRequest& request) {
  constexpr char kMethod[] = "SignIn";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  v1::SignInResponse response;
  if (kept) {
    PSM_ASSIGN_OR_RETURN(response,
                         agency::ParseAnswer<v1::SignInResponse>(*kept));
  } else {
    PSM_ASSIGN_OR_RETURN(const gbizid::v1::RedeemTicketResponse holder,
                         parts_.sources->Redeem(call, request.ticket()));
    const std::string id = NewUuid(*parts_.random);
    PSM_ASSIGN_OR_RETURN(
        response,
        AnswerOnce<v1::SignInResponse>(
            *parts_.database, *parts_.clock, kMethod, call,
            [&](soci::session& sql,
                absl::Time now) -> absl::StatusOr<v1::SignInResponse> {
              const absl::Time expire = now + kSessionLifetime;
              ApplicationStore::BeginSession(sql, id, holder.account_id(), now,
                                             expire);
              v1::SignInResponse answer;
              answer.set_session(id);
              *answer.mutable_expire_time() = TimestampOf(expire);
              return answer;
            }));
  }
  // What is kept names the session and does not open it.
  response.set_session(parts_.tokens->Token(kSession, response.session()));
  return response;
}

v1::Act GrantsDesk::ActOf(v1::Act::Kind kind, const std::string& account_id,
                          const Authority& authority) const {
  v1::Act act;
  act.set_kind(kind);
  *act.mutable_act_time() = TimestampOf(parts_.clock->Now());
  act.set_account_id(account_id);
  act.set_delegation_id(authority.acting.delegation_id());
  act.set_delegate_corporate_number(
      authority.acting.delegate_corporate_number());
  act.set_check_exchange_id(authority.exchange_id);
  return act;
}

absl::StatusOr<std::vector<v1::Field>> GrantsDesk::FillIn(
    const agency::CallContext& call, const v1::Programme& programme,
    const gbizid::v1::CheckActingResponse& acting) {
  const absl::Status not_eligible =
      Failed("NOT_ELIGIBLE", "the programme is not for this business");
  std::vector<v1::Field> fields;
  if (acting.corporate_number().empty()) {
    if (!programme.sole_proprietors()) return not_eligible;
    PSM_ASSIGN_OR_RETURN(const identity::v1::GetBasicItemsResponse person,
                         parts_.sources->NameOf(call, acting.subject()));
    FieldsFrom(kIdentity, person, &fields)
        .Add("name", "氏名", "Name", person.name());
    FieldsFrom(kGbizid, acting, &fields)
        .Add("trade_name", "屋号", "Trade name", acting.trade_name());
    return fields;
  }
  const std::string& number = acting.corporate_number();
  PSM_ASSIGN_OR_RETURN(
      const corporations::v1::GetCorporationResponse registered,
      parts_.sources->Corporation(call, number));
  PSM_ASSIGN_OR_RETURN(const gbizid::v1::GetBusinessResponse business,
                       parts_.sources->Business(call, number));
  if ((programme.max_employees() > 0 &&
       business.employees() > programme.max_employees()) ||
      (programme.max_capital_yen() > 0 &&
       business.capital_yen() > programme.max_capital_yen()))
    return not_eligible;
  FieldsFrom registry(kCorporations, registered, &fields);
  registry.Add("corporate_number", "法人番号", "Corporate number",
               registered.corporate_number());
  registry.Add("name", "商号又は名称", "Registered name", registered.name());
  registry.Add("kana", "フリガナ", "Name in kana", registered.kana());
  registry.Add("address", "本店所在地", "Registered address",
               registered.address());
  registry.Add("representative", "代表者", "Representative",
               registered.representative());
  registry.Add("establishment_date", "設立年月日", "Established on",
               registered.establishment_date());
  FieldsFrom account(kGbizid, business, &fields);
  account.Add("employees", "従業員数", "Employees",
              absl::StrCat(business.employees()));
  account.Add("capital_yen", "資本金(円)", "Capital in yen",
              absl::StrCat(business.capital_yen()));
  return fields;
}

template <typename Request>
absl::StatusOr<GrantsDesk::Actor> GrantsDesk::ActorOf(
    const agency::CallContext& call, const Request& request,
    RoleGrant::Role role) {
  Actor actor;
  PSM_ASSIGN_OR_RETURN(actor.account_id, AccountIn(request.session()));
  PSM_ASSIGN_OR_RETURN(
      actor.authority,
      parts_.sources->Check(
          call, actor.account_id,
          {request.corporate_number(), request.principal_id()}, role));
  return actor;
}

absl::StatusOr<v1::StartApplicationResponse> GrantsDesk::Start(
    const agency::CallContext& call,
    const v1::StartApplicationRequest& request) {
  constexpr char kMethod[] = "StartApplication";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<v1::StartApplicationResponse>(*kept);

  PSM_ASSIGN_OR_RETURN(const Actor actor,
                       ActorOf(call, request, RoleGrant::APPLICANT));
  const Authority& authority = actor.authority;
  const v1::Programme* const programme =
      parts_.programmes->Find(request.programme());
  if (programme == nullptr)
    return agency::Refusal(absl::StatusCode::kNotFound, "PROGRAMME_UNKNOWN",
                           "there is no such programme");
  if (!IsOpen(*programme, DayInJapan(parts_.clock->Now())))
    return Failed("PROGRAMME_CLOSED", "the programme is not open today");
  PSM_ASSIGN_OR_RETURN(const std::vector<v1::Field> fields,
                       FillIn(call, *programme, authority.acting));

  KeptApplication started;
  started.principal_id = authority.acting.principal_id();
  started.application.set_application_id(NewUuid(*parts_.random));
  started.application.set_programme(programme->id());
  started.application.set_corporate_number(authority.acting.corporate_number());
  started.application.set_subject(authority.acting.subject());
  started.application.set_state(v1::Application::DRAFT);
  started.application.mutable_fields()->Add(fields.begin(), fields.end());
  const v1::Act act = ActOf(v1::Act::STARTED, actor.account_id, authority);
  return AnswerOnce<v1::StartApplicationResponse>(
      *parts_.database, *parts_.clock, kMethod, call,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::StartApplicationResponse> {
        if (ApplicationStore::HasOne(sql, started.principal_id,
                                     programme->id()))
          return ApplicationExists();
        ApplicationStore::Insert(sql, started);
        ApplicationStore::Add(sql, started.application, act);
        started.application.set_etag("1");
        v1::StartApplicationResponse answer;
        *answer.mutable_application() = started.application;
        return answer;
      });
}

absl::StatusOr<v1::SubmitApplicationResponse> GrantsDesk::Submit(
    const agency::CallContext& call,
    const v1::SubmitApplicationRequest& request) {
  constexpr char kMethod[] = "SubmitApplication";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<v1::SubmitApplicationResponse>(*kept);

  PSM_ASSIGN_OR_RETURN(const Actor actor,
                       ActorOf(call, request, RoleGrant::APPLICANT));
  const Authority& authority = actor.authority;
  // It may have been merged or wound up since the draft was begun.
  const std::string& number = authority.acting.corporate_number();
  if (!number.empty())
    PSM_RETURN_IF_ERROR(parts_.sources->Corporation(call, number).status());
  const v1::Act act = ActOf(v1::Act::SUBMITTED, actor.account_id, authority);
  return AnswerOnce<v1::SubmitApplicationResponse>(
      *parts_.database, *parts_.clock, kMethod, call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::SubmitApplicationResponse> {
        std::optional<v1::Application> application = FindOf(
            sql, request.application_id(), authority.acting.principal_id());
        if (!application) return ApplicationUnknown();
        PSM_RETURN_IF_ERROR(CheckEtag(request.etag(), application->etag()));
        if (application->state() != v1::Application::DRAFT)
          return Failed("APPLICATION_SUBMITTED", "it was handed in");
        const v1::Programme* const programme =
            parts_.programmes->Find(application->programme());
        if (programme == nullptr || !IsOpen(*programme, DayInJapan(now)))
          return Failed("PROGRAMME_CLOSED", "the programme is not open today");
        if (request.purpose().empty() || request.purpose().size() > 2000 ||
            request.amount_yen() < 1 ||
            request.amount_yen() > programme->max_amount_yen())
          return Malformed("PLAN_MALFORMED",
                           "say what for, and an amount that is allowed");
        application->set_state(v1::Application::SUBMITTED);
        application->set_purpose(request.purpose());
        application->set_amount_yen(request.amount_yen());
        ApplicationStore::Change(sql, *application);
        ApplicationStore::Add(sql, *application, act);
        v1::SubmitApplicationResponse answer;
        *answer.mutable_application() = *application;
        return answer;
      });
}

absl::StatusOr<v1::GetApplicationResponse> GrantsDesk::Get(
    const agency::CallContext& call, const v1::GetApplicationRequest& request) {
  PSM_ASSIGN_OR_RETURN(const Actor actor,
                       ActorOf(call, request, RoleGrant::VIEWER));
  const Authority& authority = actor.authority;
  return AnswerFrom<v1::GetApplicationResponse>(
      *parts_.database, *parts_.clock,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::GetApplicationResponse> {
        std::optional<v1::Application> application = FindOf(
            sql, request.application_id(), authority.acting.principal_id());
        if (!application) return ApplicationUnknown();
        v1::GetApplicationResponse answer;
        *answer.mutable_application() = *std::move(application);
        return answer;
      });
}

absl::StatusOr<v1::ListSubmittedResponse> GrantsDesk::ListSubmitted(
    const agency::CallContext&, const v1::ListSubmittedRequest&) {
  return AnswerFrom<v1::ListSubmittedResponse>(
      *parts_.database, *parts_.clock,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::ListSubmittedResponse> {
        v1::ListSubmittedResponse answer;
        for (v1::Application& application :
             ApplicationStore::Submitted(sql, kMaxListed))
          *answer.add_applications() = std::move(application);
        return answer;
      });
}

absl::StatusOr<v1::DecideApplicationResponse> GrantsDesk::Decide(
    const agency::CallContext& call,
    const v1::DecideApplicationRequest& request) {
  return AnswerOnce<v1::DecideApplicationResponse>(
      *parts_.database, *parts_.clock, "DecideApplication", call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::DecideApplicationResponse> {
        std::optional<KeptApplication> kept =
            ApplicationStore::Find(sql, request.application_id());
        if (!kept ||
            kept->application.corporate_number() != request.corporate_number())
          return ApplicationUnknown();
        v1::Application& application = kept->application;
        PSM_RETURN_IF_ERROR(CheckEtag(request.etag(), application.etag()));
        if (application.state() != v1::Application::SUBMITTED)
          return Failed("NOT_SUBMITTED", "it does not wait for a decision");
        const bool grants = request.granted_yen() > 0;
        if (request.granted_yen() < 0 || request.note().size() > 1000 ||
            request.granted_yen() > application.amount_yen() ||
            (!grants && request.note().empty()))
          return Malformed("DECISION_MALFORMED",
                           "grant at most what was asked for, or say why not");
        application.set_state(grants ? v1::Application::GRANTED
                                     : v1::Application::REFUSED);
        application.set_granted_yen(request.granted_yen());
        application.set_decision_note(request.note());
        ApplicationStore::Change(sql, application);
        v1::Act act;
        act.set_kind(v1::Act::DECIDED);
        *act.mutable_act_time() = TimestampOf(now);
        ApplicationStore::Add(sql, application, act);
        v1::DecideApplicationResponse answer;
        *answer.mutable_application() = application;
        return answer;
      });
}

}  // namespace psm::grants
