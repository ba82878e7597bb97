#include "services/corporations/registration.h"

#include <string>

#include "services/corporations/test_registry.h"

namespace psm::corporations {
namespace {

class RegistrationTest : public RegistryTest {};

TEST_F(RegistrationTest, ANewNameIsThereAndTheOldOneStaysInTheHistory) {
  ASSERT_EQ(Rename(kKakuu, "株式会社かくう工業", "カクウコウギョウ"), "");
  EXPECT_EQ(Get(kKakuu).name(), "株式会社かくう工業");
  EXPECT_EQ(Get(kKakuu).etag(), response_.etag());
  const auto history = register_.History(kKakuu).value();
  ASSERT_EQ(history.entries_size(), 2);
  EXPECT_EQ(history.entries(0).change().kind(), v1::Change::NEW);
  EXPECT_EQ(history.entries(0).change().name(), "株式会社かくう製作所");
  EXPECT_EQ(history.entries(0).change().effective_date(), "2004-10-01");
  EXPECT_EQ(history.entries(1).change().kind(), v1::Change::NAME);
  EXPECT_EQ(history.entries(1).change().name(), "株式会社かくう工業");
  EXPECT_EQ(history.entries(1).change().effective_date(), "2026-05-29");
  EXPECT_EQ(history.entries(1).change().sequence(), response_.sequence());
}

TEST_F(RegistrationTest, OfTwoOfficersWhoSawTheSameStateTheSecondIsRefused) {
  v1::RegisterChangeRequest first = Change(kKakuu);
  first.set_representative("夢野　花");
  v1::RegisterChangeRequest second = Change(kKakuu);
  second.set_address("架空県あかつき市明野1丁目1番1号");
  ASSERT_EQ(Register(first), "");
  EXPECT_EQ(Register(second), "ETAG_STALE");
  EXPECT_EQ(last_.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(Get(kKakuu).representative(), "夢野　花");
  EXPECT_EQ(Get(kKakuu).address(), "架空県のどこか");
  second.set_etag(Get(kKakuu).etag());
  EXPECT_EQ(Register(second), "");
  EXPECT_EQ(Get(kKakuu).address_ids().machiaza_id(), "0005001");
  EXPECT_EQ(Get(kKakuu).representative(), "夢野　花");
}

TEST_F(RegistrationTest, AnEtagIsOfOneCorporationAndOneState) {
  v1::RegisterChangeRequest request = Change(kKakuu);
  request.set_representative("夢野　花");
  for (const std::string etag : {"", "1", "2", "' OR 1=1 --"}) {
    request.set_etag(etag);
    EXPECT_EQ(Register(request), "ETAG_STALE") << etag;
  }
  request.set_etag(Get(kMihon).etag());
  EXPECT_EQ(Register(request), "ETAG_STALE");
}

TEST_F(RegistrationTest, ARetryGetsTheFirstAnswerAndAsksNobody) {
  v1::RegisterChangeRequest request = Change(kKakuu);
  request.set_address("架空県あかつき市明野1丁目1番1号");
  ASSERT_EQ(Register(request, "once"), "");
  const std::string first = response_.SerializeAsString();
  clock_.Advance(absl::Seconds(30));
  ASSERT_EQ(Register(request, "once"), "");
  EXPECT_EQ(response_.SerializeAsString(), first);
  EXPECT_EQ(addresses_.asked, 1);
  EXPECT_EQ(register_.History(kKakuu)->entries_size(), 2);
}

TEST_F(RegistrationTest,
       AMergedNumberAnswersWithItsSuccessorThroughAllMergers) {
  ASSERT_EQ(Merge(kKakuu, kMihon), "");
  ASSERT_EQ(Merge(kMihon, kYumemi), "");
  const auto gone = Get(kKakuu);
  EXPECT_EQ(gone.status(), v1::MERGED);
  EXPECT_EQ(gone.close_date(), "2026-05-29");
  EXPECT_EQ(gone.successor_number(), kMihon);
  EXPECT_EQ(gone.current_number(), kYumemi);
  EXPECT_EQ(gone.name(), "株式会社かくう製作所") << "its last state stays";
  EXPECT_EQ(Get(kYumemi).current_number(), kYumemi);
  const auto history = register_.History(kMihon).value();
  ASSERT_EQ(history.entries_size(), 3);
  EXPECT_EQ(history.entries(1).change().kind(), v1::Change::ABSORPTION);
  EXPECT_EQ(history.entries(1).change().other_number(), kKakuu);
  EXPECT_EQ(history.entries(2).change().kind(), v1::Change::MERGER);
  EXPECT_EQ(history.entries(2).change().other_number(), kYumemi);
}

TEST_F(RegistrationTest, NobodyStandsInThePlaceOfADissolvedCorporation) {
  ASSERT_EQ(Merge(kKakuu, kMihon), "");
  v1::RegisterChangeRequest request = Change(kMihon);
  request.mutable_dissolution();
  ASSERT_EQ(Register(request), "");
  EXPECT_EQ(Get(kMihon).status(), v1::DISSOLVED);
  EXPECT_EQ(Get(kMihon).current_number(), "");
  EXPECT_EQ(Get(kKakuu).current_number(), "");
  EXPECT_EQ(Get(kKakuu).successor_number(), kMihon);
}

TEST_F(RegistrationTest, AClosedCorporationChangesNoMore) {
  ASSERT_EQ(Merge(kKakuu, kMihon), "");
  EXPECT_EQ(Rename(kKakuu, "株式会社ゆうれい", "ユウレイ"),
            "CORPORATION_CLOSED");
  EXPECT_EQ(Merge(kYumemi, kKakuu), "SUCCESSOR_INVALID");
  EXPECT_EQ(Get(kYumemi).status(), v1::ACTIVE) << "nothing half-written";
  EXPECT_EQ(register_.History(kYumemi)->entries_size(), 1);
  // Nor does it come round: the successor cannot be merged into it.
  EXPECT_EQ(Merge(kMihon, kKakuu), "SUCCESSOR_INVALID");
}

TEST_F(RegistrationTest, RefusesWhatIsUnknownUnchangedOrTooEarly) {
  v1::RegisterChangeRequest request = Change(kKakuu);
  request.set_representative("見本　一郎");
  EXPECT_EQ(Register(request), "NOTHING_CHANGES");
  request.set_representative("夢野　花");
  request.set_effective_date("2004-09-30");
  EXPECT_EQ(Register(request), "EFFECTIVE_DATE_INVALID");
  request.set_effective_date("2026-05-30");  // tomorrow in Japan
  EXPECT_EQ(Register(request), "EFFECTIVE_DATE_INVALID");
  request.set_effective_date("2004-10-01");
  EXPECT_EQ(Register(request), "");
  request = Change(kKakuu);
  request.set_merged_into("1000000000008");
  EXPECT_EQ(Register(request), "SUCCESSOR_INVALID");
  request = Change(kKakuu);
  request.set_corporate_number("1000000000008");
  request.set_representative("夢野　花");
  EXPECT_EQ(Register(request), "CORPORATION_UNKNOWN");
}

TEST_F(RegistrationTest, AMergerIsNotBeforeTheSuccessorsLastChange) {
  ASSERT_EQ(Rename(kMihon, "合同会社みほん", "ミホン"), "");
  v1::RegisterChangeRequest request = Change(kKakuu);
  request.set_merged_into(kMihon);
  request.set_effective_date("2026-05-28");
  EXPECT_EQ(Register(request), "EFFECTIVE_DATE_INVALID");
  EXPECT_EQ(Get(kKakuu).status(), v1::ACTIVE) << "nothing half-written";
}

TEST_F(RegistrationTest, AnAddressNobodyUnderstandsIsNotRegistered) {
  v1::RegisterChangeRequest request = Change(kKakuu);
  request.set_address("架空県あかつき市どこにもない町1");
  EXPECT_EQ(Register(request), "ADDRESS_NOT_UNDERSTOOD");
  addresses_.down = true;
  request.set_address("架空県あかつき市明野1丁目1番1号");
  EXPECT_EQ(Register(request), "ADDRESSES_UNAVAILABLE");
  EXPECT_EQ(last_.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Get(kKakuu).address(), "架空県のどこか");
}

// Whoever gets at the database through a statement of ours cannot rewrite it.
TEST_F(RegistrationTest, TheHistoryIsNeitherAlteredNorRemoved) {
  for (const std::string statement :
       {"UPDATE changes SET name = 'x'", "DELETE FROM changes"}) {
    EXPECT_FALSE(database_
                     ->Write([&](soci::session& sql) {
                       sql << statement;
                       return absl::OkStatus();
                     })
                     .ok());
  }
  EXPECT_EQ(register_.History(kKakuu)->entries(0).change().name(),
            "株式会社かくう製作所");
}

// Threat 36: what a caller writes is a value and nothing else.
TEST_F(RegistrationTest, TextsOfEveryKindAreStoredAsTheyCame) {
  for (const std::string text :
       {"'; DROP TABLE corporations; --", "x' OR '1'='1", "\" ; :name %s $1 ?1",
        "Robert'); DELETE FROM changes;--", "100%_\\"}) {
    v1::RegisterChangeRequest request = Change(kKakuu);
    request.set_representative(text);
    ASSERT_EQ(Register(request), "") << text;
    EXPECT_EQ(Get(kKakuu).representative(), text);
    ASSERT_EQ(Rename(kMihon, text, "ミホン"), "") << text;
    EXPECT_EQ(Get(kMihon).name(), text);
  }
  EXPECT_EQ(register_.History(kMihon)->entries_size(), 6);
  EXPECT_EQ(Get(kYumemi).name(), "ゆめみ運輸株式会社");
}

}  // namespace
}  // namespace psm::corporations
