#include "services/identity/certificate_register.h"

#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

using card::CertificateKind;

class CertificateRegisterTest : public testing::Test {
 protected:
  CertificateRegisterTest() {
    EXPECT_TRUE(MakeFolder(jpki_).ok());
    Append({{"0a", CertificateKind::kAuthentication, "CARD-1", now_,
             now_ + absl::Hours(48)},
            {"0b", CertificateKind::kSignature, "CARD-1", now_,
             now_ + absl::Hours(48)},
            {"0c", CertificateKind::kAuthentication, "CARD-2", now_,
             now_ + absl::Hours(48)}});
    EXPECT_TRUE(certificates_.Import().ok());
  }
  void Append(const std::vector<card::IssuedCertificate>& issued) {
    EXPECT_TRUE(card::AppendIssued(jpki_, issued).ok());
  }
  int Revoke(const std::string& card, std::optional<CertificateKind> kind,
             RevocationReason reason) {
    int count = -1;
    EXPECT_TRUE(world_.database
                    ->Write([&](soci::session& sql) {
                      count = CertificateRegister::Revoke(
                          sql, card, kind, reason, world_.clock.Now());
                      return absl::OkStatus();
                    })
                    .ok());
    return count;
  }

  TestWorld world_;
  const absl::Time now_ = absl::FromUnixSeconds(1760000000);
  const std::string jpki_ = world_.folder.File("jpki");
  CertificateRegister certificates_{world_.database.get(), jpki_};
};

TEST_F(CertificateRegisterTest, WhatWasIssuedMeanwhileIsFound) {
  EXPECT_TRUE((*certificates_.Find("0a")).has_value());
  EXPECT_FALSE((*certificates_.Find("0d")).has_value());
  Append({{"0d", CertificateKind::kSignature, "CARD-2", now_,
           now_ + absl::Hours(48)}});
  const auto found = *certificates_.Find("0d");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind, CertificateKind::kSignature);
  EXPECT_EQ(found->card_serial, "CARD-2");
  EXPECT_FALSE(found->revoke_time.has_value());
}

TEST_F(CertificateRegisterTest, ARevocationIsForGoodWithItsFirstReason) {
  EXPECT_EQ(Revoke("CARD-1", CertificateKind::kSignature,
                   RevocationReason::kAffiliationChanged),
            1);
  const auto first = *certificates_.Find("0b");
  world_.clock.Advance(absl::Hours(1));
  EXPECT_EQ(Revoke("CARD-1", std::nullopt, RevocationReason::kKeyCompromise),
            1);
  const auto second = *certificates_.Find("0b");
  EXPECT_EQ(second->reason, RevocationReason::kAffiliationChanged);
  EXPECT_EQ(second->revoke_time, first->revoke_time);
  EXPECT_EQ((*certificates_.Find("0a"))->reason,
            RevocationReason::kKeyCompromise);
  EXPECT_FALSE((*certificates_.Find("0c"))->revoke_time.has_value());
  // Nor does the authority's file bring it back.
  CertificateRegister again(world_.database.get(), jpki_);
  ASSERT_TRUE(again.Import().ok());
  EXPECT_TRUE((*again.Find("0b"))->revoke_time.has_value());
}

TEST_F(CertificateRegisterTest, AListForgetsWhatExpiredTwoWeeksAgo) {
  Revoke("CARD-1", std::nullopt, RevocationReason::kSuperseded);
  EXPECT_EQ(certificates_.Revoked(now_)->size(), 2u);
  EXPECT_EQ(certificates_.Revoked(now_ + absl::Hours(48 + 24 * 13))->size(),
            2u);
  EXPECT_EQ(certificates_.Revoked(now_ + absl::Hours(48 + 24 * 14))->size(),
            0u);
  EXPECT_EQ(*certificates_.RevokedCount(), 2);
}

TEST_F(CertificateRegisterTest, NoTwoListsHaveOneNumber) {
  std::vector<std::thread> makers;
  std::vector<std::uint64_t> numbers(8);
  for (std::uint64_t& number : numbers) {
    makers.emplace_back(
        [this, &number] { number = *certificates_.NextListNumber(); });
  }
  for (std::thread& maker : makers) maker.join();
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], i + 1);
}

TEST_F(CertificateRegisterTest, ADamagedFileIsAnErrorAndNotFewerCertificates) {
  ASSERT_TRUE(
      WriteWholeFile(jpki_ + "/" + card::kIssuedFile, "x\n", kPrivate).ok());
  EXPECT_TRUE(absl::IsDataLoss(certificates_.Import()));
  EXPECT_TRUE((*certificates_.Find("0a")).has_value());
  EXPECT_TRUE(absl::IsDataLoss(certificates_.Find("0e").status()));
}

}  // namespace
}  // namespace psm::identity
