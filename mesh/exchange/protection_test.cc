// Threat 24a: what is told of a protected person, way by way.
#include "mesh/exchange/protection.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "mesh/exchange/life_fixture.h"
#include "mesh/exchange/linkage.h"
#include "mesh/exchange/own_services.h"
#include "psm/disclosure/v1/disclosure.pb.h"
#include "psm/identity/v1/basic_items.pb.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "psm/records/v1/records_service.pb.h"

namespace psm {
namespace {

constexpr char kBasicItemsPath[] =
    "/psm.identity.v1.BasicItemsService/GetBasicItems";

class ProtectionTest : public LifeFixture {
 protected:
  records::v1::ListRecordsResponse History(char person) {
    records::v1::ListRecordsRequest request;
    request.set_subject(Code("identity", person));
    Ask ask = MakeAsk("/psm.records.v1.RecordsService/ListRecords", "history",
                      request);
    ask.peer = &identity_;
    const Answer answer = RunTask(ListRecords(env(), ask));
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    records::v1::ListRecordsResponse history;
    EXPECT_TRUE(history.ParseFromString(answer.message));
    return history;
  }

  FakePeer identity_{"identity/identity"};
};

TEST_F(ProtectionTest, OnlyWhoMayProtectsAndItIsRecorded) {
  EXPECT_EQ(ReasonOf(Protect(pension_, 'h').status), "NOT_A_PROTECTING_AGENCY");
  EXPECT_FALSE(holdings_->IsProtected(Person('h')));
  ASSERT_TRUE(Protect(akatsuki_, 'h').status.ok());
  EXPECT_TRUE(holdings_->IsProtected(Person('h')));
  EXPECT_EQ(log_.records.back().subject(), RecordsCode('h'));
  EXPECT_EQ(log_.records.back().method(),
            "psm.holdings.v1.HoldingsService/SetProtection");
  ASSERT_TRUE(Protect(akatsuki_, 'h', false).status.ok());
  EXPECT_FALSE(holdings_->IsProtected(Person('h')));
}

TEST_F(ProtectionTest, WhicheverMunicipalityIsAskedTheAnswerIsTheSameRefusal) {
  ASSERT_TRUE(Declare(akatsuki_).ok());
  ASSERT_TRUE(Protect(akatsuki_, 'h').status.ok());
  const absl::Status by_holding = Run(AskHousehold(pension_)).status;
  EXPECT_EQ(ReasonOf(by_holding), "NO_AUTOMATIC_ANSWER");
  for (const char* provider : {"akatsuki/residents", "yunagi/residents"})
    EXPECT_EQ(Said(Run(AskHousehold(pension_, provider)).status),
              Said(by_holding));
  EXPECT_TRUE(link_.requests.empty()) << "nobody is asked, no time is told";
  // Also where nobody holds the person.
  ASSERT_TRUE(End(akatsuki_).ok());
  EXPECT_EQ(Said(Run(AskHousehold(pension_)).status), Said(by_holding));
  // The municipality's own office goes on working.
  EXPECT_TRUE(Run(AskHousehold(benefits_, "akatsuki/residents")).status.ok());
}

TEST_F(ProtectionTest, NoAgreementComesBeforeProtection) {
  FakePeer stranger("accounts/desk");
  const absl::Status before = Run(AskHousehold(stranger)).status;
  ASSERT_TRUE(Protect(akatsuki_, 'h').status.ok());
  EXPECT_EQ(Said(Run(AskHousehold(stranger)).status), Said(before));
}

TEST_F(ProtectionTest, ProtectionBindsAnAnswerThatIsUnderWay) {
  link_.hold = true;
  Begin(AskHousehold(pension_, "akatsuki/residents"));
  ASSERT_FALSE(answer_.has_value());
  Completion<absl::Status> done;
  holdings_->SetProtection("akatsuki", Person('h'), true, executor_, &done);
  link_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(ReasonOf(answer_->status), "NO_AUTOMATIC_ANSWER");
}

TEST_F(ProtectionTest, AHouseholdWithAProtectedMemberIsNotTold) {
  link_.providers[kHouseholdPath] = Answering(Household("hm"));
  ASSERT_TRUE(Run(AskHousehold(pension_, "akatsuki/residents")).status.ok());
  ASSERT_TRUE(Protect(akatsuki_, 'm').status.ok());
  const Answer refused = Run(AskHousehold(pension_, "akatsuki/residents"));
  EXPECT_EQ(ReasonOf(refused.status), "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(refused.message, "");
  EXPECT_TRUE(Run(AskHousehold(benefits_, "akatsuki/residents")).status.ok());
}

TEST_F(ProtectionTest, ALinkageNamesNoSource) {
  ASSERT_TRUE(Declare(akatsuki_).ok());
  ASSERT_TRUE(Protect(akatsuki_, 'h').status.ok());
  linkage::v1::RetrieveRequest request;
  request.set_subject(Code("pension", 'h'));
  request.add_attributes("residents.name");
  Ask ask =
      MakeAsk("/psm.linkage.v1.LinkageService/Retrieve", "benefit", request);
  ask.peer = &pension_;
  const Answer answer = RunTask(Retrieve(env(), ask));
  linkage::v1::RetrieveResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.message)) << answer.status;
  ASSERT_EQ(response.evidence_size(), 1);
  EXPECT_EQ(response.evidence(0).provider(), "");
  EXPECT_TRUE(response.evidence(0).message().empty());
  EXPECT_FALSE(absl::StrContains(answer.message, "akatsuki"));
  EXPECT_FALSE(absl::StrContains(answer.message, "yunagi"));
}

TEST_F(ProtectionTest, AddressesAreWithheldByEverybodyElseToo) {
  identity::v1::GetBasicItemsResponse items;
  items.set_name("n");
  items.set_address("1-1 Akatsuki");
  link_.providers[kBasicItemsPath] = Answering(items);
  identity::v1::GetBasicItemsRequest request;
  request.set_subject(Code("pension", 'h'));
  Ask ask = MakeAsk(kBasicItemsPath, "benefit", request);
  ask.peer = &pension_;
  identity::v1::GetBasicItemsResponse got;
  ASSERT_TRUE(got.ParseFromString(Run(ask).message));
  EXPECT_EQ(got.address(), "1-1 Akatsuki");

  ASSERT_TRUE(Protect(akatsuki_, 'h').status.ok());
  ASSERT_TRUE(got.ParseFromString(Run(ask).message));
  EXPECT_EQ(got.address(), "");
  EXPECT_EQ(got.name(), "n");
  EXPECT_EQ(log_.records.back().withheld(0), "address");
  for (const auto& [key, value] : link_.requests.back().metadata) {
    if (key == "psm-attributes") {
      EXPECT_EQ(value, "name");
    }
  }

  disclosure::v1::DiscloseRequest disclose;
  disclose.set_audience("bank/customers");
  disclose.set_subject(Code("identity", 'h'));
  disclose.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
  disclose.add_attributes("address");
  Ask told = MakeAsk("/psm.disclosure.v1.DisclosureService/Disclose", "address",
                     disclose);
  told.peer = &identity_;
  EXPECT_EQ(ReasonOf(RunTask(Disclose(env(), told)).status),
            "NO_AUTOMATIC_ANSWER");
}

TEST_F(ProtectionTest, TheHistoryNamesNoMunicipality) {
  ASSERT_TRUE(Run(AskHousehold(pension_, "akatsuki/residents")).status.ok());
  ASSERT_TRUE(Run(AskHousehold(benefits_, "akatsuki/residents")).status.ok());
  EXPECT_EQ(History('h').records(0).provider(), "akatsuki/residents");
  ASSERT_TRUE(Protect(akatsuki_, 'h').status.ok());
  Run(AskHousehold(pension_, "yunagi/residents"));

  const records::v1::ListRecordsResponse history = History('h');
  ASSERT_EQ(history.records_size(), 4);
  const std::string all = absl::AsciiStrToLower(history.Utf8DebugString());
  for (const char* name : {"akatsuki", "yunagi"})
    EXPECT_FALSE(absl::StrContains(all, name)) << all;
  EXPECT_EQ(history.texts(0).provider_agency().en(), "a municipality");
  EXPECT_EQ(history.texts(3).consumer_system().en(), "pension/desk");
  EXPECT_EQ(history.records(3).consumer(), "pension/desk");
  EXPECT_TRUE(history.records(3).provided_digest().empty())
      << "a guess could be held against it";
  // And again when it is over.
  ASSERT_TRUE(Protect(akatsuki_, 'h', false).status.ok());
  EXPECT_EQ(History('h').records(4).provider(), "akatsuki/residents");
}

}  // namespace
}  // namespace psm
