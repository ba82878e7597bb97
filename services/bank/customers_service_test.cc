#include "services/bank/customers_service.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm::bank {
namespace {

using agency::FakeCall;

constexpr char kNotice[] = "00000000-0000-4000-8000-00000000000a";
constexpr char kOther[] = "00000000-0000-4000-8000-00000000000b";

std::string TokenOf(const std::string& sub) {
  return absl::StrCat(
      "e30.", absl::WebSafeBase64Escape("{\"sub\":\"" + sub + "\"}"), ".c2ln");
}

// Answers as the gateway would, and keeps what it was asked.
class FakeSource : public AddressSource {
 public:
  absl::StatusOr<std::string> GetAddress(const agency::CallContext& call,
                                         absl::string_view token) override {
    exchanges.push_back(call.exchange_id);
    tokens.emplace_back(token);
    return answer;
  }
  absl::StatusOr<std::string> answer = std::string("架空県新町1-2-3");
  std::vector<std::string> exchanges;
  std::vector<std::string> tokens;
};

class CustomersServiceTest : public testing::Test {
 protected:
  CustomersServiceTest() {
    database_ = *agency::Database::Open(folder_.File("bank.sqlite"),
                                        CustomerRegister::Migrations());
    customers_ = std::make_unique<CustomerRegister>(database_.get());
    EXPECT_TRUE(Import({"hanako", "taro"}).ok());
    service_ = std::make_unique<CustomersService>(
        customers_.get(), &source_, &clock_, [this] { ++followed_; });
  }

  absl::Status Import(const std::vector<std::string>& subs) {
    return customers_->ImportOnce(
        clock_.Now(), [&](CustomerRegister::Take take) -> absl::Status {
          int number = 0;
          for (const std::string& sub : subs) {
            seed::v1::Customer customer;
            customer.set_subject(sub);
            customer.set_customer_number(absl::StrCat("C", ++number));
            customer.set_address("架空県旧町9");
            if (absl::Status taken = take(customer); !taken.ok()) return taken;
          }
          return absl::OkStatus();
        });
  }

  absl::Status Update(const std::string& subject, const std::string& token,
                      const std::string& exchange = kNotice,
                      const std::vector<std::string>& attributes = {
                          "address"}) {
    FakeCall call("portal/terminal", "own-request", attributes, exchange);
    v1::UpdateAddressRequest request;
    request.set_subject(subject);
    request.set_consent_token(token);
    response_.Clear();
    return agency::FromGrpc(
        service_->UpdateAddress(call.context(), &request, &response_));
  }
  std::string Follow(const std::string& subject, const std::string& token,
                     const std::string& exchange = kNotice) {
    FakeCall call("portal/terminal", "own-request", {}, exchange);
    v1::FollowMovesRequest request;
    request.set_subject(subject);
    request.set_consent_token(token);
    v1::FollowMovesResponse response;
    return ReasonOf(agency::FromGrpc(
        service_->FollowMoves(call.context(), &request, &response)));
  }
  v1::GetCustomerResponse File(const std::string& sub,
                               const std::vector<std::string>& attributes) {
    FakeCall call("portal/terminal", "own-request", attributes, kNotice);
    v1::GetCustomerRequest request;
    request.set_subject(sub);
    v1::GetCustomerResponse response;
    EXPECT_TRUE(
        service_->GetCustomer(call.context(), &request, &response).ok());
    return response;
  }
  std::string OnFile(const std::string& sub) {
    return customers_->AddressOf(sub).value_or("none");
  }

  TempFolder folder_;
  ManualClock clock_{absl::FromUnixSeconds(1760000000)};
  std::unique_ptr<agency::Database> database_;
  std::unique_ptr<CustomerRegister> customers_;
  FakeSource source_;
  int followed_ = 0;
  std::unique_ptr<CustomersService> service_;
  v1::UpdateAddressResponse response_;
};

TEST_F(CustomersServiceTest, KeepsTheAddressThatTheConsentOpens) {
  ASSERT_TRUE(Update("hanako", TokenOf("hanako")).ok());
  EXPECT_EQ(response_.address(), "架空県新町1-2-3");
  EXPECT_TRUE(response_.changed());
  EXPECT_EQ(OnFile("hanako"), "架空県新町1-2-3");
  EXPECT_EQ(OnFile("taro"), "架空県旧町9");
  EXPECT_EQ(source_.tokens, std::vector<std::string>{TokenOf("hanako")});
  EXPECT_EQ(source_.exchanges, std::vector<std::string>{kNotice});
}

TEST_F(CustomersServiceTest, TheSameAddressAgainIsNoChange) {
  ASSERT_TRUE(Update("hanako", TokenOf("hanako")).ok());
  ASSERT_TRUE(Update("hanako", TokenOf("hanako"), kOther).ok());
  EXPECT_FALSE(response_.changed());
}

TEST_F(CustomersServiceTest, FollowsMovesByTheCustomersOwnTokenAlone) {
  EXPECT_EQ(Follow("nobody", TokenOf("nobody")), "CUSTOMER_UNKNOWN");
  EXPECT_EQ(Follow("hanako", TokenOf("taro")), "CONSENT_INVALID");
  EXPECT_EQ(Follow("hanako", "junk"), "CONSENT_INVALID");
  EXPECT_EQ(followed_, 0);
  EXPECT_TRUE(customers_->MovesConsents()->empty());
  EXPECT_EQ(Follow("hanako", TokenOf("hanako")), "");
  EXPECT_EQ(Follow("hanako", TokenOf("hanako"), kOther), "");
  EXPECT_EQ(followed_, 2);
  EXPECT_EQ(*customers_->MovesConsents(),
            std::vector<std::string>{TokenOf("hanako")})
      << "one of each customer";
}

TEST_F(CustomersServiceTest, AMoveMakesTheAddressOldUntilANewOneComes) {
  ASSERT_TRUE(database_
                  ->Write([](soci::session& sql) {
                    CustomerRegister::HearOfMove(sql, "hanako", "2026-11-22");
                    CustomerRegister::HearOfMove(sql, "nobody", "2026-11-22");
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(File("hanako", {"address"}).moved_date(), "2026-11-22");
  EXPECT_EQ(File("hanako", {"address"}).address(), "架空県旧町9");
  EXPECT_EQ(File("hanako", {}).ByteSizeLong(), 0u);
  EXPECT_EQ(File("taro", {"address"}).moved_date(), "");
  ASSERT_TRUE(Update("hanako", TokenOf("hanako")).ok());
  EXPECT_EQ(File("hanako", {"address"}).moved_date(), "");
}

TEST_F(CustomersServiceTest, WhereEventsWereMissedFollowersMayHaveMoved) {
  ASSERT_EQ(Follow("hanako", TokenOf("hanako")), "");
  EXPECT_FALSE(File("hanako", {"address"}).moves_missed());
  ASSERT_TRUE(database_
                  ->Write([](soci::session& sql) {
                    CustomerRegister::MissMoves(sql);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(File("hanako", {"address"}).moves_missed());
  EXPECT_EQ(File("hanako", {}).ByteSizeLong(), 0u);
  EXPECT_FALSE(File("taro", {"address"}).moves_missed())
      << "of his moves nobody was to tell";
  ASSERT_TRUE(Update("hanako", TokenOf("hanako"), kOther).ok());
  EXPECT_FALSE(File("hanako", {"address"}).moves_missed());
}

TEST_F(CustomersServiceTest, ARetryGetsTheFirstAnswerAgain) {
  ASSERT_TRUE(Update("hanako", TokenOf("hanako")).ok());
  ASSERT_TRUE(Update("hanako", TokenOf("hanako")).ok());
  EXPECT_TRUE(response_.changed());
}

TEST_F(CustomersServiceTest, AnExchangeIdUsedForAnotherCustomerIsNoRetry) {
  ASSERT_TRUE(Update("hanako", TokenOf("hanako")).ok());
  source_.answer = std::string("架空県北町5");
  ASSERT_TRUE(Update("taro", TokenOf("taro")).ok());
  EXPECT_EQ(response_.address(), "架空県北町5");
  EXPECT_EQ(OnFile("hanako"), "架空県新町1-2-3");
  EXPECT_EQ(OnFile("taro"), "架空県北町5");
}

TEST_F(CustomersServiceTest, AnotherCustomersConsentChangesNobodysFile) {
  const absl::Status status = Update("hanako", TokenOf("taro"));
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(status), "CONSENT_INVALID");
  EXPECT_TRUE(source_.tokens.empty());
  EXPECT_EQ(OnFile("hanako"), "架空県旧町9");
  EXPECT_EQ(OnFile("taro"), "架空県旧町9");
}

TEST_F(CustomersServiceTest, ATokenThatIsNoneNeverReachesTheGateway) {
  EXPECT_EQ(ReasonOf(Update("hanako", "a.b\r\npsm-consumer: x.c")),
            "CONSENT_INVALID");
  EXPECT_TRUE(source_.tokens.empty());
}

TEST_F(CustomersServiceTest, AStrangerIsNoCustomer) {
  EXPECT_EQ(ReasonOf(Update("jiro", TokenOf("jiro"))), "CUSTOMER_UNKNOWN");
  EXPECT_EQ(ReasonOf(Update("", TokenOf("jiro"))), "CUSTOMER_UNKNOWN");
  EXPECT_TRUE(source_.tokens.empty());
}

TEST_F(CustomersServiceTest, AnAddressThatTheConsentDoesNotCoverIsNotKept) {
  source_.answer = std::string();
  EXPECT_EQ(ReasonOf(Update("hanako", TokenOf("hanako"))),
            "ADDRESS_NOT_DISCLOSED");
  EXPECT_EQ(OnFile("hanako"), "架空県旧町9");
}

TEST_F(CustomersServiceTest, AnAttributeThatIsNotGrantedIsNotInTheAnswer) {
  ASSERT_TRUE(Update("hanako", TokenOf("hanako"), kNotice, {}).ok());
  EXPECT_EQ(response_.address(), "");
  EXPECT_TRUE(response_.changed());
}

TEST_F(CustomersServiceTest, RefusalsArePassedOnAsTheContractSays) {
  struct Row {
    absl::StatusCode code;
    const char* reason;
    absl::StatusCode expected_code;
    const char* expected_reason;
  };
  using Code = absl::StatusCode;
  for (const Row& row : {
           Row{Code::kFailedPrecondition, "CONSENT_EXPIRED",
               Code::kFailedPrecondition, "CONSENT_EXPIRED"},
           Row{Code::kFailedPrecondition, "CONSENT_WITHDRAWN",
               Code::kFailedPrecondition, "CONSENT_WITHDRAWN"},
           Row{Code::kPermissionDenied, "CONSENT_INVALID",
               Code::kPermissionDenied, "CONSENT_INVALID"},
           Row{Code::kFailedPrecondition, "CONSENT_REQUIRED",
               Code::kFailedPrecondition, "ADDRESS_NOT_DISCLOSED"},
           Row{Code::kUnavailable, "CONSENT_STATE_STALE", Code::kUnavailable,
               "ADDRESS_NOT_DISCLOSED"},
           Row{Code::kPermissionDenied, "NO_AGREEMENT",
               Code::kFailedPrecondition, "ADDRESS_NOT_DISCLOSED"},
           Row{Code::kNotFound, "PERSON_UNKNOWN", Code::kFailedPrecondition,
               "ADDRESS_NOT_DISCLOSED"},
           Row{Code::kInternal, "", Code::kFailedPrecondition,
               "ADDRESS_NOT_DISCLOSED"},
       }) {
    source_.answer = MakeError(row.code, row.reason, Party::kGateway,
                               "a text with 架空　花子 in it");
    const absl::Status status = Update("hanako", TokenOf("hanako"));
    EXPECT_EQ(status.code(), row.expected_code) << row.reason;
    EXPECT_EQ(ReasonOf(status), row.expected_reason) << row.reason;
    EXPECT_EQ(status.message().find("花子"), absl::string_view::npos);
    EXPECT_EQ(OnFile("hanako"), "架空県旧町9");
  }
}

TEST_F(CustomersServiceTest, SeedsAreTakenOnceAndWhole) {
  EXPECT_TRUE(Import({"jiro"}).ok());
  EXPECT_EQ(OnFile("jiro"), "none");

  auto database = *agency::Database::Open(folder_.File("other.sqlite"),
                                          CustomerRegister::Migrations());
  customers_ = std::make_unique<CustomerRegister>(database.get());
  EXPECT_EQ(ReasonOf(Import({"jiro", ""})), "SEED_INVALID");
  EXPECT_EQ(OnFile("jiro"), "none") << "a bad line leaves none behind";
  EXPECT_TRUE(Import({"jiro"}).ok());
  EXPECT_EQ(OnFile("jiro"), "架空県旧町9");
}

}  // namespace
}  // namespace psm::bank
