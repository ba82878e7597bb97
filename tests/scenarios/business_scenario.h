// What the scenarios of businesses share: accounts at gbizid, their holders'
// authenticator apps, and how they become Primes.
#ifndef PSM_TESTS_SCENARIOS_BUSINESS_SCENARIO_H_
#define PSM_TESTS_SCENARIOS_BUSINESS_SCENARIO_H_

#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "mesh/base/japan_time.h"
#include "mesh/crypto/base32.h"
#include "psm/corporations/v1/corporations.grpc.pb.h"
#include "psm/gbizid/v1/accounts_service.grpc.pb.h"
#include "psm/gbizid/v1/delegation.grpc.pb.h"
#include "psm/gbizid/v1/prime_service.grpc.pb.h"
#include "services/gbizid/one_time_password.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {

namespace gv1 = gbizid::v1;
using gv1::AccountsService;
using gv1::DelegationsService;
using gv1::PrimeService;

inline constexpr char kTerminal[] = "portal/terminal";
inline constexpr char kGrants[] = "grants/grants";
inline constexpr char kPassword[] = "correct horse battery";
inline constexpr char kAccounts[] = "business-account";
inline constexpr char kSubsidy[] = "business-subsidy";

class BusinessScenario : public Scenario {
 protected:
  template <typename Response, typename Stub, typename Request>
  static Response Done(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                    const Request&, Response*),
                       const Request& request, const char* affair = kAccounts,
                       const char* consumer = kTerminal) {
    const auto reply =
        mesh().Client(consumer).Call(method, {.affair = affair}, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    return reply.message;
  }

  // An account's session at gbizid, with the password that its app shows next.
  static std::string SignIn(const std::string& mail) {
    gv1::SignInRequest request;
    request.set_mail(mail);
    request.set_password(kPassword);
    request.set_blind("0123456789abcdef");
    request.set_one_time_password(NextCode(mail));
    return Done(&AccountsService::Stub::SignIn, request).session();
  }
  static std::string Open(const std::string& number, const std::string& mail) {
    gv1::OpenEntryRequest request;
    request.set_corporate_number(number);
    if (number.empty()) request.set_trade_name("見本商店");
    request.set_mail(mail);
    request.set_password(kPassword);
    request.set_blind("0123456789abcdef");
    secrets_[mail] =
        Done(&AccountsService::Stub::OpenEntry, request).one_time_secret();
    return SignIn(mail);
  }
  static gv1::PrimeApplication Apply(const std::string& session,
                                     const std::string& number,
                                     gv1::PrimeApplication::Way way) {
    gv1::ApplyForPrimeRequest request;
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_way(way);
    if (way == gv1::PrimeApplication::DOCUMENTS) {
      gv1::Document& paper = *request.add_documents();
      paper.set_name("印鑑証明書");
      paper.set_sha256(std::string(64, 'a'));
    }
    return Done(&PrimeService::Stub::ApplyForPrime, request).application();
  }
  static auto ShowCard(const std::string& session, const std::string& number,
                       const gv1::PrimeApplication& application,
                       const std::string& person) {
    gv1::ApproveByCardRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_session(session);
    request.set_corporate_number(number);
    request.set_application_id(application.application_id());
    return mesh().Client(kTerminal).Call(&PrimeService::Stub::ApproveByCard,
                                         {.affair = kAccounts}, request);
  }
  static void ApproveDocuments(const gv1::PrimeApplication& application) {
    gv1::DecideApplicationRequest request;
    request.set_corporate_number(application.corporate_number());
    request.set_application_id(application.application_id());
    request.set_etag(application.etag());
    request.set_approve(true);
    Done(&PrimeService::Stub::DecideApplication, request, kAccounts,
         "gbizid/desk");
  }

  // The registry's officers close a corporation as of today.
  static void Dissolve(const std::string& number) {
    using corporations::v1::CorporationsService;
    constexpr char kRegistrar[] = "corporations/desk";
    constexpr char kRegistration[] = "corporate-registration";
    corporations::v1::GetCorporationRequest read;
    read.set_corporate_number(number);
    corporations::v1::RegisterChangeRequest dissolve;
    dissolve.set_corporate_number(number);
    dissolve.set_etag(Done(&CorporationsService::Stub::GetCorporation, read,
                           kRegistration, kRegistrar)
                          .etag());
    dissolve.set_effective_date(
        absl::FormatCivilTime(DayInJapan(mesh().clock().Now())));
    dissolve.mutable_dissolution();
    Done(&CorporationsService::Stub::RegisterChange, dissolve, kRegistration,
         kRegistrar);
  }

  // What an account's app shows next: a step later than whatever was used.
  static std::string NextCode(const std::string& mail) {
    mesh().AdvanceClock(gbizid::kOneTimeStep);
    return gbizid::OneTimePassword(
        *Base32Decode(absl::AsciiStrToLower(secrets_[mail])),
        gbizid::OneTimeStepOf(mesh().clock().Now()));
  }

  inline static std::map<std::string, std::string> secrets_;  // by mail address
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_BUSINESS_SCENARIO_H_
