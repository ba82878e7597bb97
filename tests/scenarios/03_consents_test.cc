// 3. A private company learns by consent, and by that consent alone.
#include "mesh/crypto/signing_key.h"
#include "mesh/policy/consent.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using identity::v1::BasicItemsService;
using identity::v1::ConsentService;
using ItemsReply = Reply<identity::v1::GetBasicItemsResponse>;

constexpr char kBank[] = "hoshizora-bank/customers";
constexpr char kIdentity[] = "identity/identity";
constexpr char kAffair[] = "customer-address";
constexpr char kMethod[] = "psm.identity.v1.BasicItemsService/GetBasicItems";

class Consents : public Scenario {
 protected:
  // A second consumer: somebody to steal tokens for.
  static void SetUpTestSuite() {
    StartMesh({.agreements = kBenefitsByConsent});
  }

  // The person's token for a consumer, as identity issues it.
  static identity::v1::GrantConsentResponse Grant(
      const std::string& person, const std::string& consumer,
      absl::Duration duration = absl::Hours(1)) {
    identity::v1::GrantConsentRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_consumer(consumer);
    request.set_affair(kAffair);
    request.set_method(kMethod);
    request.add_attributes("address");
    request.mutable_duration()->set_seconds(absl::ToInt64Seconds(duration));
    auto reply = mesh()
                     .Client("portal/terminal")
                     .Call(&ConsentService::Stub::GrantConsent,
                           {.affair = "own-request"}, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    return reply.message;
  }

  static ItemsReply Ask(const std::string& consumer, const std::string& token,
                        const std::string& code = "",
                        const std::string& affair = kAffair) {
    identity::v1::GetBasicItemsRequest request;
    request.set_subject(code);
    return mesh().Client(consumer).Call(&BasicItemsService::Stub::GetBasicItems,
                                        {.affair = affair, .consent = token},
                                        request);
  }

  // That it was refused for this reason, that nothing came, that it is
  // recorded.
  static void ExpectRefused(const ItemsReply& reply, const char* reason) {
    EXPECT_EQ(ReasonOf(reply.status), reason) << reply.status;
    EXPECT_EQ(reply->ByteSizeLong(), 0u);
    const Record record =
        OnlyRecord(mesh(), {.exchange_id = reply.exchange_id});
    EXPECT_EQ(record.kind(), Record::REFUSAL);
    EXPECT_EQ(record.reason(), reason);
    EXPECT_EQ(record.released_size(), 0);
  }
};

TEST_F(Consents, TheTokenNamesThePersonAndOpensWhatItSays) {
  const auto consent = Grant("hanako", kBank);
  const ItemsReply reply = Ask(kBank, consent.token());
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_NE(reply->address(), "");
  EXPECT_EQ(reply->name(), "");
  const Record record = OnlyRecord(
      mesh(), {.exchange_id = reply.exchange_id, .person = "hanako"});
  EXPECT_EQ(record.consent_id(), consent.consent_id());
  EXPECT_EQ(Released(record), std::vector<std::string>{"address"});
}

TEST_F(Consents, WithoutATokenOrWithAForgedOneNothingIsGiven) {
  const std::string good = Grant("hanako", kBank).token();
  ExpectRefused(Ask(kBank, ""), "CONSENT_REQUIRED");
  std::string flipped = good;
  flipped[flipped.size() - 10] ^= 1;
  ExpectRefused(Ask(kBank, flipped), "CONSENT_INVALID");
  const std::string unsigned_header = "eyJhbGciOiJub25lIn0";  // {"alg":"none"}
  ExpectRefused(Ask(kBank, unsigned_header +
                               good.substr(good.find('.'), good.rfind('.') + 1 -
                                                               good.find('.'))),
                "CONSENT_INVALID");
  // By somebody with a key of his own, with everything else as it should be.
  Consent forged;
  forged.id = NewExchangeId();
  forged.subject = mesh().Person("hanako").CodeAt("hoshizora-bank");
  forged.consumer = kBank;
  forged.affair = kAffair;
  forged.method = kMethod;
  forged.attributes = {"address"};
  forged.issue_time = mesh().clock().Now() - absl::Minutes(1);
  forged.expire_time = mesh().clock().Now() + absl::Hours(1);
  auto key = SigningKey::Generate();
  ExpectRefused(Ask(kBank, *SignConsent(forged, **key, "consent-1")),
                "CONSENT_INVALID");
}

TEST_F(Consents, ATokenOfOnePersonSaysNothingOfAnother) {
  const std::string token = Grant("hanako", kBenefits).token();
  const std::string hanako = mesh().Person("hanako").CodeAt("akatsuki");
  ASSERT_TRUE(Ask(kBenefits, token, hanako).status.ok());
  ExpectRefused(Ask(kBenefits, token, mesh().Person("taro").CodeAt("akatsuki")),
                "CONSENT_INVALID");
}

TEST_F(Consents, ATokenIsWorthNothingInOtherHandsOrForOtherAffairs) {
  const std::string token = Grant("hanako", kBank).token();
  ExpectRefused(
      Ask(kBenefits, token, mesh().Person("hanako").CodeAt("akatsuki")),
      "CONSENT_INVALID");
  ExpectRefused(Ask(kBank, token, "", "collect-arrears"), "NO_AGREEMENT");
  // A company has no subject codes to ask by, not even its own.
  ExpectRefused(
      Ask(kBank, token, mesh().Person("hanako").CodeAt("hoshizora-bank")),
      "SUBJECT_NOT_ACCEPTED");
}

TEST_F(Consents, AConsentEndsByItself) {
  const std::string token = Grant("hanako", kBank, absl::Minutes(10)).token();
  ASSERT_TRUE(Ask(kBank, token).status.ok());
  mesh().AdvanceClock(absl::Minutes(11));
  ExpectRefused(Ask(kBank, token), "CONSENT_EXPIRED");
  mesh().AdvanceClock(-absl::Minutes(11));
}

TEST_F(Consents, AWithdrawalBindsTheNextExchange) {
  const auto consent = Grant("hanako", kBank);
  ASSERT_TRUE(Ask(kBank, consent.token()).status.ok());
  identity::v1::WithdrawConsentRequest request;
  request.set_subject(mesh().Person("hanako").CodeAt("portal"));
  request.set_consent_id(consent.consent_id());
  const CallReport withdrawn = mesh()
                                   .Client("portal/terminal")
                                   .Call(&ConsentService::Stub::WithdrawConsent,
                                         {.affair = "own-request"}, request);
  ASSERT_TRUE(withdrawn.status.ok()) << withdrawn.status;
  ExpectRefused(Ask(kBank, consent.token()), "CONSENT_WITHDRAWN");
  // Nor can one withdraw for another.
  const auto other = Grant("taro", kBank);
  request.set_consent_id(other.consent_id());
  EXPECT_EQ(ReasonOf(mesh()
                         .Client("portal/terminal")
                         .Call(&ConsentService::Stub::WithdrawConsent,
                               {.affair = "own-request"}, request)
                         .status),
            "CONSENT_UNKNOWN");
  EXPECT_TRUE(Ask(kBank, other.token()).status.ok());
}

TEST_F(Consents, WhenWithdrawalsCannotBeHeardOfConsentOpensNothing) {
  const std::string token = Grant("hanako", kBank).token();
  ASSERT_TRUE(Ask(kBank, token).status.ok());
  mesh().Silence(kIdentity);
  const absl::Duration deadline = mesh().clock().Monotonic() + absl::Seconds(5);
  ItemsReply reply;
  while (ReasonOf(reply.status) != "CONSENT_STATE_STALE" &&
         mesh().clock().Monotonic() < deadline) {
    identity::v1::GetBasicItemsRequest request;
    reply = mesh().Client(kBank).Call(&BasicItemsService::Stub::GetBasicItems,
                                      {.affair = kAffair,
                                       .consent = token,
                                       .timeout = absl::Milliseconds(500)},
                                      request);
    EXPECT_FALSE(reply.status.ok());
  }
  EXPECT_EQ(ReasonOf(reply.status), "CONSENT_STATE_STALE") << reply.status;
  mesh().Break(kIdentity);  // ends the connections that lost bytes
  mesh().Mend(kIdentity);
  while (!reply.status.ok() &&
         mesh().clock().Monotonic() < deadline + absl::Seconds(10))
    reply = Ask(kBank, token);
  EXPECT_TRUE(reply.status.ok()) << reply.status;
}

}  // namespace
}  // namespace psm::testing
