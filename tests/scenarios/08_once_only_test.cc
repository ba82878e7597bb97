// 8. Nobody is asked twice: the numbers of the story, and who joins it.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "psm/subjects/v1/subjects.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using benefits::v1::BenefitsService;
using subjects::v1::SubjectsService;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTerminal[] = "portal/terminal";

class OnceOnly : public Scenario {
 protected:
  static auto Apply(const std::string& person) {
    benefits::v1::StartApplicationRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_programme("tax-exempt-2026");
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::StartApplication, {.affair = "own-request"},
        request);
  }
  static auto Enrol(const std::string& system, const std::string& id) {
    return mesh().Client(system).Call(&SubjectsService::Stub::Enrol,
                                      {.exchange_id = id},
                                      subjects::v1::EnrolRequest());
  }
};

TEST_F(OnceOnly, FiveExchangesThreeCodesNothingTyped) {
  const auto reply = Apply("hanako");
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply->sources_size(), 5);
  for (const auto& field : reply->fields())
    EXPECT_NE(field.provider(), "") << field.field().id() << " was typed";
  std::set<std::string> exchanges;
  for (const auto& source : reply->sources()) {
    exchanges.insert(source.exchange_id());
    auto records = mesh().Records({.exchange_id = source.exchange_id(),
                                   .consumer = kBenefits,
                                   .provider = source.provider(),
                                   .kind = Record::EXCHANGE});
    ASSERT_FALSE(records->empty()) << source.ShortDebugString();
  }
  EXPECT_EQ(exchanges.size(), 5u);
  std::set<std::string> codes;
  for (const char* agency : {"akatsuki", "yunagi", "accounts"})
    codes.insert(mesh().Person("hanako").CodeAt(agency));
  EXPECT_EQ(codes.size(), 3u);
}

TEST_F(OnceOnly, TheTaxOfficeIsRefusedTheAccountAndSheCanReadThat) {
  const AccountReply refused =
      AskAccount(mesh(), kYunagiTax, mesh().Person("hanako").CodeAt("yunagi"),
                 "collect-arrears");
  EXPECT_EQ(ReasonOf(refused.status), "NO_AGREEMENT");
  identity::v1::ListHistoryRequest request;
  request.set_subject(mesh().Person("hanako").CodeAt("portal"));
  const auto history = mesh().Client(kTerminal).Call(
      &identity::v1::HistoryService::Stub::ListHistory,
      {.affair = "own-request"}, request);
  ASSERT_TRUE(history.status.ok()) << history.status;
  bool found = false;
  ASSERT_EQ(history->texts_size(), history->records_size());
  for (int i = 0; i < history->records_size(); ++i) {
    const Record& record = history->records(i);
    EXPECT_EQ(record.subject(), "") << "the log's own name of her stays inside";
    if (record.exchange_id() != refused.exchange_id) continue;
    found = true;
    const records::v1::RecordTexts& texts = history->texts(i);
    EXPECT_EQ(texts.consumer_agency().ja(), "ゆうなぎ市");
    EXPECT_EQ(texts.consumer_agency().en(), "Yunagi City");
    EXPECT_EQ(texts.affair().ja(), "住民税の滞納整理");
    EXPECT_EQ(texts.outcome().ja(),
              "これを認める連携協定がないため拒否されました");
    EXPECT_EQ(texts.outcome().en(), "refused: no agreement allows it");
    EXPECT_EQ(texts.basis().ja(), "");
  }
  EXPECT_TRUE(found);
}

// Yunagi's tax office looks into somebody, and an ordinance says that the
// person is not to know as long as it does.
std::string Investigation(int version, const std::string& more) {
  return absl::StrCat(R"(
agreements {
  id: "yunagi-tax-investigation"
  consumer: "yunagi/tax"
  affair: "collect-arrears"
  statute { ja: "地方税法 第331条" en: "Local Tax Act, art. 331" }
  grants {
    method: "psm.tax.v1.TaxService/GetTaxStatus"
    attributes: "category"
    providers: "minato/tax"
  }
  valid_from: "2026-01-01"
  version: )",
                      version, more, "}\n");
}
constexpr char kUndisclosed[] = R"--( undisclosed_by {
    ja: "ゆうなぎ市個人情報保護条例 第20条(架空)"
    en: "Yunagi City privacy ordinance, art. 20 (fictitious)"
  })--";

TEST_F(OnceOnly, WhatAnOrdinanceWithholdsIsRecordedAndNotShown) {
  // The ids in her history, one a page: no page may be empty for it.
  const auto history = [] {
    std::vector<std::string> ids;
    identity::v1::ListHistoryRequest question;
    question.set_subject(mesh().Person("kenji").CodeAt("portal"));
    question.set_page_size(1);
    do {
      const auto page = mesh().Client(kTerminal).Call(
          &identity::v1::HistoryService::Stub::ListHistory,
          {.affair = "own-request"}, question);
      EXPECT_TRUE(page.status.ok()) << page.status;
      EXPECT_EQ(page->records_size(), 1);
      if (page->records_size() != 1) break;
      ids.push_back(page->records(0).exchange_id());
      question.set_page_token(page->next_page_token());
    } while (!question.page_token().empty());
    return ids;
  };
  const auto investigate = [] {
    tax::v1::GetTaxStatusRequest request;
    request.set_subject(mesh().Person("kenji").CodeAt("yunagi"));
    return mesh()
        .Client(kYunagiTax)
        .Call(&tax::v1::TaxService::Stub::GetTaxStatus,
              {.affair = "collect-arrears", .provider = kMinatoTax}, request);
  };
  // Without the name of a provision nothing can be withheld.
  const absl::Status nameless =
      mesh().EditAgreements(Investigation(1, " undisclosed_by {}"));
  EXPECT_THAT(std::string(nameless.message()),
              HasSubstr("name in ja and en the provision"));

  ASSERT_TRUE(mesh().EditAgreements(Investigation(1, kUndisclosed)).ok());
  const TaxReply shown = AskTax(mesh(), "kenji");
  ASSERT_TRUE(shown.status.ok()) << shown.status;
  const TaxReply withheld = investigate();
  ASSERT_TRUE(withheld.status.ok()) << withheld.status;
  mesh().Break(kMinatoTax);
  const TaxReply refused = investigate();
  EXPECT_FALSE(refused.status.ok());
  mesh().Mend(kMinatoTax);
  const TaxReply last = AskTax(mesh(), "kenji");
  ASSERT_TRUE(last.status.ok()) << last.status;

  for (const TaxReply* reply : {&withheld, &refused}) {
    EXPECT_EQ(OnlyRecord(mesh(),
                         {.exchange_id = reply->exchange_id, .person = "kenji"})
                  .undisclosed_by(),
              "ゆうなぎ市個人情報保護条例 第20条(架空)");
  }
  EXPECT_THAT(history(),
              AllOf(Contains(shown.exchange_id), Contains(last.exchange_id),
                    Not(Contains(withheld.exchange_id)),
                    Not(Contains(refused.exchange_id))));
  // It is over: a later version names no ground any more.
  ASSERT_TRUE(mesh().EditAgreements(Investigation(2, "")).ok());
  EXPECT_THAT(history(), AllOf(Contains(withheld.exchange_id),
                               Contains(refused.exchange_id)));
  ASSERT_TRUE(mesh().EditAgreements("").ok());
}

TEST_F(OnceOnly, WhoIsNotHeadOfTheHouseholdCannotApplyForIt) {
  EXPECT_EQ(ReasonOf(Apply("fumie").status), "NOT_HEAD_OF_HOUSEHOLD");
}

TEST_F(OnceOnly, ARegisterEnrolsAPersonOnceHoweverOftenItAsks) {
  const std::string id = NewExchangeId();
  const auto first = Enrol("akatsuki/residents", id);
  ASSERT_TRUE(first.status.ok()) << first.status;
  EXPECT_NE(first->subject(), "");
  const auto again = Enrol("akatsuki/residents", id);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again->subject(), first->subject());
  const auto other = Enrol("akatsuki/residents", NewExchangeId());
  EXPECT_NE(other->subject(), first->subject());
  auto records =
      mesh().Records({.exchange_id = id, .consumer = "akatsuki/residents"});
  ASSERT_FALSE(records->empty());
  EXPECT_NE(records->front().subject(), first->subject())
      << "the log knows the person by a code of its own";
  // The new name is a name: benefits, of the same agency, may ask by it.
  const AccountReply account = AskAccount(mesh(), kBenefits, first->subject());
  EXPECT_EQ(ReasonOf(account.status), "ACCOUNT_NOT_REGISTERED");
}

TEST_F(OnceOnly, NobodyElseBringsPersonsIntoTheMesh) {
  for (const char* system : {"accounts/accounts", "hoshizora-bank/customers"}) {
    const auto reply = Enrol(system, NewExchangeId());
    EXPECT_EQ(ReasonOf(reply.status), "NOT_AN_ENROLLING_AGENCY") << system;
    EXPECT_EQ(reply->subject(), "");
    EXPECT_EQ(OnlyRecord(mesh(), {.consumer = system,
                                  .reason = "NOT_AN_ENROLLING_AGENCY"})
                  .kind(),
              Record::REFUSAL);
  }
}

}  // namespace
}  // namespace psm::testing
