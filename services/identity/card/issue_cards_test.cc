#include "services/identity/card/issue_cards.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/temp_folder.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card/virtual_card.h"

namespace psm::card {
namespace {

class IssueCardsTest : public ::testing::Test {
 protected:
  absl::StatusOr<IssueReport> Issue(const std::string& personas) {
    EXPECT_TRUE(
        WriteWholeFile(run_ + "/personas.jsonl", personas, kPrivate).ok());
    return IssueCards(run_, clock_);
  }

  ManualClock clock_{absl::FromUnixSeconds(1760000000)};
  TempFolder temp_;
  const std::string run_ = temp_.path();
};

TEST_F(IssueCardsTest, EveryPersonaWithASerialGetsACardThatOpens) {
  auto report = Issue(
      "{\"id\":\"hanako\",\"name\":\"架空　花子\",\"cardSerial\":\"AB12\"}\n"
      "{\"id\":\"shop\",\"corporateNumber\":\"1234567890123\"}\n"
      "\n"
      "{\"id\":\"jiro\",\"cardSerial\":\"AB13\"}");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->issued, 2);
  auto card =
      VirtualCard::Open(run_ + "/cards/hanako.json", SecretBytes(kDemoPin));
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_EQ((*card)->serial(), "AB12");
  EXPECT_FALSE(std::filesystem::exists(run_ + "/cards/shop.json"));
  struct stat info;
  for (const char* file : {"/pki/jpki/ca-key.pem", "/cards/hanako.json"}) {
    ASSERT_EQ(stat((run_ + file).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file;
  }
}

TEST_F(IssueCardsTest, ASecondRunKeepsCardsAndAuthority) {
  const std::string personas = "{\"id\":\"hanako\",\"cardSerial\":\"AB12\"}\n";
  ASSERT_TRUE(Issue(personas).ok());
  const std::string card = *ReadPrivateFile(run_ + "/cards/hanako.json");
  const std::string authority = *ReadPrivateFile(run_ + "/pki/jpki/ca.pem");
  auto report = Issue(personas + "{\"id\":\"jiro\",\"cardSerial\":\"AB13\"}\n");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->issued, 1);
  EXPECT_EQ(report->kept, 1);
  EXPECT_EQ(*ReadPrivateFile(run_ + "/cards/hanako.json"), card);
  EXPECT_EQ(*ReadPrivateFile(run_ + "/pki/jpki/ca.pem"), authority);
}

TEST_F(IssueCardsTest, RefusesPersonasThatWouldLeaveTheFolder) {
  for (const std::string& id : std::vector<std::string>{
           "../x", "a/b", "", "A", "x.json", "a b", "花子"}) {
    auto report = Issue("{\"id\":\"" + id + "\",\"cardSerial\":\"AB12\"}\n");
    EXPECT_TRUE(absl::IsInvalidArgument(report.status())) << id;
  }
  EXPECT_FALSE(std::filesystem::exists(run_ + "/cards"));
}

TEST_F(IssueCardsTest, AnErrorNamesTheLine) {
  auto report = Issue("{\"id\":\"hanako\"}\nnot json\n");
  EXPECT_TRUE(absl::IsInvalidArgument(report.status()));
  EXPECT_NE(report.status().message().find("personas.jsonl:2"),
            absl::string_view::npos);
}

TEST_F(IssueCardsTest, NoPersonasFileIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(IssueCards(run_, clock_).status()));
}

TEST_F(IssueCardsTest, AnAuthorityWithAForeignKeyIsNotUsed) {
  ASSERT_TRUE(Issue("").ok());
  auto other = *SigningKey::Generate();
  ASSERT_TRUE(WriteWholeFile(run_ + "/pki/jpki/ca-key.pem",
                             other->ToPem(SecretBytes()).Reveal(), kPrivate)
                  .ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Issue("").status()));
}

TEST_F(IssueCardsTest, AnAuthorityHalfMadeIsFinished) {
  ASSERT_TRUE(Issue("").ok());
  const std::string key = *ReadPrivateFile(run_ + "/pki/jpki/ca-key.pem");
  std::filesystem::remove(run_ + "/pki/jpki/ca.pem");
  ASSERT_TRUE(Issue("{\"id\":\"hanako\",\"cardSerial\":\"AB12\"}\n").ok());
  EXPECT_EQ(*ReadPrivateFile(run_ + "/pki/jpki/ca-key.pem"), key);
}

}  // namespace
}  // namespace psm::card
