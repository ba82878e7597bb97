// 19. Who can tell that the log was changed: an auditor with the verifying key
// and nothing else, on the log of a gateway at work.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/cli/said.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Evidence : public Scenario {
 protected:
  static Said Verify(const std::string& arguments = "") {
    return RunPsm(PSM_CLI, mesh().folder().root(),
                  absl::StrCat("verify log ", arguments));
  }
  // Until the last audit says that a tree of `size` holds: the log is published
  // a moment after the record is durable.
  static Said VerifyOnceItHas(int size) {
    Said said;
    const absl::Duration start = mesh().clock().Monotonic();
    do {
      said = Verify();
    } while (said.text.find(absl::StrCat("tree ", size, ",")) ==
                 std::string::npos &&
             mesh().clock().Monotonic() - start < absl::Seconds(20));
    return said;
  }
  // The bundle with the first entries of the log, in its largest edition.
  static fs::path Bundle() {
    const std::string tiles = mesh().folder().PublishedLog() + "/tile/entries/";
    fs::path newest;
    int width = 0;
    for (const auto& file : fs::directory_iterator(tiles + "000.p")) {
      const int own = std::stoi(file.path().filename().string());
      if (own > width) {
        width = own;
        newest = file.path();
      }
    }
    return newest;
  }
  static void FlipByte(const fs::path& file, std::streamoff at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(at);
    const int byte = stream.get();
    stream.seekp(at);
    stream.put(static_cast<char>(byte ^ 1));
  }
};

TEST_F(Evidence, AnAuditorNamesTheEntryThatWasChangedAndNothingElse) {
  const auto records = [] {
    auto all = mesh().Records({});
    return all.ok() ? static_cast<int>(all->size()) : -1;
  };
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(AskTax(mesh()).status.ok());
  EXPECT_FALSE(AskAccount(mesh(), kYunagiTax,
                          mesh().Person("hanako").CodeAt("yunagi"),
                          "collect-arrears")
                   .status.ok());
  const int size = records();
  ASSERT_GE(size, 5);
  Said said = VerifyOnceItHas(size);
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text,
              AllOf(HasSubstr("psm.test/log/main"),
                    HasSubstr("every entry, tile, record and signature holds"),
                    HasSubstr(absl::StrCat(size, " records"))));

  // Somebody with access to the disk changes what was published of record 2.
  constexpr std::streamoff kEntry = 2 + 257;
  const fs::path bundle = Bundle();
  FlipByte(bundle, 2 * kEntry + 50);
  said = Verify();
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text,
              AllOf(HasSubstr("does not hold"), HasSubstr("entry 2 (")));
  said = Verify("--no-records");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("entry 2 ("));

  FlipByte(bundle, 2 * kEntry + 50);
  said = Verify();
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("consistent with the checkpoint of"));

  // The mesh has gone on all the while, and so does the log.
  ASSERT_TRUE(AskTax(mesh()).status.ok());
  said = VerifyOnceItHas(records());
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr(absl::StrCat("(", size, ")")))
      << "consistent with the audit before";

  // A log of before is not taken for the log of now.
  const fs::path log = mesh().folder().PublishedLog();
  const std::string old = mesh().folder().root() + "/old-log";
  fs::copy(log, old, fs::copy_options::recursive);
  const int before = records();
  ASSERT_TRUE(AskTax(mesh()).status.ok());
  EXPECT_EQ(VerifyOnceItHas(before + 1).code, 0);
  said = Verify(absl::StrCat("--log '", old, "'"));
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("rolled back"));
}

}  // namespace
}  // namespace psm::testing
