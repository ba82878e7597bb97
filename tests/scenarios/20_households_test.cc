// 20. A household of so many persons that no receipt has room for all of its
// records: each of them is proved all the same, and to nobody else.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "mesh/cli/said.h"
#include "mesh/records/receipt.h"
#include "mesh/records/side_ledger.h"
#include "psm/records/v1/records_service.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "psm/subjects/v1/subjects.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using records::v1::RecordsService;
using records::v1::SideEntry;
using residents::v1::ResidentsService;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kMinatoResidents[] = "minato/residents";
constexpr int kPersons = 14;

std::string MinatosResidents() {
  return absl::StrCat(R"text(
systems {
  id: "minato/residents"
  name { ja: "みなと町 住民課" en: "Minato Town residents' desk" }
  services: "psm.residents.v1.ResidentsService"
  program: ")text",
                      PSM_SCENARIO_PROVIDER, R"text("
}
agreements {
  id: "akatsuki-benefits-minato-residents"
  version: 1
  consumer: "akatsuki/benefits"
  affair: "benefit-tax-exempt"
  statute { ja: "番号法第19条第8号" en: "Number Act, art. 19(viii)" }
  grants {
    method: "psm.residents.v1.ResidentsService/GetHousehold"
    attributes: "name"
    providers: "minato/residents"
  }
  valid_from: "2026-01-01"
}
)text");
}

class Households : public Scenario {
 protected:
  static void SetUpTestSuite() {
    StartMesh({.agreements = MinatosResidents()});
  }

  static std::string NewPerson() {
    const auto enrolled = mesh()
                              .Client("akatsuki/residents")
                              .Call(&subjects::v1::SubjectsService::Stub::Enrol,
                                    {}, subjects::v1::EnrolRequest());
    EXPECT_TRUE(enrolled.status.ok()) << enrolled.status;
    return enrolled->subject();
  }
  static auto AskHousehold(const std::string& code) {
    residents::v1::GetHouseholdRequest request;
    request.set_subject(code);
    return mesh().Client(kBenefits).Call(
        &ResidentsService::Stub::GetHousehold,
        {.affair = kBenefitAffair, .provider = kMinatoResidents}, request);
  }
  static std::vector<SideEntry> Ledger(const std::string& exchange_id) {
    std::vector<SideEntry> entries;
    EXPECT_TRUE(ReadSide(mesh().folder().Ledger(kBenefits), {},
                         [&](const SideEntry& entry, const SidePosition&) {
                           if (entry.exchange_id() == exchange_id)
                             entries.push_back(entry);
                           return true;
                         })
                    .ok());
    return entries;
  }
  static std::string Contents(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  static Said Psm(const std::string& arguments) {
    Said said = RunPsm(PSM_CLI, mesh().folder().root(), arguments);
    absl::StrReplaceAll({{"\n", " "}}, &said.text);
    return said;
  }
};

TEST_F(Households, EachRecordOfAHouseholdIsProvedAndToNobodyElse) {
  std::string code;
  std::string exchange_id;
  for (int i = 1; i <= kPersons; ++i) {
    code = NewPerson();
    const auto reply = AskHousehold(code);
    ASSERT_TRUE(reply.status.ok()) << reply.status;
    ASSERT_EQ(reply->members_size(), i);
    exchange_id = reply.exchange_id;
  }
  // Benefits' own process proves them, those as well that the receipt leaves
  // out.
  const absl::Duration start = mesh().clock().Monotonic();
  records::v1::Receipt receipt;
  std::set<std::uint64_t> proved;
  do {
    proved.clear();
    for (const SideEntry& entry : Ledger(exchange_id)) {
      ASSERT_NE(entry.kind(), SideEntry::DISPROVED) << entry.finding();
      if (entry.kind() == SideEntry::ANSWERED) receipt = entry.receipt();
      if (entry.kind() == SideEntry::PROVED)
        proved.insert(entry.proof().receipt().leaves(0).index());
    }
  } while (proved.size() < kPersons &&
           mesh().clock().Monotonic() - start < absl::Seconds(30));
  ASSERT_EQ(proved.size(), kPersons);
  ASSERT_GT(receipt.left_out(), 0u);
  EXPECT_EQ(receipt.leaves_size() + static_cast<int>(receipt.left_out()),
            kPersons);
  const Said said =
      Psm("verify receipts --offline --list --as akatsuki/benefits");
  EXPECT_EQ(said.code, 0) << said.text;

  // Who is not the consumer gets no leaf, the provider as little as anybody.
  const records::v1::Receipt last = OnlyLeaf(receipt, kPersons - 1);
  ASSERT_TRUE(IsLeftOut(last));
  records::v1::GetProofsRequest question;
  *question.add_items() = QuestionFor(last);
  for (const char* system : {kMinatoResidents, kYunagiTax, kBenefits}) {
    const auto answer = mesh().Client(system).Call(
        &RecordsService::Stub::GetProofs, {}, question);
    if (system == std::string(kBenefits)) {
      EXPECT_TRUE(answer.status.ok()) << answer.status;
    } else {
      EXPECT_EQ(ReasonOf(answer.status), "RECEIPT_UNKNOWN") << system;
      EXPECT_EQ(answer->proofs_size(), 0);
    }
  }
}

TEST_F(Households, AReceiptInAFileHasAllRecordsOrSaysThatItHasNot) {
  for (int i = 0; i < kPersons; ++i)
    ASSERT_TRUE(AskHousehold(NewPerson()).status.ok());
  const std::string file = mesh().folder().root() + "/household.json";
  Said said = Psm(absl::StrCat(
      "call --as akatsuki/benefits --affair benefit-tax-exempt --provider ",
      kMinatoResidents, " --receipt '", file,
      "' psm.residents.v1.ResidentsService/GetHousehold '{\"subject\":\"",
      NewPerson(), "\"}'"));
  ASSERT_EQ(said.code, 0) << said.text;
  said = Psm(absl::StrCat("verify receipt '", file, "'"));
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, AllOf(HasSubstr("has signed all"),
                               HasSubstr("one for each person")));

  // Somebody takes the last proof out.
  std::string text = Contents(file);
  const std::size_t cut = text.rfind("  {\n   \"receipt\"");
  ASSERT_NE(cut, std::string::npos) << text;
  const std::size_t comma = text.rfind(',', cut);
  const std::size_t end = text.rfind("\n ],");
  ASSERT_NE(end, std::string::npos) << text;
  text.erase(comma, end - comma);
  std::ofstream(file) << text;
  said = Psm(absl::StrCat("verify receipt '", file, "'"));
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, AllOf(HasSubstr("incomplete"),
                               HasSubstr("psm verify receipts --as")));
}

}  // namespace
}  // namespace psm::testing
