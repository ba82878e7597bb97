// For the tests of this folder: gbizid's desks over a temporary database, and
// people who use them. Never linked into a program.
#ifndef PSM_SERVICES_GBIZID_TEST_OFFICE_H_
#define PSM_SERVICES_GBIZID_TEST_OFFICE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/base32.h"
#include "services/gbizid/account_desk.h"
#include "services/gbizid/acting_desk.h"
#include "services/gbizid/business_register.h"
#include "services/gbizid/delegation_desk.h"
#include "services/gbizid/one_time_password.h"
#include "services/gbizid/prime_desk.h"
#include "services/gbizid/recovery_desk.h"
#include "services/gbizid/schema.h"
#include "services/gbizid/sign_in_desk.h"

namespace psm::gbizid {

inline constexpr char kAlpha[] = "7123456789012";  // 株式会社あさひ見本
inline constexpr char kBeta[] = "4011001098993";   // 行政書士法人ゆうひ見本
inline constexpr char kPassword[] = "correct horse battery";
inline constexpr char kBlind[] = "0123456789abcdef";
inline constexpr char kGrants[] = "grants/grants";

// Cheap enough to sign in a hundred times.
inline constexpr Argon2Cost kCheap{.memory_kib = 16, .passes = 1, .lanes = 1};

// Knows people by subject, and fails the test when it is asked inside a
// transaction.
class FakeRepresentatives final : public Representatives {
 public:
  explicit FakeRepresentatives(agency::Database* database)
      : database_(*database) {}

  absl::StatusOr<std::string> NameOf(const agency::CallContext&,
                                     const std::string& subject) override {
    ++asked;
    EXPECT_TRUE(
        database_.Write([](soci::session&) { return absl::OkStatus(); }).ok());
    const auto found = names.find(subject);
    if (found == names.end())
      return agency::Refusal(absl::StatusCode::kUnavailable, "NAME_UNAVAILABLE",
                             "no");
    return found->second;
  }

  std::map<std::string, std::string> names;
  int asked = 0;

 private:
  agency::Database& database_;
};

// Knows corporations by number, and fails the test when it is asked inside a
// transaction.
class FakeCorporations final : public CorporationSource {
 public:
  explicit FakeCorporations(agency::Database* database)
      : database_(*database) {}

  absl::StatusOr<Corporation> InBeing(const agency::CallContext*,
                                      const std::string& number) override {
    ++asked;
    EXPECT_TRUE(
        database_.Write([](soci::session&) { return absl::OkStatus(); }).ok());
    const auto refused = refusals.find(number);
    if (refused != refusals.end())
      return agency::Refusal(refused->second == "CORPORATIONS_UNAVAILABLE"
                                 ? absl::StatusCode::kUnavailable
                                 : absl::StatusCode::kFailedPrecondition,
                             refused->second, "no");
    const auto found = known.find(number);
    if (found == known.end())
      return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                             "CORPORATION_UNKNOWN", "no");
    return found->second;
  }

  std::map<std::string, Corporation> known;
  std::map<std::string, std::string> refusals;  // reasons, by number
  int asked = 0;

 private:
  agency::Database& database_;
};

// Keeps what would be sent, or fails.
class KeptMails final : public Mailer {
 public:
  absl::Status Send(const Mail& mail) override {
    if (!status.ok()) return status;
    mails.push_back(mail);
    return absl::OkStatus();
  }
  absl::Status status;
  std::vector<Mail> mails;
};

// The office. Every call has an exchange id of its own unless Again() is said.
class Office : public testing::Test {
 protected:
  Office() {
    EXPECT_TRUE(
        businesses_
            .ImportOnce(clock_.Now(),
                        [&](BusinessRegister::Take take) {
                          absl::Status first = take(Business(
                              kAlpha, "株式会社あさひ見本", "見本　一郎"));
                          if (!first.ok()) return first;
                          return take(Business(kBeta, "行政書士法人ゆうひ見本",
                                               "見本　二葉"));
                        })
            .ok());
    corporations_.known = {{kAlpha, {"株式会社あさひ見本", "見本　一郎"}},
                           {kBeta, {"行政書士法人ゆうひ見本", "見本　二葉"}}};
    representatives_.names = {{"ichiro", "見本 一郎"},
                              {"futaba", "見本　二葉"},
                              {"saburo", "見本　三郎"}};
  }

  static seed::v1::Business Business(const std::string& number,
                                     const std::string& name,
                                     const std::string& representative) {
    seed::v1::Business business;
    business.set_corporate_number(number);
    business.set_name(name);
    business.set_representative(representative);
    business.set_account_type(v1::Account::ENTRY);
    return business;
  }

  // A call of its own, or the last one again.
  agency::CallContext Call(const std::string& consumer = "portal/terminal") {
    if (!again_) ++calls_;
    again_ = false;
    agency::CallContext call;
    call.consumer = consumer;
    call.exchange_id = absl::StrCat("exchange ", calls_);
    return call;
  }
  void Again() { again_ = true; }

  // What an app shows now for a secret in base32.
  std::string Code(const std::string& secret) const {
    return OneTimePassword(*Base32Decode(absl::AsciiStrToLower(secret)),
                           OneTimeStepOf(clock_.Now()));
  }

  absl::StatusOr<v1::OpenEntryResponse> Open(const std::string& number,
                                             const std::string& mail) {
    v1::OpenEntryRequest request;
    request.set_corporate_number(number);
    if (number.empty()) request.set_trade_name("見本商店");
    request.set_mail(mail);
    request.set_password(kPassword);
    request.set_blind(kBlind);
    auto opened = accounts_.OpenEntry(Call(), request);
    if (opened.ok()) secrets_[mail] = opened->one_time_secret();
    return opened;
  }

  // With the right one-time password, of a later step than any before.
  absl::StatusOr<v1::SignInResponse> Enter(
      const std::string& mail, const std::string& password = kPassword) {
    clock_.Advance(kOneTimeStep);
    return EnterWith(mail, password, Code(secrets_[mail]));
  }
  absl::StatusOr<v1::SignInResponse> EnterWith(const std::string& mail,
                                               const std::string& password,
                                               const std::string& code) {
    v1::SignInRequest request;
    request.set_mail(mail);
    request.set_password(password);
    request.set_one_time_password(code);
    request.set_blind(kBlind);
    return sign_ins_.SignIn(Call(), request);
  }
  std::string Session(const std::string& mail) {
    const auto entered = Enter(mail);
    EXPECT_TRUE(entered.ok()) << entered.status();
    return entered.ok() ? entered->session() : "";
  }

  absl::StatusOr<v1::PrimeApplication> Apply(const std::string& session,
                                             const std::string& number,
                                             v1::PrimeApplication::Way way) {
    v1::ApplyForPrimeRequest request;
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_way(way);
    if (way == v1::PrimeApplication::DOCUMENTS) {
      v1::Document& paper = *request.add_documents();
      paper.set_name("印鑑証明書");
      paper.set_sha256(std::string(64, 'a'));
    }
    auto applied = primes_.Apply(Call(), request);
    if (!applied.ok()) return applied.status();
    return applied->application();
  }
  absl::StatusOr<v1::Account> ShowCard(const std::string& session,
                                       const std::string& number,
                                       const std::string& application_id,
                                       const std::string& subject) {
    v1::ApproveByCardRequest request;
    request.set_subject(subject);
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_application_id(application_id);
    auto approved = primes_.ApproveByCard(Call(), request);
    if (!approved.ok()) return approved.status();
    return approved->account();
  }
  // A Prime's session.
  std::string Prime(const std::string& number, const std::string& mail,
                    const std::string& subject) {
    EXPECT_TRUE(Open(number, mail).ok());
    const std::string session = Session(mail);
    const auto applied = Apply(session, number, v1::PrimeApplication::CARD);
    EXPECT_TRUE(applied.ok()) << applied.status();
    const auto approved =
        ShowCard(session, number, applied->application_id(), subject);
    EXPECT_TRUE(approved.ok()) << approved.status();
    return session;
  }

  // A Member with a role at grants.
  v1::Account Join(const std::string& prime_session, const std::string& mail,
                   v1::RoleGrant::Role role) {
    v1::InviteMemberRequest invite;
    invite.set_session(prime_session);
    invite.set_mail(mail);
    v1::RoleGrant& grant = *invite.add_roles();
    grant.set_relying_service(kGrants);
    grant.set_role(role);
    const auto invited = accounts_.InviteMember(Call(), invite);
    EXPECT_TRUE(invited.ok()) << invited.status();
    const auto accepted = Accept(invited->invitation());
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    return accepted.ok() ? accepted->account() : v1::Account();
  }
  absl::StatusOr<v1::AcceptInvitationResponse> Accept(
      const std::string& invitation) {
    v1::AcceptInvitationRequest request;
    request.set_invitation(invitation);
    request.set_name("見本　四郎");
    request.set_password(kPassword);
    request.set_blind(kBlind);
    auto accepted = accounts_.AcceptInvitation(Call(), request);
    if (accepted.ok())
      secrets_[accepted->account().mail()] = accepted->one_time_secret();
    return accepted;
  }

  absl::StatusOr<v1::Account> AccountIn(const std::string& session) {
    v1::GetAccountRequest request;
    request.set_session(session);
    auto got = sign_ins_.GetAccount(Call(), request);
    if (!got.ok()) return got.status();
    return got->account();
  }

  ManualClock clock_{absl::FromUnixSeconds(1'780'000'000)};
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      *agency::Database::Open(folder_.File("gbizid.sqlite"), Migrations());
  TokenKey tokens_{SecretBytes(std::string(TokenKey::kSize, 'k'))};
  PasswordHasher passwords_{SecretBytes("pepper"), &SystemRandom(), kCheap};
  FakeCorporations corporations_{database_.get()};
  DeskParts parts_{database_.get(), &tokens_,        &passwords_,
                   &clock_,         &SystemRandom(), &corporations_};
  BusinessRegister businesses_{database_.get()};
  FakeRepresentatives representatives_{database_.get()};
  AccountDesk accounts_{parts_};
  SignInDesk sign_ins_{parts_};
  PrimeDesk primes_{parts_, &representatives_};
  KeptMails mailer_;
  RecoveryDesk recoveries_{parts_, &representatives_, &mailer_};
  DelegationDesk delegations_{parts_};
  ActingDesk acting_{parts_};
  std::map<std::string, std::string> secrets_;  // by mail address
  int calls_ = 0;
  bool again_ = false;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_TEST_OFFICE_H_
