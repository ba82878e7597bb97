#include "services/gbizid/prime_desk.h"

#include <optional>
#include <utility>

#include "mesh/agency/answers.h"
#include "services/gbizid/account_rules.h"
#include "services/gbizid/business_register.h"
#include "services/gbizid/prime_applications.h"

namespace psm::gbizid {
namespace {

constexpr int kMaxListed = 100;

absl::Status Failed(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, reason,
                         message);
}

absl::Status Unknown(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kNotFound, reason, message);
}

absl::Status ApplicationUnknown() {
  return Unknown("APPLICATION_UNKNOWN", "there is no such application");
}

absl::Status AccountUnknown() {
  return Unknown("ACCOUNT_UNKNOWN", "there is no such account");
}

absl::Status CheckDocuments(const v1::ApplyForPrimeRequest& request) {
  const auto& documents = request.documents();
  const bool by_documents = request.way() == v1::PrimeApplication::DOCUMENTS;
  const bool good =
      by_documents
          ? AreDocuments(documents)
          : request.way() == v1::PrimeApplication::CARD && documents.empty();
  if (good) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kInvalidArgument,
                         "DOCUMENTS_MALFORMED",
                         "apply by card without documents, or by 1 to 10");
}

// The Entry that may apply so.
absl::StatusOr<v1::Account> ApplicantOf(
    const DeskParts& parts, soci::session& sql, absl::Time now,
    const v1::ApplyForPrimeRequest& request) {
  PSM_ASSIGN_OR_RETURN(const v1::Account account,
                       parts.sessions().AccountOf(sql, request.session(), now));
  if (account.type() != v1::Account::ENTRY ||
      account.corporate_number() != request.corporate_number())
    return Failed("ENTRY_REQUIRED",
                  "apply with an Entry account of this business");
  // An officer sees papers and not a person: who a sole proprietor is in the
  // mesh, only a card says.
  if (account.corp_type() == v1::Account::SOLE_PROPRIETOR &&
      request.way() != v1::PrimeApplication::CARD)
    return Failed("CARD_REQUIRED", "a sole proprietor is identified by card");
  if (PrimeApplications::IsPending(sql, account.account_id()))
    return Failed("APPLICATION_PENDING", "an earlier application waits");
  return account;
}

// One by documents that waits, as the officer read it.
absl::StatusOr<v1::PrimeApplication> WaitingOf(
    soci::session& sql, const v1::DecideApplicationRequest& request) {
  std::optional<v1::PrimeApplication> application =
      PrimeApplications::Find(sql, request.application_id());
  if (!application || application->way() != v1::PrimeApplication::DOCUMENTS ||
      application->corporate_number() != request.corporate_number())
    return ApplicationUnknown();
  PSM_RETURN_IF_ERROR(CheckEtag(request.etag(), application->etag()));
  if (application->state() != v1::PrimeApplication::UNDER_REVIEW)
    return Failed("APPLICATION_DECIDED", "it is decided");
  return *std::move(application);
}

// Makes a Prime of the Entry that applied. In the caller's transaction.
absl::StatusOr<v1::Account> Approve(soci::session& sql,
                                    v1::PrimeApplication& application,
                                    v1::Account account, absl::Time now) {
  const bool taken =
      account.corp_type() == v1::Account::CORPORATION
          ? AccountStore::FindPrime(sql, account.corporate_number()).has_value()
          : AccountStore::FindPrimeOf(sql, account.subject()).has_value();
  if (taken)
    return agency::Refusal(absl::StatusCode::kAlreadyExists, "PRIME_EXISTS",
                           "the business has a Prime account");
  account.set_type(v1::Account::PRIME);
  AccountStore::Change(sql, account);
  application.set_state(v1::PrimeApplication::APPROVED);
  PrimeApplications::Decide(sql, application, now);
  BusinessRegister::SetPrime(sql, account.corporate_number(), now);
  return account;
}

}  // namespace

absl::StatusOr<v1::ApplyForPrimeResponse> PrimeDesk::Apply(
    const agency::CallContext& call, const v1::ApplyForPrimeRequest& request) {
  constexpr char kMethod[] = "ApplyForPrime";
  PSM_RETURN_IF_ERROR(CheckDocuments(request));
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<v1::ApplyForPrimeResponse>(*kept);
  PSM_RETURN_IF_ERROR(
      AnswerFrom<v1::Account>(parts_, [&](soci::session& sql, absl::Time now) {
        return ApplicantOf(parts_, sql, now, request);
      }).status());
  PSM_RETURN_IF_ERROR(
      CheckInBeing(*parts_.corporations, &call, request.corporate_number()));
  const std::string id = NewUuid(*parts_.random);
  return AnswerOnce<v1::ApplyForPrimeResponse>(
      parts_, kMethod, call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::ApplyForPrimeResponse> {
        PSM_ASSIGN_OR_RETURN(const v1::Account account,
                             ApplicantOf(parts_, sql, now, request));
        v1::ApplyForPrimeResponse answer;
        v1::PrimeApplication& application = *answer.mutable_application();
        application.set_application_id(id);
        application.set_account_id(account.account_id());
        application.set_corporate_number(account.corporate_number());
        application.set_way(request.way());
        application.set_state(v1::PrimeApplication::UNDER_REVIEW);
        *application.mutable_documents() = request.documents();
        PrimeApplications::Insert(sql, application, now);
        return answer;
      });
}

absl::Status PrimeDesk::CheckCard(const agency::CallContext& call,
                                  const v1::Account& account,
                                  const v1::ApproveByCardRequest& request) {
  const absl::Status mismatch =
      Failed("REPRESENTATIVE_MISMATCH", "the person is not the representative");
  if (account.corporate_number() != request.corporate_number()) return mismatch;
  if (account.corp_type() != v1::Account::CORPORATION)
    return representatives_.NameOf(call, request.subject()).status();
  // The registry first: for a corporation that is no more nobody's name is
  // looked up.
  PSM_ASSIGN_OR_RETURN(
      const CorporationSource::Corporation corporation,
      parts_.corporations->InBeing(&call, account.corporate_number()));
  PSM_ASSIGN_OR_RETURN(const std::string name,
                       representatives_.NameOf(call, request.subject()));
  if (!IsSameName(corporation.representative, name)) return mismatch;
  return absl::OkStatus();
}

absl::StatusOr<v1::ApproveByCardResponse> PrimeDesk::ApproveByCard(
    const agency::CallContext& call, const v1::ApproveByCardRequest& request) {
  constexpr char kMethod[] = "ApproveByCard";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<v1::ApproveByCardResponse>(*kept);

  // Whose session it is comes first: without one nobody has a person's name
  // looked up here.
  PSM_ASSIGN_OR_RETURN(
      const v1::Account signed_in,
      AnswerFrom<v1::Account>(parts_, [&](soci::session& sql, absl::Time now) {
        return parts_.sessions().AccountOf(sql, request.session(), now);
      }));
  PSM_RETURN_IF_ERROR(CheckCard(call, signed_in, request));
  return AnswerOnce<v1::ApproveByCardResponse>(
      parts_, kMethod, call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::ApproveByCardResponse> {
        PSM_ASSIGN_OR_RETURN(
            v1::Account account,
            parts_.sessions().AccountOf(sql, request.session(), now));
        std::optional<v1::PrimeApplication> application =
            PrimeApplications::Find(sql, request.application_id());
        if (!application || application->account_id() != account.account_id() ||
            application->way() != v1::PrimeApplication::CARD)
          return ApplicationUnknown();
        if (application->state() != v1::PrimeApplication::UNDER_REVIEW)
          return Failed("APPLICATION_DECIDED", "it is decided");
        if (account.corp_type() == v1::Account::SOLE_PROPRIETOR)
          account.set_subject(request.subject());
        v1::ApproveByCardResponse answer;
        PSM_ASSIGN_OR_RETURN(*answer.mutable_account(),
                             Approve(sql, *application, account, now));
        return answer;
      });
}

absl::StatusOr<v1::ListApplicationsResponse> PrimeDesk::List(
    const agency::CallContext&, const v1::ListApplicationsRequest&) {
  return AnswerFrom<v1::ListApplicationsResponse>(
      parts_,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::ListApplicationsResponse> {
        v1::ListApplicationsResponse answer;
        for (v1::PrimeApplication& application :
             PrimeApplications::Waiting(sql, kMaxListed))
          *answer.add_applications() = std::move(application);
        return answer;
      });
}

absl::StatusOr<v1::DecideApplicationResponse> PrimeDesk::Decide(
    const agency::CallContext& call,
    const v1::DecideApplicationRequest& request) {
  if (request.note().size() > 1000 ||
      (!request.approve() && request.note().empty()))
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "NOTE_REQUIRED",
                           "say why, in at most 1000 bytes");
  constexpr char kMethod[] = "DecideApplication";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return agency::ParseAnswer<v1::DecideApplicationResponse>(*kept);
  if (request.approve()) {
    PSM_RETURN_IF_ERROR(
        AnswerFrom<v1::PrimeApplication>(parts_, [&](soci::session& sql,
                                                     absl::Time) {
          return WaitingOf(sql, request);
        }).status());
    PSM_RETURN_IF_ERROR(
        CheckInBeing(*parts_.corporations, &call, request.corporate_number()));
  }
  return AnswerOnce<v1::DecideApplicationResponse>(
      parts_, kMethod, call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::DecideApplicationResponse> {
        PSM_ASSIGN_OR_RETURN(v1::PrimeApplication application,
                             WaitingOf(sql, request));
        application.set_decision_note(request.note());
        if (request.approve()) {
          const std::optional<KeptAccount> account =
              AccountStore::Find(sql, application.account_id());
          if (!account) return ApplicationUnknown();
          PSM_RETURN_IF_ERROR(
              Approve(sql, application, account->account, now).status());
        } else {
          application.set_state(v1::PrimeApplication::REFUSED);
          PrimeApplications::Decide(sql, application, now);
        }
        v1::DecideApplicationResponse answer;
        *answer.mutable_application() = std::move(application);
        return answer;
      });
}

absl::StatusOr<v1::SetSuspendedResponse> PrimeDesk::SetSuspended(
    const agency::CallContext& call, const v1::SetSuspendedRequest& request) {
  return AnswerOnce<v1::SetSuspendedResponse>(
      parts_, "SetSuspended", call,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::SetSuspendedResponse> {
        std::optional<KeptAccount> kept =
            AccountStore::Find(sql, request.account_id());
        if (!kept ||
            kept->account.corporate_number() != request.corporate_number())
          return AccountUnknown();
        PSM_RETURN_IF_ERROR(CheckEtag(request.etag(), kept->account.etag()));
        kept->account.set_state(request.suspended() ? v1::Account::SUSPENDED
                                                    : v1::Account::ACTIVE);
        AccountStore::Change(sql, kept->account);
        if (request.suspended())
          Sessions::EndAllOf(sql, kept->account.account_id());
        v1::SetSuspendedResponse answer;
        *answer.mutable_account() = kept->account;
        return answer;
      });
}

absl::StatusOr<v1::ShowAccountResponse> PrimeDesk::Show(
    const agency::CallContext&, const v1::ShowAccountRequest& request) {
  return AnswerFrom<v1::ShowAccountResponse>(
      parts_,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::ShowAccountResponse> {
        const std::optional<KeptAccount> kept =
            AccountStore::Find(sql, request.account_id());
        if (!kept ||
            kept->account.corporate_number() != request.corporate_number())
          return AccountUnknown();
        v1::ShowAccountResponse answer;
        *answer.mutable_account() = kept->account;
        return answer;
      });
}

}  // namespace psm::gbizid
