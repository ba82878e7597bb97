#include "services/residents/notices_service.h"

#include <set>
#include <string>
#include <vector>

#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "services/residents/test_protection.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::NotifyMoveOutRequest;
using residents::v1::NotifyMoveOutResponse;
using residents::v1::RegisterBirthRequest;
using residents::v1::RegisterBirthResponse;

class FakeEnrolment final : public Enrolment {
 public:
  absl::StatusOr<std::string> Enrol(const agency::CallContext&) override {
    ++asked;
    return answer;
  }
  absl::StatusOr<std::string> answer = std::string("nagi");
  int asked = 0;
};

class NoticesServiceTest : public RegisterTest {
 protected:
  absl::Status Born(const std::string& exchange, const std::string& etag) {
    agency::FakeCall call("akatsuki/counter", "resident-register",
                          {"name", "kana", "birth_date", "sex"}, exchange);
    RegisterBirthRequest request;
    request.set_subject("hanako");
    request.set_etag(etag);
    request.set_name("青空　凪");
    request.set_kana("アオゾラ　ナギ");
    request.set_birth_date("2026-11-15");
    born_.Clear();
    return agency::FromGrpc(
        service_.RegisterBirth(call.context(), &request, &born_));
  }

  FakeEnrolment enrolment_;
  ProtectionGate gate_{&residents_, &decisions_};
  FakeFlag flag_;
  HouseholdProtection protection_{&decisions_, &flag_};
  NoticesService service_{{&moves_, &withdrawals_, &families_, &households_,
                           &enrolment_, &gate_, &protection_, &clock_}};
  RegisterBirthResponse born_;
};

constexpr char kBirthExchange[] = "00000000-0000-4000-8000-0000000000aa";

TEST_F(NoticesServiceTest, AChildIsEnrolledOnce) {
  const std::string etag = Etag("hanako");
  ASSERT_TRUE(Born(kBirthExchange, etag).ok());
  EXPECT_EQ(born_.child(), "nagi");
  enrolment_.answer = std::string("somebody else");
  ASSERT_TRUE(Born(kBirthExchange, etag).ok());
  EXPECT_EQ(born_.child(), "nagi");
  EXPECT_EQ(enrolment_.asked, 1);
}

TEST_F(NoticesServiceTest, NobodyIsEnrolledForANoticeThatIsRefused) {
  EXPECT_EQ(ReasonOf(Born(kBirthExchange, "stale")), "ETAG_STALE");
  EXPECT_EQ(enrolment_.asked, 0);
  enrolment_.answer = agency::Refusal(absl::StatusCode::kUnavailable,
                                      "ENROLMENT_UNAVAILABLE", "no");
  EXPECT_EQ(ReasonOf(Born(kBirthExchange, Etag("hanako"))),
            "ENROLMENT_UNAVAILABLE");
  EXPECT_EQ(Household("hanako", today_).members_size(), 3);
}

// Each who comes is looked at, in the transaction that enters them.
TEST_F(NoticesServiceTest, NobodyMovesInAlongWithAProtectedPerson) {
  const auto announce = [this](const std::string& subject,
                               residents::v1::Member::Relation relation) {
    residents::v1::AnnounceMoveInRequest request;
    request.set_subject(subject);
    request.set_move_id("00000000-0000-4000-8000-0000000000cc");
    request.set_move_date("2026-11-20");
    request.set_origin("yunagi");
    request.set_tax_municipality("yunagi");
    request.set_name("仮野　" + subject);
    request.set_kana("カリノ　テスト");
    request.set_birth_date("1985-05-05");
    request.set_sex(1);
    request.set_relation(relation);
    return moves_.Announce(NewNotice("moving/desk"), request);
  };
  ASSERT_TRUE(announce("kei", residents::v1::Member::HEAD).ok());
  ASSERT_TRUE(announce("rin", residents::v1::Member::SPOUSE).ok());
  // Rin is under protection, from an earlier time here.
  ASSERT_TRUE(database_
                  ->Write([](soci::session& sql) {
                    sql << "INSERT INTO protection_decisions (decision_id, "
                           "subject, kind, desk, affair, last_date, "
                           "decide_time, decided_by) VALUES (1, 'rin', 1, '', "
                           "'', '2027-01-01', 0, 'akatsuki/counter')";
                    return absl::OkStatus();
                  })
                  .ok());
  const auto move_in = [this] {
    agency::FakeCall call("akatsuki/counter", "resident-register", {},
                          kBirthExchange);
    residents::v1::RegisterMoveInRequest request;
    request.set_subject("kei");
    request.set_move_date("2026-11-20");
    request.set_address("架空県あかつき市東雲台2丁目3番4号");
    residents::v1::RegisterMoveInResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.RegisterMoveIn(call.context(), &request, &response));
    EXPECT_EQ(response.members_size(), status.ok() ? 2 : 0);
    return ReasonOf(status);
  };
  EXPECT_EQ(move_in(), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(Household("kei", today_).members_size(), 0);
  residents::v1::AllowDeskRequest allow;
  allow.set_subject("rin");
  allow.set_desk("akatsuki/counter");
  allow.set_affair("resident-register");
  allow.set_last_date("2026-12-01");
  ASSERT_TRUE(decisions_.AllowDesk(NewNotice(), allow).ok());
  EXPECT_EQ(move_in(), "");
  EXPECT_EQ(flag_.protects, std::set<std::string>{"kei"})
      << "who lives with her now";
}

TEST_F(NoticesServiceTest, ACertificateSaysWhatTheAgreementGrants) {
  struct Case {
    const char* attribute;
    bool (*given)(const residents::v1::MovingPerson&);
  };
  using P = residents::v1::MovingPerson;
  const std::vector<Case> cases = {
      {"name", [](const P& p) { return !p.name().empty(); }},
      {"kana", [](const P& p) { return !p.kana().empty(); }},
      {"birth_date", [](const P& p) { return !p.birth_date().empty(); }},
      {"sex", [](const P& p) { return p.sex() != 0; }},
      {"relation", [](const P& p) { return p.relation() != 0; }},
      {"tax_municipality",
       [](const P& p) { return !p.tax_municipality().empty(); }}};
  for (const Case& granted : cases) {
    // The same exchange: what is kept for retries is not what is given.
    agency::FakeCall call("akatsuki/counter", "resident-register",
                          {granted.attribute});
    NotifyMoveOutRequest request;
    request.set_subject("fumie");
    request.set_move_date("2026-12-01");
    request.set_destination("yunagi");
    NotifyMoveOutResponse response;
    ASSERT_TRUE(
        service_.NotifyMoveOut(call.context(), &request, &response).ok());
    ASSERT_EQ(response.persons_size(), 1);
    EXPECT_EQ(response.persons(0).subject(), "fumie");
    for (const Case& c : cases) {
      EXPECT_EQ(c.given(response.persons(0)), &c == &granted)
          << c.attribute << " where " << granted.attribute << " is granted";
    }
  }
}

}  // namespace
}  // namespace psm
