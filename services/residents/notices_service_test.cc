#include "services/residents/notices_service.h"

#include <set>
#include <string>
#include <vector>

#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
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
  NoticesService service_{{&moves_, &withdrawals_, &families_, &households_,
                           &enrolment_, &gate_, &clock_}};
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
