// To begin costs the same and answers the same for any address: a row, and a
// mail, which says to whoever has no account that somebody asked. A try of a
// code is counted before it is looked at, in a transaction of its own, and an
// address without an account has a code, too, which nobody was told. So all
// that is to be learnt is learnt by whoever reads the mail.
#include "services/gbizid/recovery_desk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/base32.h"
#include "services/gbizid/account_rules.h"
#include "services/gbizid/one_time_password.h"
#include "services/gbizid/one_time_secret.h"

namespace psm::gbizid {
namespace {

using google::protobuf::util::TimeUtil;

constexpr std::size_t kCodeSize = 10;  // characters of base32: 50 bits

absl::Status Refused() {
  return agency::Refusal(absl::StatusCode::kPermissionDenied,
                         "RECOVERY_REFUSED", "check what proves who you are");
}

absl::Status CardRequired() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, "CARD_REQUIRED",
                         "a Prime shows a card");
}

// The corporation's Prime that is named.
absl::StatusOr<v1::Account> PrimeIn(soci::session& sql,
                                    const v1::ApproveRecoveryRequest& request) {
  std::optional<KeptAccount> kept =
      AccountStore::Find(sql, request.account_id());
  if (!kept || kept->account.type() != v1::Account::PRIME ||
      kept->account.corporate_number() != request.corporate_number())
    return agency::Refusal(absl::StatusCode::kNotFound, "ACCOUNT_UNKNOWN",
                           "there is no such account");
  // An officer sees papers and not a person.
  if (kept->account.corp_type() == v1::Account::SOLE_PROPRIETOR)
    return CardRequired();
  return std::move(kept->account);
}

}  // namespace

std::string RecoveryDesk::CodeOf(const std::string& code_id) const {
  return absl::AsciiStrToUpper(
      Base32Encode(
          parts_.tokens->Derive(absl::StrCat("recovery ", code_id), kCodeSize)
              .Reveal())
          .substr(0, kCodeSize));
}

std::optional<std::string> RecoveryDesk::Open(soci::session& sql,
                                              const std::string& mail,
                                              absl::Time now) {
  RecoveryStore::ForgetOld(sql, now);
  Recovery recovery = RecoveryStore::Find(sql, mail);
  const long long time = absl::ToUnixMicros(now);
  if (recovery.first_time <= absl::ToUnixMicros(now - kRecoveryWindow)) {
    recovery.first_time = time;
    recovery.sent = 0;
  }
  if (recovery.sent >= kRecoveryCodes) return std::nullopt;
  ++recovery.sent;
  recovery.code_id = NewUuid(*parts_.random);
  recovery.expire_time = absl::ToUnixMicros(now + kRecoveryLife);
  recovery.tries = 0;
  RecoveryStore::Put(sql, recovery);
  return recovery.code_id;
}

void RecoveryDesk::SendCode(const std::string& mail,
                            const std::string& code_id) {
  bool known = false;
  absl::Status sent = parts_.database->Read([&](soci::session& sql) {
    known = AccountStore::FindByMail(sql, mail).has_value();
    return absl::OkStatus();
  });
  if (sent.ok()) {
    sent = mailer_.Send(
        {mail, "パスワードの再設定 / Password recovery",
         known
             ? absl::StrCat(
                   "コード / code: ", CodeOf(code_id),
                   "\n15分以内に使えます。心当たりがなければ何もしないでくださ"
                   "い。\nGood for 15 minutes. If you did not ask, do "
                   "nothing.\n")
             : "このアドレスのアカウントはありません。心当たりがなければ何も"
               "しないでください。\nNo account has this address. If you did "
               "not ask, do nothing.\n"});
  }
  // Who asks is told nothing: it would say something of the address.
  if (!sent.ok())
    LogError("mail_not_sent",
             {{"code", absl::StatusCodeToString(sent.code())}});
}

absl::StatusOr<v1::BeginRecoveryResponse> RecoveryDesk::Begin(
    const agency::CallContext& call, const v1::BeginRecoveryRequest& request) {
  PSM_RETURN_IF_ERROR(CheckBlind(request.blind()));
  PSM_ASSIGN_OR_RETURN(const std::string mail, CheckedMail(request.mail()));
  std::optional<std::string> code_id;
  PSM_ASSIGN_OR_RETURN(
      const v1::BeginRecoveryResponse response,
      AnswerOnce<v1::BeginRecoveryResponse>(
          parts_, "BeginRecovery", call,
          [&](soci::session& sql,
              absl::Time now) -> absl::StatusOr<v1::BeginRecoveryResponse> {
            code_id = Open(sql, mail, now);
            v1::BeginRecoveryResponse answer;
            *answer.mutable_expire_time() = TimeUtil::MicrosecondsToTimestamp(
                absl::ToUnixMicros(now + kRecoveryLife));
            return answer;
          }));
  // A retry opened none.
  if (code_id) SendCode(mail, *code_id);
  return response;
}

absl::Status RecoveryDesk::BeginAt(const std::string& mail) {
  PSM_ASSIGN_OR_RETURN(const std::string checked, CheckedMail(mail));
  std::optional<std::string> code_id;
  PSM_RETURN_IF_ERROR(parts_.database->Write([&](soci::session& sql) {
    code_id = Open(sql, checked, parts_.clock->Now());
    return absl::OkStatus();
  }));
  if (code_id) SendCode(checked, *code_id);
  return absl::OkStatus();
}

absl::StatusOr<std::string> RecoveryDesk::TakeCode(const std::string& mail,
                                                   const std::string& code) {
  Recovery recovery;
  bool open = false;
  PSM_RETURN_IF_ERROR(parts_.database->Write([&](soci::session& sql) {
    recovery = RecoveryStore::Find(sql, mail);
    open = !recovery.code_id.empty() && recovery.tries < kRecoveryTries &&
           recovery.expire_time > absl::ToUnixMicros(parts_.clock->Now());
    if (!open) return absl::OkStatus();
    ++recovery.tries;
    RecoveryStore::Put(sql, recovery);
    return absl::OkStatus();
  }));
  std::string typed = absl::AsciiStrToUpper(code);
  typed.erase(std::remove_if(typed.begin(), typed.end(), absl::ascii_isspace),
              typed.end());
  if (!open || !EqualInConstantTime(typed, CodeOf(recovery.code_id)))
    return Refused();
  return recovery.code_id;
}

absl::Status RecoveryDesk::Change(soci::session& sql, const std::string& mail,
                                  const std::string& code_id,
                                  const std::string& password, Proof proof) {
  // Again: another one may have used the code in between.
  Recovery recovery = RecoveryStore::Find(sql, mail);
  std::optional<KeptAccount> account = AccountStore::FindByMail(sql, mail);
  if (recovery.code_id != code_id || !account ||
      !AccountStore::IsUsable(sql, account->account))
    return Refused();
  PSM_RETURN_IF_ERROR(proof(*account, recovery));
  const std::string& id = account->account.account_id();
  AccountStore::SetPassword(sql, id, password);
  AccountStore::SetTries(sql, id, 0, 0, account->last_step);
  Sessions::EndAllOf(sql, id);
  recovery.code_id.clear();
  recovery.approved_until = 0;
  RecoveryStore::Put(sql, recovery);
  return absl::OkStatus();
}

absl::Status RecoveryDesk::CheckApp(KeptAccount& account,
                                    const Recovery& recovery,
                                    const std::string& one_time_password,
                                    absl::Time now) {
  const std::optional<std::int64_t> step = MatchOneTimePassword(
      OneTimeSecretOf(*parts_.tokens, account.account.account_id()).Reveal(),
      one_time_password, now, account.last_step);
  if (!step) return Refused();
  if (account.account.type() == v1::Account::PRIME &&
      recovery.approved_until <= absl::ToUnixMicros(now))
    return CardRequired();
  account.last_step = *step;
  return absl::OkStatus();
}

void RecoveryDesk::TellOfChange(const std::string& mail, const char* way) {
  LogInfo("password_recovered", {{"way", way}});
  const absl::Status sent = mailer_.Send(
      {mail, "パスワードが変更されました / Your password was changed",
       "心当たりがなければ、すぐに事務局に連絡してください。\nIf it was not "
       "you, "
       "tell the office at once.\n"});
  if (!sent.ok())
    LogError("mail_not_sent",
             {{"code", absl::StatusCodeToString(sent.code())}});
}

absl::StatusOr<v1::RecoverPasswordResponse> RecoveryDesk::Recover(
    const agency::CallContext& call,
    const v1::RecoverPasswordRequest& request) {
  constexpr char kMethod[] = "RecoverPassword";
  PSM_RETURN_IF_ERROR(CheckBlind(request.blind()));
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return v1::RecoverPasswordResponse();
  const absl::StatusOr<std::string> mail = CheckedMail(request.mail());
  if (!mail.ok()) return Refused();
  PSM_RETURN_IF_ERROR(CheckPassword(request.new_password(), *mail));
  PSM_ASSIGN_OR_RETURN(const std::string code_id,
                       TakeCode(*mail, request.code()));
  const std::string password = parts_.passwords->Hash(request.new_password());
  PSM_ASSIGN_OR_RETURN(
      const v1::RecoverPasswordResponse response,
      AnswerOnce<v1::RecoverPasswordResponse>(
          parts_, kMethod, call,
          [&](soci::session& sql,
              absl::Time now) -> absl::StatusOr<v1::RecoverPasswordResponse> {
            PSM_RETURN_IF_ERROR(
                Change(sql, *mail, code_id, password,
                       [&](KeptAccount& account, const Recovery& recovery) {
                         if (account.account.corporate_number() !=
                             request.corporate_number())
                           return Refused();
                         return CheckApp(account, recovery,
                                         request.one_time_password(), now);
                       }));
            return v1::RecoverPasswordResponse();
          }));
  TellOfChange(*mail, "app");
  return response;
}

absl::Status RecoveryDesk::RecoverAt(const std::string& mail,
                                     const std::string& code,
                                     const std::string& one_time_password,
                                     const std::string& new_password) {
  const absl::StatusOr<std::string> checked = CheckedMail(mail);
  if (!checked.ok()) return Refused();
  PSM_RETURN_IF_ERROR(CheckPassword(new_password, *checked));
  PSM_ASSIGN_OR_RETURN(const std::string code_id, TakeCode(*checked, code));
  const std::string password = parts_.passwords->Hash(new_password);
  PSM_RETURN_IF_ERROR(parts_.database->Write([&](soci::session& sql) {
    return Change(sql, *checked, code_id, password,
                  [&](KeptAccount& account, const Recovery& recovery) {
                    return CheckApp(account, recovery, one_time_password,
                                    parts_.clock->Now());
                  });
  }));
  TellOfChange(*checked, "app");
  return absl::OkStatus();
}

absl::Status RecoveryDesk::CheckCard(const agency::CallContext& call,
                                     const v1::RecoverByCardRequest& request) {
  if (request.corporate_number().empty()) return absl::OkStatus();
  const auto corporation =
      parts_.corporations->InBeing(&call, request.corporate_number());
  if (ReasonOf(corporation.status()) == "CORPORATION_UNKNOWN") return Refused();
  if (!corporation.ok()) return corporation.status();
  PSM_ASSIGN_OR_RETURN(const std::string name,
                       representatives_.NameOf(call, request.subject()));
  return IsSameName(corporation->representative, name) ? absl::OkStatus()
                                                       : Refused();
}

absl::StatusOr<v1::RecoverByCardResponse> RecoveryDesk::RecoverByCard(
    const agency::CallContext& call, const v1::RecoverByCardRequest& request) {
  constexpr char kMethod[] = "RecoverByCard";
  PSM_RETURN_IF_ERROR(CheckBlind(request.blind()));
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  if (kept) return v1::RecoverByCardResponse();
  const absl::StatusOr<std::string> mail = CheckedMail(request.mail());
  if (!mail.ok()) return Refused();
  PSM_RETURN_IF_ERROR(CheckPassword(request.new_password(), *mail));
  // Without the code nobody has anything looked up here.
  PSM_ASSIGN_OR_RETURN(const std::string code_id,
                       TakeCode(*mail, request.code()));
  PSM_RETURN_IF_ERROR(CheckCard(call, request));
  const std::string password = parts_.passwords->Hash(request.new_password());
  PSM_ASSIGN_OR_RETURN(
      const v1::RecoverByCardResponse response,
      AnswerOnce<v1::RecoverByCardResponse>(
          parts_, kMethod, call,
          [&](soci::session& sql,
              absl::Time) -> absl::StatusOr<v1::RecoverByCardResponse> {
            PSM_RETURN_IF_ERROR(
                Change(sql, *mail, code_id, password,
                       [&](const KeptAccount& found, const Recovery&) {
                         const v1::Account& account = found.account;
                         const bool own =
                             account.corp_type() == v1::Account::CORPORATION ||
                             account.subject() == request.subject();
                         return account.type() == v1::Account::PRIME && own &&
                                        account.corporate_number() ==
                                            request.corporate_number()
                                    ? absl::OkStatus()
                                    : Refused();
                       }));
            return v1::RecoverByCardResponse();
          }));
  TellOfChange(*mail, "card");
  return response;
}

absl::StatusOr<v1::ApproveRecoveryResponse> RecoveryDesk::Approve(
    const agency::CallContext& call,
    const v1::ApproveRecoveryRequest& request) {
  if (!AreDocuments(request.documents()))
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "DOCUMENTS_MALFORMED", "name 1 to 10 documents");
  constexpr char kMethod[] = "ApproveRecovery";
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> answered,
                       parts_.database->Answered(kMethod, call));
  if (answered) return v1::ApproveRecoveryResponse();
  PSM_RETURN_IF_ERROR(
      AnswerFrom<v1::Account>(parts_, [&](soci::session& sql, absl::Time) {
        return PrimeIn(sql, request);
      }).status());
  PSM_RETURN_IF_ERROR(
      CheckInBeing(*parts_.corporations, &call, request.corporate_number()));
  return AnswerOnce<v1::ApproveRecoveryResponse>(
      parts_, kMethod, call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::ApproveRecoveryResponse> {
        PSM_ASSIGN_OR_RETURN(const v1::Account prime, PrimeIn(sql, request));
        Recovery recovery = RecoveryStore::Find(sql, prime.mail());
        recovery.approved_until = absl::ToUnixMicros(now + kApprovalLife);
        RecoveryStore::Put(sql, recovery);
        return v1::ApproveRecoveryResponse();
      });
}

}  // namespace psm::gbizid
