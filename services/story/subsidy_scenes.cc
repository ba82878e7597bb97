// A company lets another business apply for its subsidy: who may, who may not,
// who filled the form in, who decided, and what the company reads of it all.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/records/timestamp.h"
#include "psm/gbizid/v1/delegation.grpc.pb.h"
#include "psm/gbizid/v1/history.grpc.pb.h"
#include "psm/grants/v1/grants.grpc.pb.h"
#include "services/generator/corporate_number.h"
#include "services/story/business_account.h"
#include "services/story/history_rows.h"
#include "services/story/scenes.h"

namespace psm::story {
namespace {

using gbizid::v1::Delegation;
using gbizid::v1::DelegationsService;
using grants::v1::Act;
using grants::v1::Application;
using grants::v1::GrantsService;

constexpr char kCompany[] = "kakuu";
constexpr char kProgramme[] = "digital-introduction-2026";
constexpr char kApplication[] = "subsidy-application";  // in the notebook
constexpr int kDelegateSerial = 2;  // of the generated businesses

// The two of them.
struct Parties {
  Notebook notebook;
  BusinessAccount company;
  BusinessAccount agent;
  std::string agent_at_grants;  // its session there
};

// "150万円": what is asked for and granted here is in ten thousands.
std::string InYen(std::int64_t yen) {
  return absl::StrCat(yen / 10'000, "万円");
}

template <typename Method, typename Request>
auto AtSubsidies(Stage& stage, Method method, const Request& request) {
  auto reply =
      stage.terminal.Call(method, {.affair = "business-subsidy"}, request);
  stage.expected.push_back({.persona = kCompany,
                            .exchange_id = reply.exchange_id,
                            .reason = ReasonOf(reply.status)});
  return reply;
}

Reply<grants::v1::StartApplicationResponse> Start(Stage& stage,
                                                  const Parties& parties) {
  grants::v1::StartApplicationRequest request;
  request.set_session(parties.agent_at_grants);
  request.set_corporate_number(parties.company.number);
  request.set_programme(kProgramme);
  return AtSubsidies(stage, &GrantsService::Stub::StartApplication, request);
}

Reply<grants::v1::GetApplicationResponse> Read(Stage& stage,
                                               const Parties& parties,
                                               const std::string& session) {
  grants::v1::GetApplicationRequest request;
  request.set_session(session);
  request.set_corporate_number(parties.company.number);
  request.set_application_id(parties.notebook.Get(kApplication));
  return AtSubsidies(stage, &GrantsService::Stub::GetApplication, request);
}

bool SignInBoth(Stage& stage, Parties& parties) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("gBizIDでサインイン", "Two businesses sign in");
  parties.company =
      SignInBusiness(stage, parties.notebook, "The company",
                     stage.CodeOf(kCompany, "gbizid"), "kakuu@company.example");
  if (parties.company.session.empty() ||
      !BecomePrimeByCard(stage, parties.company, "taro"))
    return false;
  parties.agent = SignInBusiness(stage, parties.notebook, "The delegate",
                                 UnassignedCorporateNumber(kDelegateSerial),
                                 "desk@delegate.example");
  if (parties.agent.session.empty() ||
      !BecomePrimeByDocuments(stage, parties.agent))
    return false;
  parties.agent_at_grants = EnterGrants(stage, parties.agent, "The delegate");
  return !parties.agent_at_grants.empty();
}

// The company offers, the delegate accepts. The delegation; without an id where
// it failed.
Delegation Delegate(Stage& stage, const Parties& parties) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("委任", "One business lets another act for it");
  narrator.Refused(Start(stage, parties).status, "DELEGATION_NOT_IN_FORCE",
                   "The delegate would apply for the company, which has not "
                   "said that it may: refused, and on record");
  gbizid::v1::OfferDelegationRequest offer;
  offer.set_session(parties.company.session);
  offer.set_corporate_number(parties.company.number);
  offer.set_delegate(parties.agent.number);
  offer.set_relying_service(kGrants);
  SetTimestamp(stage.clock.Now() + absl::Hours(24), offer.mutable_end_time());
  const auto offered =
      AtGbizid(stage, &DelegationsService::Stub::OfferDelegation, offer);
  if (!narrator.Succeeded(offered.status,
                          "The company offers a delegation, for subsidies "
                          "alone and for a day"))
    return {};
  narrator.Refused(Start(stage, parties).status, "DELEGATION_NOT_IN_FORCE",
                   "Offered is not accepted: refused");
  gbizid::v1::AnswerDelegationRequest answer;
  answer.set_session(parties.agent.session);
  answer.set_corporate_number(parties.company.number);
  answer.set_delegation_id(offered->delegation().delegation_id());
  answer.set_etag(offered->delegation().etag());
  answer.set_accept(true);
  const auto accepted =
      AtGbizid(stage, &DelegationsService::Stub::AnswerDelegation, answer);
  for (const std::string& id : {offered.exchange_id, accepted.exchange_id})
    stage.expected.push_back({.persona = kCompany, .exchange_id = id});
  narrator.Succeeded(accepted.status, "The delegate accepts");
  return accepted->delegation();
}

// The delegate reads what agencies hold of the company, and types none of it.
bool TellForm(Stage& stage, const Application& application) {
  std::map<std::string, int> from;
  bool complete = true;
  for (const auto& field : application.fields()) {
    ++from[field.provider()];
    complete &= !field.value().empty();
    stage.narrator.Fact(absl::StrCat(field.label_ja(), ": ", field.value(),
                                     "  (", field.provider(), ")"));
  }
  for (const auto& [provider, fields] : from) {
    stage.expected.push_back(
        {.persona = kCompany, .consumer = kGrants, .provider = provider});
  }
  const int registry = from["corporations/corporations"];
  const int account = from["gbizid/gbizid"];
  return stage.narrator.Step(
      complete && registry == 6 && account == 2 &&
          registry + account == application.fields_size(),
      absl::StrCat("The form comes filled in: ", registry,
                   " fields from the registry of corporations, ", account,
                   " from gbizid, none typed"));
}

bool Submit(Stage& stage, const Parties& parties,
            const Application& application) {
  grants::v1::SubmitApplicationRequest submit;
  submit.set_session(parties.agent_at_grants);
  submit.set_corporate_number(parties.company.number);
  submit.set_application_id(application.application_id());
  submit.set_etag(application.etag());
  submit.set_purpose("受発注システムと事務用パソコンの導入");
  submit.set_amount_yen(1'500'000);
  return stage.narrator.Succeeded(
      AtSubsidies(stage, &GrantsService::Stub::SubmitApplication, submit)
          .status,
      absl::StrCat("The delegate adds what only the company knows, what for "
                   "and how much, and hands it in: ",
                   submit.purpose(), ", ", InYen(submit.amount_yen())));
}

// The officer has the list, decides, and says why.
bool Decide(Stage& stage, const std::string& application_id) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("審査", "An officer decides");
  SystemCaller& desk = stage.CallerOf("grants/desk");
  const auto list = desk.Call(&GrantsService::Stub::ListSubmitted,
                              {.affair = "business-subsidy"},
                              grants::v1::ListSubmittedRequest());
  const auto& all = list->applications();
  const auto waits =
      std::find_if(all.begin(), all.end(), [&](const Application& application) {
        return application.application_id() == application_id;
      });
  if (!narrator.Step(waits != all.end(), "It waits on the officer's list"))
    return false;
  grants::v1::DecideApplicationRequest decide;
  decide.set_corporate_number(waits->corporate_number());
  decide.set_application_id(application_id);
  decide.set_etag(waits->etag());
  decide.set_granted_yen(1'200'000);
  decide.set_note(
      "事務用パソコンの購入費は補助の対象外のため、申請額から減じる");
  const auto decided = desk.Call(&GrantsService::Stub::DecideApplication,
                                 {.affair = "business-subsidy"}, decide);
  stage.expected.push_back(
      {.persona = kCompany, .exchange_id = decided.exchange_id});
  return narrator.Succeeded(
      decided.status,
      absl::StrCat("The officer grants ", InYen(decide.granted_yen()),
                   " of it, and says why"));
}

// The delegate applies. Where the story was told before it cannot again.
bool ApplyForTheCompany(Stage& stage, Parties& parties) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("代理申請", "The delegate applies, and types nothing twice");
  const auto draft = Start(stage, parties);
  if (ReasonOf(draft.status) == "APPLICATION_EXISTS") {
    return narrator.Step(!parties.notebook.Get(kApplication).empty(),
                         "It was applied for when the story was told before: "
                         "one application a business and programme");
  }
  if (!narrator.Succeeded(draft.status,
                          "Under the delegation, gbizid says that it may"))
    return false;
  const Application& application = draft->application();
  return narrator.Succeeded(
             parties.notebook.Set(kApplication, application.application_id()),
             "A draft begins, and its number is noted") &&
         TellForm(stage, application) && Submit(stage, parties, application) &&
         Decide(stage, application.application_id());
}

// The delegation ends: what the delegate could read a moment ago it cannot.
void EndIt(Stage& stage, const Parties& parties, const Delegation& delegation) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("委任の終了", "The delegation ends");
  narrator.Succeeded(
      Read(stage, parties, parties.agent_at_grants).status,
      "Until then the delegate reads what became of the application");
  gbizid::v1::EndDelegationRequest end;
  end.set_session(parties.company.session);
  end.set_corporate_number(parties.company.number);
  end.set_delegation_id(delegation.delegation_id());
  end.set_etag(delegation.etag());
  const auto ended =
      AtGbizid(stage, &DelegationsService::Stub::EndDelegation, end);
  stage.expected.push_back(
      {.persona = kCompany, .exchange_id = ended.exchange_id});
  narrator.Succeeded(ended.status, "The company ends it");
  narrator.Refused(
      Read(stage, parties, parties.agent_at_grants).status,
      "DELEGATION_NOT_IN_FORCE",
      "From that moment the delegate, who is signed in still, reads and does "
      "nothing more for the company: refused");
  stage.expected.push_back({.persona = kCompany,
                            .consumer = kGrants,
                            .reason = "DELEGATION_NOT_IN_FORCE"});
}

std::string WhatWasDone(const Act& act) {
  switch (act.kind()) {
    case Act::STARTED:
      return "申請の開始";
    case Act::SUBMITTED:
      return "提出";
    default:
      return "決定(担当者)";
  }
}

// The company reads the decision, and who did what in its name.
void TellDecision(Stage& stage, const Parties& parties) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("本人の確認", "The company reads what was done in its name");
  const std::string session =
      EnterGrants(stage, parties.company, "The company");
  const auto read = Read(stage, parties, session);
  const Application& application = read->application();
  narrator.Step(application.state() == Application::GRANTED &&
                    !application.decision_note().empty(),
                absl::StrCat("Granted: ", InYen(application.granted_yen()),
                             " of ", InYen(application.amount_yen()),
                             ". Reason: ", application.decision_note()));
  int delegated = 0;
  for (const Act& act : application.acts()) {
    const bool by_delegate =
        act.delegate_corporate_number() == parties.agent.number;
    delegated += by_delegate ? 1 : 0;
    narrator.Fact(absl::StrCat(
        WhatWasDone(act),
        by_delegate
            ? absl::StrCat("  委任による代理: ", parties.agent.account.name())
            : ""));
  }
  narrator.Step(application.acts_size() == 3 && delegated == 2,
                "Each act says who did it, and under which delegation");
}

void TellBusinessHistory(Stage& stage, const Parties& parties) {
  using gbizid::v1::BusinessHistoryService;
  Narrator& narrator = stage.narrator;
  narrator.Scene("法人のやりとり履歴",
                 "The company's own history: who asked what about it");
  gbizid::v1::ListBusinessHistoryRequest request;
  request.set_session(parties.agent.session);
  request.set_corporate_number(parties.company.number);
  request.set_page_size(1000);
  SetTimestamp(stage.began, request.mutable_start_time());
  narrator.Refused(
      AtGbizid(stage, &BusinessHistoryService::Stub::ListBusinessHistory,
               request)
          .status,
      "PRIME_REQUIRED", "It is the company's own: the delegate is refused");
  request.set_session(parties.company.session);
  auto read = AtGbizid(
      stage, &BusinessHistoryService::Stub::ListBusinessHistory, request);
  TellRows(stage, kCompany, read,
           {std::move(*read.message.mutable_records()),
            std::move(*read.message.mutable_texts())});
}

}  // namespace

void ASubsidyThroughADelegate(Stage& stage) {
  Parties parties{Notebook(stage.folder), {}, {}, ""};
  if (!SignInBoth(stage, parties)) return;
  const Delegation delegation = Delegate(stage, parties);
  if (delegation.delegation_id().empty()) return;
  // Whatever comes of it, the delegation ends: the story can be told again.
  const bool applied = ApplyForTheCompany(stage, parties);
  EndIt(stage, parties, delegation);
  if (!applied) return;
  TellDecision(stage, parties);
  TellBusinessHistory(stage, parties);
}

}  // namespace psm::story
