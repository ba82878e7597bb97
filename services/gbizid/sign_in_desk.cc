// A try is counted before the password is looked at, in a transaction of its
// own: however many guesses come at once, no more than kMaxTries of them are
// looked at, and a guess whose answer was a refusal (which Database::Once does
// not keep) has counted. An unknown mail address, a locked account, a wrong
// password and a wrong or used one-time password get one answer, after one
// computation of Argon2id, so that the answer tells nobody who has an account.
#include "services/gbizid/sign_in_desk.h"

#include <utility>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "services/gbizid/account_rules.h"
#include "services/gbizid/one_time_secret.h"

namespace psm::gbizid {
namespace {

using google::protobuf::util::TimeUtil;

absl::Status SignInRefused() {
  return agency::Refusal(absl::StatusCode::kPermissionDenied, "SIGN_IN_REFUSED",
                         "check mail address, password and one-time password");
}

}  // namespace

absl::StatusOr<std::optional<KeptAccount>> SignInDesk::TakeTry(
    const std::string& mail) {
  const long long now = absl::ToUnixMicros(parts_.clock->Now());
  std::optional<KeptAccount> found;
  PSM_RETURN_IF_ERROR(
      parts_.database->Write([&](soci::session& sql) -> absl::Status {
        found = AccountStore::FindByMail(sql, mail);
        if (!found) return absl::OkStatus();
        if (found->locked_until > now) {
          found.reset();
          return absl::OkStatus();
        }
        // A lock that has ended leaves kMaxTries again.
        if (found->locked_until != 0) found->tries = 0;
        found->locked_until = 0;
        if (++found->tries >= kMaxTries)
          found->locked_until = now + absl::ToInt64Microseconds(kLockTime);
        AccountStore::SetTries(sql, found->account.account_id(), found->tries,
                               found->locked_until, found->last_step);
        return absl::OkStatus();
      }));
  return found;
}

absl::StatusOr<std::optional<KeptAccount>> SignInDesk::Authenticate(
    const std::string& mail, const std::string& password) {
  PSM_ASSIGN_OR_RETURN(std::optional<KeptAccount> found, TakeTry(mail));
  const bool right = parts_.passwords->Verify(
      password, found ? found->password : parts_.passwords->decoy());
  if (!right) found.reset();
  return found;
}

absl::StatusOr<v1::Account> SignInDesk::TakeOneTimePassword(
    soci::session& sql, const KeptAccount& known,
    const std::string& one_time_password, absl::Time now) {
  const std::string& id = known.account.account_id();
  // Again: another sign-in may have come in between.
  const std::optional<KeptAccount> account = AccountStore::Find(sql, id);
  if (!account || account->password != known.password) return SignInRefused();
  const std::optional<std::int64_t> step =
      MatchOneTimePassword(OneTimeSecretOf(*parts_.tokens, id).Reveal(),
                           one_time_password, now, account->last_step);
  if (!step) return SignInRefused();
  if (!AccountStore::IsUsable(sql, account->account))
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "ACCOUNT_SUSPENDED", "the account may not be used");
  AccountStore::SetTries(sql, id, 0, 0, *step);
  return account->account;
}

absl::StatusOr<v1::Account> SignInDesk::Admit(
    const std::string& mail, const std::string& password,
    const std::string& one_time_password) {
  const absl::StatusOr<std::string> checked = CheckedMail(mail);
  if (!checked.ok()) return SignInRefused();
  PSM_ASSIGN_OR_RETURN(const std::optional<KeptAccount> known,
                       Authenticate(*checked, password));
  if (!known) return SignInRefused();
  v1::Account account;
  PSM_RETURN_IF_ERROR(
      parts_.database->Write([&](soci::session& sql) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(account,
                             TakeOneTimePassword(sql, *known, one_time_password,
                                                 parts_.clock->Now()));
        return absl::OkStatus();
      }));
  return account;
}

absl::StatusOr<v1::SignInResponse> SignInDesk::SignIn(
    const agency::CallContext& call, const v1::SignInRequest& request) {
  constexpr char kMethod[] = "SignIn";
  PSM_RETURN_IF_ERROR(CheckBlind(request.blind()));
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  v1::SignInResponse response;
  if (kept) {
    PSM_ASSIGN_OR_RETURN(response,
                         agency::ParseAnswer<v1::SignInResponse>(*kept));
  } else {
    const absl::StatusOr<std::string> mail = CheckedMail(request.mail());
    if (!mail.ok()) return SignInRefused();
    PSM_ASSIGN_OR_RETURN(const std::optional<KeptAccount> known,
                         Authenticate(*mail, request.password()));
    if (!known) return SignInRefused();
    const std::string session_id = NewUuid(*parts_.random);
    PSM_ASSIGN_OR_RETURN(
        response,
        AnswerOnce<v1::SignInResponse>(
            parts_, kMethod, call,
            [&](soci::session& sql,
                absl::Time now) -> absl::StatusOr<v1::SignInResponse> {
              PSM_ASSIGN_OR_RETURN(
                  const v1::Account account,
                  TakeOneTimePassword(sql, *known, request.one_time_password(),
                                      now));
              Sessions::Begin(sql, session_id, account.account_id(), now);
              v1::SignInResponse answer;
              answer.set_session(session_id);
              *answer.mutable_expire_time() = TimeUtil::MicrosecondsToTimestamp(
                  absl::ToUnixMicros(now + kSessionLifetime));
              *answer.mutable_account() = account;
              return answer;
            }));
  }
  // What is kept names the session and does not open it.
  response.set_session(parts_.sessions().TokenOf(response.session()));
  return response;
}

absl::StatusOr<v1::SignOutResponse> SignInDesk::SignOut(
    const agency::CallContext& call, const v1::SignOutRequest& request) {
  return AnswerOnce<v1::SignOutResponse>(
      parts_, "SignOut", call,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::SignOutResponse> {
        parts_.sessions().End(sql, request.session());
        return v1::SignOutResponse();
      });
}

absl::StatusOr<v1::GetAccountResponse> SignInDesk::GetAccount(
    const agency::CallContext&, const v1::GetAccountRequest& request) {
  return AnswerFrom<v1::GetAccountResponse>(
      parts_,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::GetAccountResponse> {
        v1::GetAccountResponse answer;
        PSM_ASSIGN_OR_RETURN(
            *answer.mutable_account(),
            parts_.sessions().AccountOf(sql, request.session(), now));
        return answer;
      });
}

absl::StatusOr<v1::ChangePasswordResponse> SignInDesk::ChangePassword(
    const agency::CallContext& call, const v1::ChangePasswordRequest& request) {
  constexpr char kMethod[] = "ChangePassword";
  PSM_RETURN_IF_ERROR(CheckBlind(request.blind()));
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return v1::ChangePasswordResponse();

  v1::GetAccountRequest whose;
  whose.set_session(request.session());
  PSM_ASSIGN_OR_RETURN(const v1::GetAccountResponse signed_in,
                       GetAccount(call, whose));
  const std::string& mail = signed_in.account().mail();
  PSM_RETURN_IF_ERROR(CheckPassword(request.new_password(), mail));
  PSM_ASSIGN_OR_RETURN(const std::optional<KeptAccount> known,
                       Authenticate(mail, request.old_password()));
  if (!known) return SignInRefused();
  const std::string password = parts_.passwords->Hash(request.new_password());
  return AnswerOnce<v1::ChangePasswordResponse>(
      parts_, kMethod, call,
      [&](soci::session& sql,
          absl::Time) -> absl::StatusOr<v1::ChangePasswordResponse> {
        const std::optional<KeptAccount> account =
            AccountStore::Find(sql, known->account.account_id());
        if (!account || account->password != known->password)
          return SignInRefused();
        const std::string& id = account->account.account_id();
        AccountStore::SetPassword(sql, id, password);
        AccountStore::SetTries(sql, id, 0, 0, account->last_step);
        Sessions::EndAllOf(sql, id);
        return v1::ChangePasswordResponse();
      });
}

}  // namespace psm::gbizid
