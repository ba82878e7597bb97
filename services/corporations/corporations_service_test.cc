#include "services/corporations/corporations_service.h"

#include <set>
#include <string>
#include <vector>

#include "psm/annotations/v1/annotations.pb.h"
#include "services/corporations/test_registry.h"

namespace psm::corporations {
namespace {

class CorporationsServiceTest : public RegistryTest {
 protected:
  v1::GetCorporationResponse GetGranted(
      const std::vector<std::string>& attributes) {
    agency::FakeCall call("gbizid/gbizid", "corporate-information", attributes);
    v1::GetCorporationRequest request;
    request.set_corporate_number(kKakuu);
    v1::GetCorporationResponse response;
    EXPECT_TRUE(
        service_.GetCorporation(call.context(), &request, &response).ok());
    return response;
  }

  v1::GetHistoryResponse HistoryGranted(
      const std::vector<std::string>& attributes) {
    agency::FakeCall call("akatsuki/benefits", "corporate-information",
                          attributes);
    v1::GetHistoryRequest request;
    request.set_corporate_number(kKakuu);
    v1::GetHistoryResponse response;
    EXPECT_TRUE(service_.GetHistory(call.context(), &request, &response).ok());
    return response;
  }

  // Numbers found, or the reason of the refusal.
  std::vector<std::string> Search(
      const v1::SearchCorporationsRequest& request) {
    agency::FakeCall call("portal/terminal", "", {});
    found_.Clear();
    const grpc::Status status =
        service_.SearchCorporations(call.context(), &request, &found_);
    if (!status.ok()) return {ReasonOf(agency::FromGrpc(status))};
    std::vector<std::string> numbers;
    for (const auto& row : found_.corporations())
      numbers.push_back(row.corporate_number());
    return numbers;
  }
  std::vector<std::string> SearchName(const std::string& name,
                                      bool former = false) {
    v1::SearchCorporationsRequest request;
    request.set_name(name);
    request.set_include_former_names(former);
    return Search(request);
  }

  using Numbers = std::vector<std::string>;
  v1::SearchCorporationsResponse found_;
};

// Walks the contract, so that an attribute added there is not forgotten here.
TEST_F(CorporationsServiceTest, SendsOnlyTheAttributeThatIsGranted) {
  std::set<std::string> attributes = {"unknown"};
  const auto* fields = v1::GetCorporationResponse::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const auto& contract =
        fields->field(i)->options().GetExtension(annotations::v1::field);
    if (!contract.attribute().empty()) attributes.insert(contract.attribute());
  }
  EXPECT_EQ(attributes.size(), 8U);
  for (const std::string& granted : attributes) {
    const v1::GetCorporationResponse got = GetGranted({granted});
    std::vector<const google::protobuf::FieldDescriptor*> sent;
    got.GetReflection()->ListFields(got, &sent);
    std::size_t granted_fields = 0;
    for (const google::protobuf::FieldDescriptor* field : sent) {
      const auto& contract =
          field->options().GetExtension(annotations::v1::field);
      if (contract.attribute().empty()) continue;
      EXPECT_EQ(contract.attribute(), granted);
      ++granted_fields;
    }
    EXPECT_EQ(granted_fields > 0, granted != "unknown") << granted;
  }
}

TEST_F(CorporationsServiceTest, WhoMayNotKnowTheRepresentativeSeesNoTrace) {
  v1::RegisterChangeRequest request = Change(kKakuu);
  request.set_representative("夢野　花");
  ASSERT_EQ(Register(request), "");
  const v1::GetHistoryResponse all =
      HistoryGranted({"history", "representative"});
  ASSERT_EQ(all.entries_size(), 2);
  EXPECT_EQ(all.entries(0).representative(), "見本　一郎");
  EXPECT_EQ(all.entries(1).representative(), "夢野　花");
  const v1::GetHistoryResponse part = HistoryGranted({"history"});
  ASSERT_EQ(part.entries_size(), 1);
  EXPECT_EQ(part.SerializeAsString().find("一郎"), std::string::npos);
  EXPECT_EQ(HistoryGranted({"representative"}).entries_size(), 0);

  SearchName("かくう");
  EXPECT_EQ(found_.SerializeAsString().find("夢野"), std::string::npos);
  agency::FakeCall call("portal/terminal", "", {});
  const v1::ListChangesRequest every;
  v1::ListChangesResponse changes;
  ASSERT_TRUE(service_.ListChanges(call.context(), &every, &changes).ok());
  EXPECT_EQ(changes.changes_size(), 3);
  EXPECT_EQ(changes.SerializeAsString().find("夢野"), std::string::npos);
}

TEST_F(CorporationsServiceTest, RefusesWhatIsMalformedAndWhatIsUnknown) {
  for (const std::string number : {"", "712345678901", "1123456789012"}) {
    EXPECT_EQ(ReasonOf(register_.Find(number).status()),
              "CORPORATE_NUMBER_MALFORMED");
    EXPECT_EQ(ReasonOf(register_.History(number).status()),
              "CORPORATE_NUMBER_MALFORMED");
  }
  EXPECT_EQ(ReasonOf(register_.Find("1000000000008").status()),
            "CORPORATION_UNKNOWN");
  EXPECT_EQ(ReasonOf(register_.History("1000000000008").status()),
            "CORPORATION_UNKNOWN");
}

TEST_F(CorporationsServiceTest, FindsANameHoweverItIsWritten) {
  for (const std::string name :
       {"かくう", "カクウ", "ｶｸｳ", "(株)かくう製作所", "㈱かくう 製作所",
        "製作所", "かくう製作所株式会社"}) {
    EXPECT_EQ(SearchName(name), Numbers{kKakuu}) << name;
  }
  EXPECT_EQ(SearchName("どこにもない"), Numbers{});
  EXPECT_EQ(SearchName("株式会社"), Numbers{"NAME_MALFORMED"});
  EXPECT_EQ(SearchName("\xFF"), Numbers{"NAME_MALFORMED"});
}

TEST_F(CorporationsServiceTest, FindsByKanaPlaceAndStatus) {
  v1::SearchCorporationsRequest request;
  request.set_kana_prefix("みほん");
  EXPECT_EQ(Search(request), Numbers{kMihon});
  request.set_kana_prefix("ショウテン");  // not the beginning
  EXPECT_EQ(Search(request), Numbers{});
  request.set_kana_prefix("見本");
  EXPECT_EQ(Search(request), Numbers{"KANA_MALFORMED"});

  request.Clear();
  request.set_lg_code("990019");
  EXPECT_EQ(Search(request), (Numbers{kKakuu, kYumemi}));
  request.set_machiaza_id("0010000");  // the town with all its chome
  EXPECT_EQ(Search(request), (Numbers{kKakuu, kYumemi}));
  request.set_machiaza_id("0010002");
  EXPECT_EQ(Search(request), Numbers{kYumemi});
  request.clear_machiaza_id();
  request.set_lg_code("990001");  // the prefecture
  EXPECT_EQ(Search(request), (Numbers{kMihon, kKakuu, kYumemi}));
  request.set_lg_code("130001");
  EXPECT_EQ(Search(request), Numbers{});

  ASSERT_EQ(Merge(kKakuu, kMihon), "");
  request.Clear();
  request.add_statuses(v1::MERGED);
  EXPECT_EQ(Search(request), Numbers{kKakuu});
  EXPECT_EQ(found_.corporations(0).successor_number(), kMihon);
  request.add_statuses(v1::ACTIVE);
  EXPECT_EQ(Search(request), (Numbers{kMihon, kKakuu, kYumemi}));
  request.add_statuses(static_cast<v1::Status>(77));
  EXPECT_EQ(Search(request), Numbers{"STATUS_INVALID"});
}

TEST_F(CorporationsServiceTest, FindsFormerNamesWhereAskedTo) {
  ASSERT_EQ(Rename(kKakuu, "株式会社あたらしい", "アタラシイ"), "");
  EXPECT_EQ(SearchName("かくう"), Numbers{});
  EXPECT_EQ(SearchName("かくう", true), Numbers{kKakuu});
  EXPECT_EQ(found_.corporations(0).name(), "株式会社あたらしい");
}

// Threat 36: nothing that is looked for means anything to SQL.
TEST_F(CorporationsServiceTest, SignsOfSqlFindNothing) {
  for (const std::string text : {"' OR '1'='1", "%", "_", "*", "x%' --", "\\",
                                 "'; DELETE FROM changes", "かく%"}) {
    const Numbers found = SearchName(text);
    EXPECT_TRUE(found == Numbers{} || found == Numbers{"NAME_MALFORMED"})
        << text;
    v1::SearchCorporationsRequest request;
    request.set_kana_prefix(text);
    const Numbers read = Search(request);
    EXPECT_TRUE(read == Numbers{} || read == Numbers{"KANA_MALFORMED"}) << text;
    request.Clear();
    request.set_lg_code(text);
    EXPECT_EQ(Search(request), Numbers{"AREA_MALFORMED"}) << text;
    request.set_lg_code("990019");
    request.set_machiaza_id(text);
    EXPECT_EQ(Search(request), Numbers{"AREA_MALFORMED"}) << text;
    request.Clear();
    request.set_page_token(text);
    EXPECT_EQ(Search(request), Numbers{"PAGE_INVALID"}) << text;
    EXPECT_FALSE(register_.Find(text).ok());
  }
  EXPECT_EQ(Search({}).size(), 3U);
}

TEST_F(CorporationsServiceTest, PagesAreWholeAndATokenServesOneSearch) {
  v1::SearchCorporationsRequest request;
  request.set_page_size(1);
  Numbers all;
  do {
    for (const std::string& number : Search(request)) all.push_back(number);
    request.set_page_token(found_.next_page_token());
  } while (!request.page_token().empty() && all.size() < 10);
  EXPECT_EQ(all, (Numbers{kMihon, kKakuu, kYumemi}));

  request.clear_page_token();
  Search(request);
  request.set_page_token(found_.next_page_token());
  request.set_name("かくう");  // another search
  EXPECT_EQ(Search(request), Numbers{"PAGE_INVALID"});
  request.Clear();
  request.set_page_size(501);
  EXPECT_EQ(Search(request), Numbers{"PAGE_INVALID"});
  request.set_page_size(-1);
  EXPECT_EQ(Search(request), Numbers{"PAGE_INVALID"});
}

TEST_F(CorporationsServiceTest, WhoFollowsTheChangesMissesNone) {
  ASSERT_EQ(Rename(kKakuu, "株式会社あたらしい", "アタラシイ"), "");
  ASSERT_EQ(Merge(kKakuu, kMihon), "");
  std::vector<v1::Change::Kind> kinds;
  v1::ListChangesRequest request;
  request.set_page_size(2);
  v1::ListChangesResponse page;
  do {
    agency::FakeCall call("gbizid/gbizid", "", {});
    page.Clear();
    ASSERT_TRUE(service_.ListChanges(call.context(), &request, &page).ok());
    for (const v1::Change& change : page.changes())
      kinds.push_back(change.kind());
    request.set_after_sequence(page.last_sequence());
  } while (page.more());
  using v1::Change;
  EXPECT_EQ(kinds, (std::vector<Change::Kind>{
                       Change::NEW, Change::NEW, Change::NEW, Change::NAME,
                       Change::MERGER, Change::ABSORPTION}));
  EXPECT_EQ(list_.Changes(request)->changes_size(), 0);
  EXPECT_EQ(list_.Changes(request)->last_sequence(), 6);
  request.set_after_sequence(-1);
  EXPECT_EQ(ReasonOf(list_.Changes(request).status()), "PAGE_INVALID");
}

TEST_F(CorporationsServiceTest, SeedsEnterOnceAndAllOrNone) {
  EXPECT_TRUE(Import({SeedOf("1000000000008", "株式会社おそい", "オソイ",
                             "990019", "0001001")})
                  .ok());
  EXPECT_FALSE(register_.Find("1000000000008").ok()) << "not at a later start";

  const TempFolder folder;
  const auto database = *agency::Database::Open(folder.File("other.sqlite"),
                                                CorporationMigrations());
  CorporationRegister other(database.get());
  const auto good = SeedOf(kKakuu, "株式会社かくう", "カクウ", "990019", "");
  std::vector<seed::v1::Corporation> bad(6, good);
  bad[0].set_corporate_number("1123456789012");
  bad[1].set_name("株式会社");
  bad[2].set_kana("架空");
  bad[3].set_establishment_date("1999-04-31");
  bad[4].set_lg_code("990018");
  bad[5].set_machiaza_id("1");
  for (const auto& seed : bad) {
    EXPECT_EQ(ReasonOf(other.ImportOnce(
                  clock_.Now(),
                  [&](CorporationRegister::Take take) -> absl::Status {
                    PSM_RETURN_IF_ERROR(
                        take(SeedOf(kMihon, "みほん", "ミホン", "990027", "")));
                    return take(seed);
                  })),
              "SEED_INVALID");
  }
  EXPECT_FALSE(other.Find(kMihon).ok());
}

}  // namespace
}  // namespace psm::corporations
