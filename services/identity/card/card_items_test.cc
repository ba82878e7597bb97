#include "services/identity/card/card_items.h"

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/temp_folder.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card/issued_file.h"

namespace psm::card {
namespace {

const CardItems kHanako = {"架空　花子", "架空県あかつき市1-2-3", "1990-04-01",
                           2};

class CardItemsTest : public ::testing::Test {
 protected:
  CardItemsTest()
      : authority_(*CardAuthority::OpenOrCreate(folder_.path(), now_)),
        key_(*SigningKey::Generate()) {}
  Certificate Made(const std::string& pem) {
    return Certificate::ChainFromPem(pem)->front();
  }

  const absl::Time now_ = absl::FromUnixSeconds(1760000000);
  TempFolder folder_;
  std::unique_ptr<CardAuthority> authority_;
  std::unique_ptr<SigningKey> key_;
};

TEST_F(CardItemsTest, ASignatureCertificateCarriesTheFourItemsAndNoMore) {
  const auto pem = authority_->IssueSignature(
      "CARD-1", kHanako, *key_->Public(), now_, kCardLifetime);
  ASSERT_TRUE(pem.ok()) << pem.status();
  const auto items = ItemsOf(Made(*pem));
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_EQ(items->name, kHanako.name);
  EXPECT_EQ(items->address, kHanako.address);
  EXPECT_EQ(items->birth_date, kHanako.birth_date);
  EXPECT_EQ(items->sex, kHanako.sex);
}

TEST_F(CardItemsTest, AnAuthenticationCertificateCarriesNone) {
  const Certificate certificate =
      Made(*authority_->Issue("CARD-1", *key_, now_, kCardLifetime));
  EXPECT_TRUE(absl::IsInvalidArgument(ItemsOf(certificate).status()));
  EXPECT_EQ(certificate.ToDer().find("架空"), std::string::npos);
}

TEST_F(CardItemsTest, ErasBeginOnTheirDays) {
  const auto written = [](const std::string& date) {
    CardItems items = kHanako;
    items.birth_date = date;
    const auto names = NamesOf(items);
    return names.ok() ? (*names)[2].text : "";
  };
  EXPECT_EQ(written("2019-04-30"), "420190430");
  EXPECT_EQ(written("2019-05-01"), "520190501");
  EXPECT_EQ(written("1989-01-07"), "319890107");
  EXPECT_EQ(written("1989-01-08"), "419890108");
  EXPECT_EQ(written("1926-12-24"), "219261224");
  EXPECT_EQ(written("1926-12-25"), "319261225");
  EXPECT_EQ(written("1912-07-29"), "119120729");
  EXPECT_EQ(written("1912-07-30"), "219120730");
  for (const char* date : {"", "1990-4-1", "1990-02-29", "1990-13-01",
                           "1872-12-31", "1990-04-01 ", "19900401"})
    EXPECT_EQ(written(date), "") << date;
}

TEST_F(CardItemsTest, PeopleTurnFifteenOnTheirBirthday) {
  const absl::CivilDay day(2025, 10, 9);
  EXPECT_TRUE(HasTurned(15, "2010-10-09", day));
  EXPECT_FALSE(HasTurned(15, "2010-10-10", day));
  EXPECT_FALSE(HasTurned(15, "not a date", day));
  EXPECT_FALSE(HasTurned(18, "2008-02-29", absl::CivilDay(2026, 2, 28)));
  EXPECT_TRUE(HasTurned(18, "2008-02-29", absl::CivilDay(2026, 3, 1)));
}

TEST_F(CardItemsTest, WhatWasIssuedIsReadBackInItsOrder) {
  const Certificate first =
      Made(*authority_->Issue("CARD-1", *key_, now_, kCardLifetime));
  const Certificate second =
      Made(*authority_->Issue("CARD-2", *key_, now_, kCardLifetime));
  ASSERT_TRUE(AppendIssued(folder_.path(),
                           {Issued(first, CertificateKind::kAuthentication,
                                   "CARD-1", now_)})
                  .ok());
  ASSERT_TRUE(AppendIssued(
                  folder_.path(),
                  {Issued(second, CertificateKind::kSignature, "CARD-2", now_)})
                  .ok());
  const auto issued = ReadIssued(folder_.path());
  ASSERT_TRUE(issued.ok()) << issued.status();
  ASSERT_EQ(issued->size(), 2u);
  EXPECT_EQ((*issued)[0].serial, first.serial());
  EXPECT_EQ((*issued)[1].card_serial, "CARD-2");
  EXPECT_EQ((*issued)[1].kind, CertificateKind::kSignature);
  EXPECT_EQ((*issued)[1].expire_time, second.not_after());
}

TEST_F(CardItemsTest, AFileOfIssuedCertificatesThatIsDamagedIsNamed) {
  const std::string file = folder_.File(kIssuedFile);
  for (const char* line :
       {"x", "[]", "{}", "{\"serial\":\"0G\",\"kind\":\"signature\"}",
        "{\"serial\":\"0a\",\"kind\":\"seal\",\"card_serial\":\"C\"}"}) {
    ASSERT_TRUE(
        WriteWholeFile(file, std::string("\n") + line + "\n", kPrivate).ok());
    const absl::Status status = ReadIssued(folder_.path()).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << line;
    EXPECT_NE(status.message().find(":2"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace psm::card
