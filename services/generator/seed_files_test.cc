#include "services/generator/seed_files.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "psm/seed/v1/seed.pb.h"
#include "services/generator/names.h"

namespace psm {
namespace {

using testing::HasSubstr;
using testing::Not;
using Files = std::map<std::string, std::string>;

World Build(std::uint64_t seed = 1) {
  WorldOptions options;
  options.today = absl::CivilDay(2026, 11, 22);
  options.seed = seed;
  return BuildWorld(options).value();
}

std::unique_ptr<SubjectScopes> Scopes(char key = 'k') {
  return SubjectScopes::Create(SecretBytes(std::string(32, key))).value();
}

template <typename Message>
std::vector<Message> Parse(const std::string& lines) {
  std::vector<Message> messages;
  for (absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty()))
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(
                    std::string(line), &messages.emplace_back())
                    .ok())
        << line;
  return messages;
}

template <typename Message>
std::map<std::string, Message> BySubject(const std::string& lines) {
  std::map<std::string, Message> messages;
  for (const Message& message : Parse<Message>(lines))
    EXPECT_TRUE(messages.emplace(message.subject(), message).second);
  return messages;
}

const Person& PersonaNamed(const World& world, const std::string& id) {
  for (const Story& story : world.stories) {
    if (story.id == id)
      return world.households[story.household].members[story.member];
  }
  ADD_FAILURE() << id;
  return world.households[0].members[0];
}

TEST(SeedLinesTest, TheSameSeedGivesTheSameBytes) {
  const Files one = SeedLines(Build(), *Scopes()).value();
  EXPECT_EQ(one, SeedLines(Build(), *Scopes()).value());
  EXPECT_NE(one, SeedLines(Build(2), *Scopes()).value());
  EXPECT_EQ(PersonaLines(Build()).value(), PersonaLines(Build()).value());
}

TEST(SeedLinesTest, EverySystemOfTheMeshWithDataHasAFile) {
  const Files files = SeedLines(Build(), *Scopes()).value();
  std::set<std::string> systems;
  for (const auto& [system, text] : files) {
    systems.insert(system);
    EXPECT_FALSE(text.empty());
  }
  EXPECT_EQ(systems,
            (std::set<std::string>{
                "accounts/accounts", "akatsuki/benefits", "akatsuki/residents",
                "akatsuki/tax", "corporations/corporations", "gbizid/gbizid",
                "hoshizora-bank/customers", "identity/identity",
                "yunagi/residents", "yunagi/tax"}));
}

TEST(SeedLinesTest, NoPersonNumberAndNoCodeIsSharedBetweenAgencies) {
  const World world = Build();
  const Files files = SeedLines(world, *Scopes()).value();
  std::map<std::string, std::string> owner;  // code -> agency
  for (const auto& [system, text] : files) {
    if (system == "corporations/corporations" || system == "gbizid/gbizid")
      continue;
    const std::string agency = system.substr(0, system.find('/'));
    for (absl::string_view line :
         absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(line, '"');
      ASSERT_EQ(parts[1], "subject");
      ASSERT_EQ(parts[3].size(), kSubjectCodeSize);
      const auto [place, fresh] = owner.emplace(parts[3], agency);
      EXPECT_EQ(place->second, agency);
    }
  }
  EXPECT_GT(owner.size(), 2500U);
  // Only personas.jsonl knows a number.
  std::string all;
  for (const auto& [system, text] : files) all += text;
  for (const seed::v1::Persona& persona :
       Parse<seed::v1::Persona>(PersonaLines(world).value())) {
    if (persona.corporate_number().empty()) {
      ASSERT_EQ(persona.person_number().size(), 2 * PersonNumber::kSize);
      EXPECT_THAT(all, Not(HasSubstr(persona.person_number())));
    }
  }
}

TEST(SeedLinesTest, CodesAreThoseOfTheMasterKey) {
  const World world = Build();
  EXPECT_NE(SeedLines(world, *Scopes('a')).value(),
            SeedLines(world, *Scopes('b')).value());
  const auto scopes = Scopes();
  const Files files = SeedLines(world, *scopes).value();
  std::size_t decoded = 0;
  for (const auto& [subject, resident] :
       BySubject<seed::v1::Resident>(files.at("akatsuki/residents"))) {
    EXPECT_TRUE(
        scopes->For(SubjectScopeKind::kAgency, kAkatsuki).Decode(subject).ok());
    ++decoded;
  }
  EXPECT_GT(decoded, 300U);
  // The bank's names are no subject codes.
  for (const auto& [subject, customer] :
       BySubject<seed::v1::Customer>(files.at("hoshizora-bank/customers"))) {
    EXPECT_FALSE(scopes->For(SubjectScopeKind::kAgency, "hoshizora-bank")
                     .Decode(subject)
                     .ok());
    EXPECT_TRUE(scopes->For(SubjectScopeKind::kRelyingParty, "hoshizora-bank")
                    .Decode(subject)
                    .ok());
  }
}

TEST(SeedLinesTest, HanakoIsInEveryFileWhereHerStoryPutsHer) {
  const World world = Build();
  const auto scopes = Scopes();
  const Files files = SeedLines(world, *scopes).value();
  const Person& hanako = world.households[0].members[0];
  const auto code = [&](const char* agency) {
    return scopes->For(SubjectScopeKind::kAgency, agency).Encode(hanako.number);
  };
  const auto residents =
      BySubject<seed::v1::Resident>(files.at("akatsuki/residents"));
  ASSERT_EQ(residents.count(code(kAkatsuki)), 1U);
  const seed::v1::Resident& resident = residents.at(code(kAkatsuki));
  EXPECT_EQ(resident.name(), "青空　花子");
  EXPECT_EQ(resident.tax_municipality(), kYunagi);
  EXPECT_EQ(resident.move_in_date(), "2026-03-20");
  // Where she lived before, she is history.
  const auto former =
      BySubject<seed::v1::Resident>(files.at("yunagi/residents"));
  ASSERT_EQ(former.count(code(kYunagi)), 1U);
  EXPECT_EQ(former.at(code(kYunagi)).move_out_date(), "2026-03-20");
  EXPECT_EQ(former.at(code(kYunagi)).address(),
            "架空県ゆうなぎ市凪浜1丁目5番6号");
  EXPECT_EQ(resident.move_out_date(), "");
  const auto taxpayers = BySubject<seed::v1::Taxpayer>(files.at("yunagi/tax"));
  ASSERT_EQ(taxpayers.count(code(kYunagi)), 1U);
  EXPECT_EQ(taxpayers.at(code(kYunagi)).category(),
            tax::v1::GetTaxStatusResponse::EXEMPT);
  EXPECT_EQ(taxpayers.at(code(kYunagi)).fiscal_year(), 2026);
  EXPECT_EQ(BySubject<seed::v1::Taxpayer>(files.at("akatsuki/tax"))
                .count(code(kAkatsuki)),
            0U);
  const auto accounts =
      BySubject<seed::v1::RegisteredAccount>(files.at("accounts/accounts"));
  ASSERT_EQ(accounts.count(code("accounts")), 1U);
  EXPECT_EQ(accounts.at(code("accounts")).holder_kana(), "ｱｵｿﾞﾗ ﾊﾅｺ");
  const auto holders =
      BySubject<seed::v1::CardHolder>(files.at("identity/identity"));
  ASSERT_EQ(holders.count(code("identity")), 1U);
  EXPECT_EQ(holders.at(code("identity")).address(), resident.address());
  EXPECT_EQ(holders.at(code("identity")).card_serial(), hanako.card_serial);
  const std::string sub =
      scopes->For(SubjectScopeKind::kRelyingParty, "hoshizora-bank")
          .Encode(hanako.number);
  const auto customers =
      BySubject<seed::v1::Customer>(files.at("hoshizora-bank/customers"));
  ASSERT_EQ(customers.count(sub), 1U);
  EXPECT_TRUE(
      absl::StartsWith(customers.at(sub).address(), "架空県ゆうなぎ市"));
}

TEST(SeedLinesTest, ARecordIsTiedToTheWrongPersonOfTwoOfOneName) {
  const World world = Build();
  const auto scopes = Scopes();
  const Files files = SeedLines(world, *scopes).value();
  const auto taxpayers =
      BySubject<seed::v1::Taxpayer>(files.at("akatsuki/tax"));
  const Person& student = PersonaNamed(world, "aoi");
  const Person& namesake = PersonaNamed(world, "namesake");
  EXPECT_EQ(student.name.kana, namesake.name.kana);
  EXPECT_NE(student.birth_date, namesake.birth_date);
  SubjectScope& scope = scopes->For(SubjectScopeKind::kAgency, kAkatsuki);
  EXPECT_EQ(taxpayers.count(scope.Encode(namesake.number)), 0U);
  ASSERT_EQ(taxpayers.count(scope.Encode(student.number)), 1U);
  EXPECT_EQ(taxpayers.at(scope.Encode(student.number)).income_yen(),
            namesake.income_yen);
}

TEST(SeedLinesTest, EveryResidentIsTaxedInOneMunicipalityOnly) {
  const World world = Build();
  const auto scopes = Scopes();
  const Files files = SeedLines(world, *scopes).value();
  std::set<PersonNumber> residents, taxpayers;
  for (const char* town : {kAkatsuki, kYunagi}) {
    SubjectScope& scope = scopes->For(SubjectScopeKind::kAgency, town);
    const std::string agency = town;
    for (const auto& [subject, r] :
         BySubject<seed::v1::Resident>(files.at(agency + "/residents"))) {
      if (!r.move_out_date().empty()) continue;
      EXPECT_TRUE(residents.insert(scope.Decode(subject).value()).second);
    }
    for (const auto& [subject, t] :
         BySubject<seed::v1::Taxpayer>(files.at(agency + "/tax"))) {
      EXPECT_TRUE(taxpayers.insert(scope.Decode(subject).value()).second);
    }
  }
  EXPECT_EQ(residents.size(), 1000U);
  // But for one, whose record is tied to another.
  EXPECT_EQ(residents.erase(PersonaNamed(world, "namesake").number), 1U);
  EXPECT_EQ(residents, taxpayers);
}

class WriteSeedsTest : public testing::Test {
 protected:
  std::string Read(const std::string& file) { return temp_.Read(file); }

  TempFolder temp_;
  const std::string run_ = temp_.path();
};

TEST_F(WriteSeedsTest, WritesFilesThatOnlyTheirOwnerReads) {
  ASSERT_TRUE(
      WriteSeeds(run_, {{"a/b", "1\n"}, {"a/c", "2\n"}}, "p\n", false).ok());
  EXPECT_EQ(Read("seeds/a/b.jsonl"), "1\n");
  EXPECT_EQ(Read("seeds/a/c.jsonl"), "2\n");
  EXPECT_EQ(Read("personas.jsonl"), "p\n");
  for (const char* file :
       {"/personas.jsonl", "/seeds/a/b.jsonl", "/seeds/a/c.jsonl"}) {
    struct stat status;
    ASSERT_EQ(stat((run_ + file).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << file;
  }
}

TEST_F(WriteSeedsTest, RefusesToReplaceSeedsUnlessTold) {
  ASSERT_TRUE(WriteSeeds(run_, {{"a/b", "1\n"}}, "p\n", false).ok());
  const absl::Status again = WriteSeeds(run_, {{"a/b", "2\n"}}, "q\n", false);
  EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(again), "SEEDS_EXIST");
  EXPECT_EQ(Read("seeds/a/b.jsonl"), "1\n");
  EXPECT_EQ(Read("personas.jsonl"), "p\n");

  ASSERT_TRUE(WriteSeeds(run_, {{"c/d", "2\n"}}, "q\n", true).ok());
  EXPECT_EQ(Read("seeds/c/d.jsonl"), "2\n");
  EXPECT_EQ(Read("personas.jsonl"), "q\n");
  EXPECT_FALSE(std::filesystem::exists(run_ + "/seeds/a"));
  EXPECT_FALSE(std::filesystem::exists(run_ + "/seeds.new"));
}

TEST_F(WriteSeedsTest, ARunThatWasStoppedLeavesNoTrace) {
  std::filesystem::create_directories(run_ + "/seeds.new/x");
  std::ofstream(run_ + "/seeds.new/x/y.jsonl") << "half";
  ASSERT_TRUE(WriteSeeds(run_, {{"a/b", "1\n"}}, "p\n", false).ok());
  EXPECT_FALSE(std::filesystem::exists(run_ + "/seeds/x"));
}

TEST_F(WriteSeedsTest, SeedsWithoutPersonasAreNotFinishedAndAreReplaced) {
  ASSERT_TRUE(WriteSeeds(run_, {{"a/b", "1\n"}}, "p\n", false).ok());
  std::filesystem::remove(run_ + "/personas.jsonl");
  ASSERT_TRUE(WriteSeeds(run_, {{"a/b", "2\n"}}, "q\n", false).ok());
  EXPECT_EQ(Read("seeds/a/b.jsonl"), "2\n");
  EXPECT_EQ(Read("personas.jsonl"), "q\n");
}

TEST_F(WriteSeedsTest, SaysWhichFileCannotBeWritten) {
  const absl::Status status =
      WriteSeeds("/proc/psm-no-such-folder", {{"a/b", "1\n"}}, "p\n", false);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/proc/psm-no-such-folder"));
}

}  // namespace
}  // namespace psm
