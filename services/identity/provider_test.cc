#include "services/identity/provider.h"

#include "gtest/gtest.h"
#include "services/identity/provider_profile.h"
#include "services/identity/test_world.h"
#include "services/openid/jws.h"

namespace psm::identity {
namespace {

using openid::Language;
using openid::SignedIn;
using openid::SignInForm;

// Grants what it is told to, and remembers what it was asked.
class RememberedDisclosures : public Disclosures {
 public:
  absl::StatusOr<std::string> Disclose(const agency::CallContext& call,
                                       const Disclosure& disclosure) override {
    EXPECT_TRUE(IsUuid(call.exchange_id));
    asked.push_back(disclosure);
    if (!status.ok()) return status;
    return "sub-of-" + disclosure.subject + "-at-" + disclosure.audience;
  }
  absl::Status status;
  std::vector<Disclosure> asked;
};

class CardHolderSubjectsTest : public testing::Test {
 protected:
  CardHolderSubjectsTest() {
    client_.audience = "bank/customers";
    client_.affair = "customer-identification";
  }
  TestWorld world_;
  RememberedDisclosures disclosures_;
  CardHolderSubjects subjects_{world_.holders.get(), &disclosures_,
                               &SystemRandom()};
  openid::Client client_;
};

TEST_F(CardHolderSubjectsTest, TheNameAtAClientIsDisclosedWithoutAnyItem) {
  EXPECT_EQ(*subjects_.SubFor(client_, "hanako"),
            "sub-of-hanako-at-bank/customers");
  ASSERT_EQ(disclosures_.asked.size(), 1u);
  EXPECT_EQ(disclosures_.asked[0].affair, "sign-in");
  EXPECT_TRUE(disclosures_.asked[0].attributes.empty());
}

TEST_F(CardHolderSubjectsTest, EachClaimIsDisclosedAndNoOtherIsTold) {
  const auto claims =
      subjects_.Claims(client_, "hanako", {"gender", "name", "openid"});
  EXPECT_EQ(*claims,
            (nlohmann::json{{"name", "架空　hanako"}, {"gender", "female"}}));
  ASSERT_EQ(disclosures_.asked.size(), 1u);
  EXPECT_EQ(disclosures_.asked[0].attributes,
            (std::vector<std::string>{"sex", "name"}));
  EXPECT_EQ(disclosures_.asked[0].affair, "customer-identification");
  EXPECT_EQ(
      *subjects_.Claims(client_, "hanako", {"address", "birthdate"}),
      (nlohmann::json{{"address", {{"formatted", "架空県あかつき市1-2-3"}}},
                      {"birthdate", "1990-04-01"}}));
  EXPECT_EQ(*subjects_.Claims(client_, "hanako", {"openid", "sign"}),
            nlohmann::json::object());
  EXPECT_EQ(disclosures_.asked.size(), 2u);
}

TEST_F(CardHolderSubjectsTest, WhatTheMeshRefusesIsNotTold) {
  disclosures_.status = absl::PermissionDeniedError("no agreement");
  EXPECT_FALSE(subjects_.Claims(client_, "hanako", {"name"}).ok());
  EXPECT_FALSE(subjects_.SubFor(client_, "hanako").ok());
  disclosures_.status = absl::OkStatus();
  EXPECT_FALSE(subjects_.Claims(client_, "nobody", {"name"}).ok());
}

class CardSignInTest : public testing::Test {
 protected:
  static openid::Parameters Filled(const std::string& answer) {
    return *openid::Parameters::Parse("signed=" +
                                      openid::PercentEncode(answer));
  }
  // What becomes of an answer that the card check judges with `status_`.
  std::variant<SignedIn, SignInForm> Continue(const std::string& state,
                                              const std::string& answer) {
    return *sign_in_.Continue(state, Filled(answer), Language::kEnglish);
  }

  ManualClock clock_{absl::FromUnixSeconds(1760000000)};
  // The challenge of a state, as the page shows it.
  static std::string ChallengeOf(const SignInForm& form) {
    return form.state.substr(form.state.rfind(' ') + 1);
  }
  std::variant<SignedIn, SignInForm> Fill(const std::string& state,
                                          const std::string& form) {
    return *sign_in_.Continue(state, *openid::Parameters::Parse(form),
                              Language::kEnglish);
  }

  Challenges challenges_{&clock_, &SystemRandom()};
  CardArrivals arrivals_{&clock_, &SystemRandom()};
  absl::StatusOr<std::string> result_ = std::string("hanako");
  CardSignIn sign_in_{
      &challenges_, &arrivals_, "identity/identity",
      [this](const std::string& id,
             const CardAnswer& answer) -> absl::StatusOr<std::string> {
        EXPECT_EQ(answer.certificate, "certificate");
        EXPECT_EQ(answer.signature, "signature");
        absl::StatusOr<std::string> taken =
            challenges_.Take(id, "identity/identity");
        if (!taken.ok()) return taken.status();
        return result_;
      }};
  const std::string answer_ = EncodeCardAnswer({"certificate", "signature"});
};

TEST_F(CardSignInTest, ACardsAnswerSignsIn) {
  const SignInForm form = sign_in_.Begin(Language::kJapanese);
  const std::string challenge = ChallengeOf(form);
  EXPECT_EQ(openid::FromBase64Url(challenge)->size(), kChallengeSize);
  EXPECT_NE(form.fields.text().find(challenge), std::string::npos);
  // As it comes out of a terminal.
  std::string broken = answer_;
  broken.insert(5, "\r\n ");
  const auto step = Continue(form.state, broken + "\n");
  ASSERT_TRUE(std::holds_alternative<SignedIn>(step));
  EXPECT_EQ(std::get<SignedIn>(step).subject, "hanako");
  EXPECT_EQ(std::get<SignedIn>(step).acr, "aal3");
}

TEST_F(CardSignInTest, WhatIsNoAnswerCostsNoChallenge) {
  const std::string waits = sign_in_.Begin(Language::kEnglish).state;
  const std::string state =
      std::get<SignInForm>(Fill(waits, "way=paste")).state;
  EXPECT_NE(state, waits);
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("<b>"), answer_ + ".x",
        std::string("YQ."), std::string(9000, 'a')}) {
    const auto step = Continue(state, bad);
    ASSERT_TRUE(std::holds_alternative<SignInForm>(step)) << bad;
    EXPECT_EQ(ChallengeOf(std::get<SignInForm>(step)),
              state.substr(state.rfind(' ') + 1));
    EXPECT_EQ(std::get<SignInForm>(step).fields.text().find("<b>"),
              std::string::npos);
  }
  EXPECT_TRUE(std::holds_alternative<SignedIn>(Continue(state, answer_)));
}

TEST_F(CardSignInTest, AFailedAnswerBringsANewChallenge) {
  std::string state = sign_in_.Begin(Language::kEnglish).state;
  for (const char* reason : {"SIGNATURE_INVALID", "CERTIFICATE_NOT_ACCEPTED"}) {
    result_ = agency::Refusal(absl::StatusCode::kPermissionDenied, reason, "");
    const auto step = Continue(state, answer_);
    ASSERT_TRUE(std::holds_alternative<SignInForm>(step));
    EXPECT_NE(std::get<SignInForm>(step).state, state);
    state = std::get<SignInForm>(step).state;
  }
  clock_.Advance(kChallengeLifetime);
  result_ = std::string("hanako");
  const auto late = Continue(state, answer_);
  ASSERT_TRUE(std::holds_alternative<SignInForm>(late));
  result_ = absl::UnavailableError("database");
  EXPECT_FALSE(sign_in_
                   .Continue(std::get<SignInForm>(late).state, Filled(answer_),
                             Language::kEnglish)
                   .ok());
}

TEST_F(CardSignInTest, ThePageWaitsForTheCardAndAsksForItsNumber) {
  const SignInForm page = sign_in_.Begin(Language::kEnglish);
  EXPECT_GT(page.look_again_seconds, 0);
  EXPECT_EQ(page.fields.text().find("<textarea"), std::string::npos)
      << "loading it again would empty it";
  EXPECT_EQ(sign_in_.Again(page.state, Language::kJapanese).look_again_seconds,
            page.look_again_seconds);
  // Continue, pressed too early.
  EXPECT_EQ(std::get<SignInForm>(Fill(page.state, "")).state, page.state);

  const auto number =
      sign_in_.Deliver(ChallengeOf(page), *DecodeCardAnswer(answer_));
  ASSERT_TRUE(number.ok()) << number.status();
  const SignInForm asks = sign_in_.Again(page.state, Language::kEnglish);
  EXPECT_EQ(asks.look_again_seconds, 0);
  EXPECT_NE(asks.fields.text().find("name=\"number\""), std::string::npos);
  EXPECT_EQ(asks.fields.text().find(*number), std::string::npos);
  const auto wrong = Fill(page.state, "number=12345");
  ASSERT_TRUE(std::holds_alternative<SignInForm>(wrong));
  EXPECT_TRUE(std::get<SignInForm>(wrong).wrong);
  const auto step = Fill(page.state, "number=" + *number);
  ASSERT_TRUE(std::holds_alternative<SignedIn>(step));
  EXPECT_EQ(std::get<SignedIn>(step).subject, "hanako");
}

TEST_F(CardSignInTest, WhoeverHasNotTheNumberDoesNotSignIn) {
  // The page of somebody who showed its challenge to the card's holder.
  const SignInForm page = sign_in_.Begin(Language::kEnglish);
  ASSERT_TRUE(
      sign_in_.Deliver(ChallengeOf(page), *DecodeCardAnswer(answer_)).ok());
  for (int i = 0; i < kNumberTries; ++i)
    EXPECT_TRUE(
        std::holds_alternative<SignInForm>(Fill(page.state, "number=1234567")));
  const auto after = Fill(page.state, "");
  ASSERT_TRUE(std::holds_alternative<SignInForm>(after));
  EXPECT_NE(std::get<SignInForm>(after).state, page.state) << "it began anew";
  // Neither does a second answer to what was answered.
  EXPECT_EQ(
      ReasonOf(sign_in_.Deliver(ChallengeOf(page), *DecodeCardAnswer(answer_))
                   .status()),
      "CHALLENGE_EXPIRED");
}

TEST_F(CardSignInTest, WhatTheCardCheckRefusesIsSaidOnThePageAndToTheProgram) {
  const SignInForm page = sign_in_.Begin(Language::kEnglish);
  result_ = agency::Refusal(absl::StatusCode::kPermissionDenied,
                            "CERTIFICATE_NOT_ACCEPTED", "");
  EXPECT_EQ(
      ReasonOf(sign_in_.Deliver(ChallengeOf(page), *DecodeCardAnswer(answer_))
                   .status()),
      "CERTIFICATE_NOT_ACCEPTED");
  EXPECT_TRUE(sign_in_.Again(page.state, Language::kEnglish).wrong);
  const auto anew = Fill(page.state, "");
  ASSERT_TRUE(std::holds_alternative<SignInForm>(anew));
  EXPECT_NE(std::get<SignInForm>(anew).fields.text().find("cannot be used"),
            std::string::npos);
  EXPECT_NE(std::get<SignInForm>(anew).state, page.state);
}

TEST(AuthenticationAppProfileTest, DemandsWhatTheAuthenticationAppDemands) {
  const openid::Profile profile = AuthenticationAppProfile("https://localhost");
  EXPECT_TRUE(profile.requires_state && profile.requires_nonce &&
              profile.requires_pkce && profile.pairwise);
  EXPECT_EQ(profile.authentication,
            openid::ClientAuthentication::kPrivateKeyJwt);
  std::vector<std::string> scopes;
  for (const openid::Scope& scope : profile.scopes) scopes.push_back(scope.id);
  EXPECT_EQ(scopes, (std::vector<std::string>{"openid", "name", "address",
                                              "birthdate", "gender", "sign"}));
  EXPECT_EQ(profile.acr_values, std::vector<std::string>{"aal3"});
}

}  // namespace
}  // namespace psm::identity
