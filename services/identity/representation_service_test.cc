#include "services/identity/representation_service.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/japan_time.h"
#include "services/identity/card/card_items.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using agency::FakeCall;

constexpr char kPortal[] = "portal/terminal";

class RepresentationTest : public testing::Test {
 protected:
  RepresentationTest() {
    // Hanako and Taro are adults; Jiro is ten and turns 18 in 2033.
    EXPECT_TRUE(world_.database
                    ->Write([&](soci::session& sql) {
                      sql << "UPDATE card_holders SET birth_date = "
                             "'2015-04-02' WHERE subject = 'jiro'";
                      return absl::OkStatus();
                    })
                    .ok());
  }
  std::string NextExchange() {
    return absl::StrCat("00000000-0000-4000-8000-0000000002", ++exchange_);
  }
  // The id, or the reason why there is none.
  std::string Register(const std::string& subject, const std::string& card,
                       v1::Capacity capacity = v1::CAPACITY_PARENT,
                       absl::Time expire = absl::InfiniteFuture()) {
    FakeCall call("akatsuki/residents", "representation-register", {},
                  NextExchange());
    v1::RegisterRepresentationRequest request;
    request.set_subject(subject);
    request.set_representative_card_serial(card);
    request.set_capacity(capacity);
    if (expire != absl::InfiniteFuture())
      request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(expire));
    v1::RegisterRepresentationResponse response;
    const absl::Status status = agency::FromGrpc(
        service_.RegisterRepresentation(call.context(), &request, &response));
    expire_ = absl::FromUnixSeconds(response.expire_time().seconds());
    return status.ok() ? response.representation_id() : ReasonOf(status);
  }
  // The person for whom, or the reason why for nobody.
  std::string ActFor(const std::string& representative, const std::string& id,
                     const std::string& consumer = kPortal) {
    FakeCall call(consumer, "own-request", {}, NextExchange());
    v1::ActForRequest request;
    request.set_subject(representative);
    request.set_representation_id(id);
    v1::ActForResponse response;
    const absl::Status status =
        agency::FromGrpc(service_.ActFor(call.context(), &request, &response));
    return status.ok() ? response.subject() : ReasonOf(status);
  }
  int Listed(const std::string& representative) {
    FakeCall call(kPortal, "own-request", {"representations"});
    v1::ListRepresentationsRequest request;
    request.set_subject(representative);
    v1::ListRepresentationsResponse response;
    EXPECT_TRUE(
        service_.ListRepresentations(call.context(), &request, &response).ok());
    return response.representations_size();
  }
  std::string End(const std::string& subject, const std::string& id) {
    FakeCall call("akatsuki/residents", "representation-register", {},
                  NextExchange());
    v1::EndRepresentationRequest request;
    request.set_subject(subject);
    request.set_representation_id(id);
    v1::EndRepresentationResponse response;
    return ReasonOf(agency::FromGrpc(
        service_.EndRepresentation(call.context(), &request, &response)));
  }
  std::string Check(const std::string& affair, const std::string& subject,
                    const std::string& consumer = kPortal) {
    FakeCall call(consumer, affair, {});
    return ReasonOf(representations_.CheckActing(call.call(), subject));
  }

  TestWorld world_;
  Representations representations_{world_.database.get(), &world_.clock};
  RepresentationService service_{{world_.database.get(), world_.holders.get(),
                                  &representations_, &world_.clock,
                                  &SystemRandom()}};
  int exchange_ = 9;
  absl::Time expire_;
};

TEST_F(RepresentationTest, AParentActsForAChildUnderHerAffairAndNoOther) {
  const std::string id = Register("jiro", "CARD-hanako");
  EXPECT_EQ(Check(kByParent, "jiro"), "NOT_REPRESENTED");
  EXPECT_EQ(Listed("hanako"), 1);
  EXPECT_EQ(ActFor("hanako", id), "jiro");
  EXPECT_EQ(Check(kByParent, "jiro"), "");
  EXPECT_EQ(Check(kByGuardian, "jiro"), "NOT_REPRESENTED");
  EXPECT_EQ(Check(kByParent, "taro"), "NOT_REPRESENTED");
  EXPECT_EQ(Check(kByParent, "jiro", "akatsuki/tax"), "NOT_REPRESENTED");
  EXPECT_EQ(Check("own-request", "taro"), "") << "none of its business";
}

TEST_F(RepresentationTest, ActingEndsByItselfAndWithTheRepresentation) {
  const std::string id = Register("jiro", "CARD-hanako");
  ASSERT_EQ(ActFor("hanako", id), "jiro");
  world_.clock.Advance(kActingTime);
  EXPECT_EQ(Check(kByParent, "jiro"), "NOT_REPRESENTED");
  ASSERT_EQ(ActFor("hanako", id), "jiro");
  EXPECT_EQ(Check(kByParent, "jiro"), "");
  EXPECT_EQ(End("taro", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(Check(kByParent, "jiro"), "");
  EXPECT_EQ(End("jiro", id), "");
  EXPECT_EQ(End("jiro", id), "") << "twice";
  EXPECT_EQ(Check(kByParent, "jiro"), "NOT_REPRESENTED");
  EXPECT_EQ(ActFor("hanako", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(Listed("hanako"), 0);
}

TEST_F(RepresentationTest, NobodyUsesAnothersRepresentation) {
  const std::string id = Register("jiro", "CARD-hanako");
  EXPECT_EQ(ActFor("taro", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(ActFor("jiro", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(ActFor("hanako", "no-such-id"), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(Listed("taro"), 0);
}

TEST_F(RepresentationTest, AParentsEndsWhenTheChildComesOfAge) {
  const std::string id = Register("jiro", "CARD-hanako");
  EXPECT_EQ(expire_, absl::FromCivil(absl::CivilDay(2033, 4, 2), JapanTime()));
  world_.clock.Advance(expire_ - world_.clock.Now());
  EXPECT_EQ(ActFor("hanako", id), "REPRESENTATION_UNKNOWN");
  EXPECT_EQ(Register("jiro", "CARD-hanako"), "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_TRUE(IsUuid(Register("jiro", "CARD-hanako", v1::CAPACITY_GUARDIAN)));
}

TEST_F(RepresentationTest, WhoMayNotRepresentIsRefused) {
  EXPECT_EQ(Register("taro", "CARD-hanako"), "REPRESENTATION_NOT_POSSIBLE")
      << "an adult has no parent to act for him";
  EXPECT_EQ(Register("taro", "CARD-jiro", v1::CAPACITY_GUARDIAN),
            "REPRESENTATION_NOT_POSSIBLE")
      << "a child is no guardian";
  EXPECT_EQ(Register("taro", "CARD-taro", v1::CAPACITY_GUARDIAN),
            "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_EQ(Register("taro", "CARD-hanako", v1::CAPACITY_UNSPECIFIED),
            "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_EQ(Register("jiro", "CARD-nobody"), "PERSON_UNKNOWN");
  EXPECT_EQ(Register("nobody", "CARD-hanako"), "PERSON_UNKNOWN");
  EXPECT_EQ(Register("jiro", "CARD-hanako", v1::CAPACITY_PARENT,
                     world_.clock.Now() - absl::Hours(1)),
            "REPRESENTATION_NOT_POSSIBLE");
  EXPECT_EQ(Listed("hanako"), 0);
}

}  // namespace
}  // namespace psm::identity
