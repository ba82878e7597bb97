// Passwords are hashed before a transaction begins, since all other writers
// would wait for it; what was looked at before is looked at again inside.
#include "services/gbizid/account_desk.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "mesh/agency/answers.h"
#include "mesh/base/error.h"
#include "mesh/crypto/base32.h"
#include "services/codes/corporate_number.h"
#include "services/gbizid/account_rules.h"
#include "services/gbizid/one_time_secret.h"

namespace psm::gbizid {
namespace {

constexpr char kInvitation[] = "invitation";

absl::Status MailTaken() {
  return agency::Refusal(absl::StatusCode::kAlreadyExists, "MAIL_TAKEN",
                         "an account has this mail address");
}

absl::Status InvitationInvalid() {
  return agency::Refusal(absl::StatusCode::kPermissionDenied,
                         "INVITATION_INVALID",
                         "there is no such invitation any more");
}

struct Invitation {
  std::string parent_id;
  std::string mail;
  std::string roles;
};

// One that is open and whose Prime may still invite.
absl::StatusOr<Invitation> FindInvitation(soci::session& sql,
                                          const std::string& id,
                                          absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  Invitation found;
  sql << "SELECT parent_id, mail, roles FROM invitations WHERE "
         "invitation_id = :id AND expire_time > :now",
      soci::into(found.parent_id), soci::into(found.mail),
      soci::into(found.roles), soci::use(id), soci::use(time);
  if (!sql.got_data()) return InvitationInvalid();
  return found;
}

}  // namespace

std::string AccountDesk::OneTimeSecretText(
    const std::string& account_id) const {
  return absl::AsciiStrToUpper(
      Base32Encode(OneTimeSecretOf(*parts_.tokens, account_id).Reveal()));
}

absl::StatusOr<v1::Account> AccountDesk::BusinessIn(
    const agency::CallContext& call, const v1::OpenEntryRequest& request) {
  v1::Account account;
  account.set_type(v1::Account::ENTRY);
  account.set_state(v1::Account::ACTIVE);
  const bool numbered = !request.corporate_number().empty();
  if (numbered ? !request.trade_name().empty() : !IsName(request.trade_name()))
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "BUSINESS_MALFORMED",
                           "give a corporate number or a trade name");
  if (!numbered) {
    account.set_corp_type(v1::Account::SOLE_PROPRIETOR);
    account.set_name(request.trade_name());
    return account;
  }
  if (!IsCorporateNumber(request.corporate_number()))
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "BUSINESS_MALFORMED",
                           "the corporate number has a wrong check digit");
  const auto corporation =
      parts_.corporations->InBeing(&call, request.corporate_number());
  if (ReasonOf(corporation.status()) == "CORPORATION_UNKNOWN")
    return agency::Refusal(absl::StatusCode::kNotFound, "BUSINESS_UNKNOWN",
                           "no corporation is registered by this number");
  if (!corporation.ok()) return corporation.status();
  account.set_corp_type(v1::Account::CORPORATION);
  account.set_corporate_number(request.corporate_number());
  account.set_name(corporation->name);
  return account;
}

absl::StatusOr<v1::OpenEntryResponse> AccountDesk::OpenEntry(
    const agency::CallContext& call, const v1::OpenEntryRequest& request) {
  constexpr char kMethod[] = "OpenEntry";
  PSM_RETURN_IF_ERROR(CheckBlind(request.blind()));
  PSM_ASSIGN_OR_RETURN(const std::string mail, CheckedMail(request.mail()));
  PSM_RETURN_IF_ERROR(CheckPassword(request.password(), mail));
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  v1::OpenEntryResponse response;
  if (kept) {
    PSM_ASSIGN_OR_RETURN(response,
                         agency::ParseAnswer<v1::OpenEntryResponse>(*kept));
  } else {
    KeptAccount opened;
    PSM_ASSIGN_OR_RETURN(opened.account, BusinessIn(call, request));
    opened.account.set_account_id(NewUuid(*parts_.random));
    opened.account.set_mail(mail);
    opened.password = parts_.passwords->Hash(request.password());
    PSM_ASSIGN_OR_RETURN(
        response,
        AnswerOnce<v1::OpenEntryResponse>(
            parts_, kMethod, call,
            [&](soci::session& sql,
                absl::Time now) -> absl::StatusOr<v1::OpenEntryResponse> {
              if (AccountStore::FindByMail(sql, mail)) return MailTaken();
              AccountStore::Insert(sql, opened, now);
              v1::OpenEntryResponse answer;
              *answer.mutable_account() = opened.account;
              return answer;
            }));
  }
  response.set_one_time_secret(
      OneTimeSecretText(response.account().account_id()));
  return response;
}

absl::StatusOr<v1::InviteMemberResponse> AccountDesk::InviteMember(
    const agency::CallContext& call, const v1::InviteMemberRequest& request) {
  PSM_ASSIGN_OR_RETURN(const std::string mail, CheckedMail(request.mail()));
  PSM_ASSIGN_OR_RETURN(const std::string roles, EncodeRoles(request.roles()));
  const std::string id = NewUuid(*parts_.random);
  PSM_ASSIGN_OR_RETURN(
      v1::InviteMemberResponse response,
      AnswerOnce<v1::InviteMemberResponse>(
          parts_, "InviteMember", call,
          [&](soci::session& sql,
              absl::Time now) -> absl::StatusOr<v1::InviteMemberResponse> {
            PSM_ASSIGN_OR_RETURN(
                const v1::Account prime,
                parts_.sessions().PrimeOf(sql, request.session(), now));
            if (AccountStore::FindByMail(sql, mail)) return MailTaken();
            const long long expire =
                absl::ToUnixMicros(now + kInvitationLifetime);
            sql << "INSERT INTO invitations (invitation_id, parent_id, mail, "
                   "roles, expire_time) VALUES (:id, :parent, :mail, :roles, "
                   ":expire)",
                soci::use(id), soci::use(prime.account_id()), soci::use(mail),
                soci::use(roles), soci::use(expire);
            v1::InviteMemberResponse answer;
            answer.set_invitation(id);
            return answer;
          }));
  response.set_invitation(
      parts_.tokens->Token(kInvitation, response.invitation()));
  return response;
}

absl::StatusOr<v1::AcceptInvitationResponse> AccountDesk::AcceptInvitation(
    const agency::CallContext& call,
    const v1::AcceptInvitationRequest& request) {
  constexpr char kMethod[] = "AcceptInvitation";
  PSM_RETURN_IF_ERROR(CheckBlind(request.blind()));
  if (!IsName(request.name()))
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "NAME_MALFORMED",
                           "give a name of at most 200 bytes");
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                       parts_.database->Answered(kMethod, call));
  v1::AcceptInvitationResponse response;
  if (kept) {
    PSM_ASSIGN_OR_RETURN(
        response, agency::ParseAnswer<v1::AcceptInvitationResponse>(*kept));
  } else {
    const std::optional<std::string> id =
        parts_.tokens->IdIn(kInvitation, request.invitation());
    if (!id) return InvitationInvalid();
    Invitation invitation;
    PSM_RETURN_IF_ERROR(
        parts_.database->Read([&](soci::session& sql) -> absl::Status {
          PSM_ASSIGN_OR_RETURN(invitation,
                               FindInvitation(sql, *id, parts_.clock->Now()));
          return absl::OkStatus();
        }));
    PSM_RETURN_IF_ERROR(CheckPassword(request.password(), invitation.mail));
    KeptAccount opened;
    opened.password = parts_.passwords->Hash(request.password());
    opened.account.set_account_id(NewUuid(*parts_.random));
    PSM_ASSIGN_OR_RETURN(
        response,
        AnswerOnce<v1::AcceptInvitationResponse>(
            parts_, kMethod, call,
            [&](soci::session& sql, absl::Time now)
                -> absl::StatusOr<v1::AcceptInvitationResponse> {
              PSM_ASSIGN_OR_RETURN(const Invitation open,
                                   FindInvitation(sql, *id, now));
              const std::optional<KeptAccount> prime =
                  AccountStore::Find(sql, open.parent_id);
              if (!prime || prime->account.state() != v1::Account::ACTIVE)
                return InvitationInvalid();
              if (AccountStore::FindByMail(sql, open.mail)) return MailTaken();
              v1::Account& member = opened.account;
              member.set_type(v1::Account::MEMBER);
              member.set_state(v1::Account::ACTIVE);
              member.set_corp_type(prime->account.corp_type());
              member.set_corporate_number(prime->account.corporate_number());
              member.set_subject(prime->account.subject());
              member.set_mail(open.mail);
              member.set_name(request.name());
              member.set_parent_id(open.parent_id);
              *member.mutable_roles() = DecodeRoles(open.roles);
              AccountStore::Insert(sql, opened, now);
              sql << "DELETE FROM invitations WHERE invitation_id = :id",
                  soci::use(*id);
              v1::AcceptInvitationResponse answer;
              *answer.mutable_account() = member;
              return answer;
            }));
  }
  response.set_one_time_secret(
      OneTimeSecretText(response.account().account_id()));
  return response;
}

absl::StatusOr<v1::ListMembersResponse> AccountDesk::ListMembers(
    const agency::CallContext&, const v1::ListMembersRequest& request) {
  return AnswerFrom<v1::ListMembersResponse>(
      parts_,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::ListMembersResponse> {
        PSM_ASSIGN_OR_RETURN(
            const v1::Account prime,
            parts_.sessions().PrimeOf(sql, request.session(), now));
        v1::ListMembersResponse answer;
        for (v1::Account& member :
             AccountStore::MembersOf(sql, prime.account_id()))
          *answer.add_members() = std::move(member);
        return answer;
      });
}

absl::StatusOr<v1::UpdateMemberResponse> AccountDesk::UpdateMember(
    const agency::CallContext& call, const v1::UpdateMemberRequest& request) {
  PSM_RETURN_IF_ERROR(EncodeRoles(request.roles()).status());
  return AnswerOnce<v1::UpdateMemberResponse>(
      parts_, "UpdateMember", call,
      [&](soci::session& sql,
          absl::Time now) -> absl::StatusOr<v1::UpdateMemberResponse> {
        PSM_ASSIGN_OR_RETURN(
            const v1::Account prime,
            parts_.sessions().PrimeOf(sql, request.session(), now));
        std::optional<KeptAccount> member =
            AccountStore::Find(sql, request.account_id());
        if (!member || member->account.parent_id() != prime.account_id())
          return agency::Refusal(absl::StatusCode::kNotFound, "ACCOUNT_UNKNOWN",
                                 "no member of this Prime has this id");
        v1::Account& account = member->account;
        PSM_RETURN_IF_ERROR(CheckEtag(request.etag(), account.etag()));
        *account.mutable_roles() = request.roles();
        account.set_state(request.suspended() ? v1::Account::SUSPENDED
                                              : v1::Account::ACTIVE);
        AccountStore::Change(sql, account);
        if (request.suspended()) Sessions::EndAllOf(sql, account.account_id());
        v1::UpdateMemberResponse answer;
        *answer.mutable_account() = account;
        return answer;
      });
}

}  // namespace psm::gbizid
