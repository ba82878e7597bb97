// 19. Who can tell that the log was changed: an auditor with the verifying key
// and nothing else, on the log of a gateway at work.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/cli/process.h"
#include "mesh/cli/said.h"
#include "mesh/records/leaf.h"
#include "mesh/records/log_key.h"
#include "mesh/records/tlog/tile_folder.h"
#include "mesh/web/http_client.h"
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
  static Said VerifyOnceItHas(int size, const std::string& arguments = "") {
    Said said;
    const absl::Duration start = mesh().clock().Monotonic();
    do {
      said = Verify(arguments);
    } while (said.text.find(absl::StrCat("tree ", size, ",")) ==
                 std::string::npos &&
             mesh().clock().Monotonic() - start < absl::Seconds(20));
    return said;
  }
  // How many records there are by now, after `more` exchanges.
  static int RecordsAfter(int more) {
    for (int i = 0; i < more; ++i) EXPECT_TRUE(AskTax(mesh()).status.ok());
    const auto all = mesh().Records({});
    return all.ok() ? static_cast<int>(all->size()) : -1;
  }
  // Away from the mesh: another run folder, and nothing of it but the key.
  static Said Elsewhere(const std::string& arguments) {
    return RunPsm(
        PSM_CLI, mesh().folder().root() + "/elsewhere",
        absl::StrCat(arguments, " --",
                     absl::StartsWith(arguments, "verify witness") ? "log-key '"
                                                                   : "key '",
                     mesh().folder().LogVerifierKey(), "'"));
  }
  // What holds the log's key signs another history of `size` entries.
  static std::string AnotherHistory(std::uint64_t size) {
    const std::string folder = mesh().folder().root() + "/another-history";
    const auto signer =
        ReadLogKey(mesh().folder().LogKey(), LogOrigin(kMainLog));
    auto tiles = tlog::TileFolder::Open(folder, (*signer)->verifier());
    std::vector<std::string> entries;
    for (std::uint64_t i = (*tiles)->size(); i < size; ++i)
      entries.push_back(absl::StrCat("another ", i));
    EXPECT_TRUE((*tiles)->Add(entries).ok());
    tlog::Checkpoint head;
    head.origin = (*signer)->verifier().name();
    head.size = (*tiles)->size();
    head.root = (*tiles)->root();
    EXPECT_TRUE(
        (*tiles)->Publish(*tlog::SignedCheckpoint::Make(head, **signer)).ok());
    return folder;
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
  constexpr std::streamoff kEntry = 2 + kLeafBytes;
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

TEST_F(Evidence, WhoHasNoAccessToTheFolderReadsTheLogOverHttp) {
  const std::string url = LogUrl(mesh().folder());
  ASSERT_THAT(url, HasSubstr("http://127.0.0.1:"));
  const int size = RecordsAfter(1);
  ASSERT_EQ(VerifyOnceItHas(size).code, 0);
  Said said = Elsewhere(absl::StrCat("verify log --log ", url));
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, AllOf(HasSubstr(absl::StrCat("tree ", size, ",")),
                               HasSubstr("records not looked at")));
  const auto client = web::HttpClient::Create(url);
  EXPECT_EQ((*client)->Get("readyz")->status, 200);
  EXPECT_EQ((*client)->Get("healthz")->status, 200);
  // Keys and records lie beside the log, and cannot be asked for.
  for (const char* path : {"../keys/log.pem", "tile/../../keys/log.pem",
                           "%2e%2e/keys/log.pem", "records", "keys/log.pem"})
    EXPECT_EQ((*client)->Get(path)->status, 404) << path;

  mesh().FillRecordsDisk();
  AskTax(mesh());
  EXPECT_EQ((*client)->Get("readyz")->status, 503);
  EXPECT_EQ((*client)->Get("checkpoint")->status, 200) << "the log stays";
  mesh().FreeRecordsDisk();
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  EXPECT_EQ((*client)->Get("readyz")->status, 200);

  // After a stop nobody is sent to where it was.
  ASSERT_TRUE(mesh().KillSystem("mesh/gateway", SIGKILL).ok());
  ASSERT_TRUE(mesh().StartSystem("mesh/gateway").ok());
  const std::string again = LogUrl(mesh().folder());
  said = Elsewhere(absl::StrCat("verify log --log ", again));
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("consistent with the checkpoint of"));
}

TEST_F(Evidence, OlderRecordsAreNotGoneOnWithAlthoughThePublishedLogIsGone) {
  const fs::path root = mesh().folder().root();
  const fs::path records = mesh().folder().Records();
  const fs::path log = mesh().folder().PublishedLog();
  const auto copy = fs::copy_options::recursive;
  RecordsAfter(2);
  ASSERT_TRUE(mesh().StopSystem("mesh/gateway").ok());
  fs::copy(records, root / "older-records", copy);
  ASSERT_TRUE(mesh().StartSystem("mesh/gateway").ok());
  const int size = RecordsAfter(2);
  ASSERT_TRUE(mesh().StopSystem("mesh/gateway").ok());
  fs::rename(records, root / "newest-records");
  fs::rename(log, root / "newest-log");

  // All that a backup of the records is, and nothing that says that there was
  // more: but for what is kept elsewhere.
  fs::copy(root / "older-records", records, copy);
  EXPECT_FALSE(mesh().StartSystem("mesh/gateway").ok());
  EXPECT_THAT(LastLines(mesh().folder().Log("mesh/gateway"), 3),
              AllOf(HasSubstr(mesh().folder().GatewaysCheckpoint()),
                    HasSubstr(absl::StrCat("was kept when it had ", size)),
                    HasSubstr("restore the newest copy")));
  EXPECT_FALSE(fs::exists(log / "checkpoint")) << "nothing was signed";

  // The newest records are gone on with, and published anew.
  fs::remove_all(records);
  fs::rename(root / "newest-records", records);
  ASSERT_TRUE(mesh().StartSystem("mesh/gateway").ok());
  const int more = RecordsAfter(1);
  EXPECT_EQ(more, size + 1);
  const Said said = VerifyOnceItHas(more);
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("consistent with the checkpoint of"));
}

TEST_F(Evidence, AWitnessRefusesAndNamesALogThatWasRolledBackOrSplit) {
  const fs::path log = mesh().folder().PublishedLog();
  const std::string old = mesh().folder().root() + "/rolled-back";
  const std::string state = mesh().folder().root() + "/elsewhere/witness";
  const auto look = [&](const std::string& where) {
    return Elsewhere(absl::StrCat("verify witness --once --log '", where, "'"));
  };
  const int before = RecordsAfter(2);
  ASSERT_EQ(VerifyOnceItHas(before).code, 0);
  fs::copy(log, old, fs::copy_options::recursive);
  const int size = RecordsAfter(2);
  ASSERT_EQ(VerifyOnceItHas(size).code, 0);
  Said said = look(LogUrl(mesh().folder()));
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr(absl::StrCat("cosigned: tree ", size)));
  EXPECT_EQ(fs::status(state + "/key.pem").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);

  said = look(old);
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text,
              HasSubstr(absl::StrCat("rolled back: it had ", size,
                                     " entries and now shows ", before)));
  const std::string another =
      AnotherHistory(static_cast<std::uint64_t>(size) + 3);
  said = look(another);
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("split view"));
  EXPECT_FALSE(fs::is_empty(state + "/log/evidence"));

  // It goes on serving what it saw, so that an auditor who is shown the other
  // history, and has never seen the log before, notices.
  SpawnOptions spawn;
  spawn.command = {PSM_CLI,      "--run",     state,
                   "verify",     "witness",   "--log",
                   log.string(), "--log-key", mesh().folder().LogVerifierKey(),
                   "--state",    state};
  spawn.log = state + "/output";
  spawn.dies_with_parent = true;
  const auto witness = Spawn(spawn);
  ASSERT_TRUE(witness.ok()) << witness.status();
  const auto url = AwaitFile(state + "/url", *witness, absl::Seconds(20));
  ASSERT_TRUE(url.ok()) << url.status() << LastLines(spawn.log, 5);
  const auto audit = [&](const std::string& where, const std::string& kept) {
    return Elsewhere(absl::StrCat("verify log --log '", where, "' --state '",
                                  state, "/", kept, "' --witness ", *url));
  };
  said = audit(another, "deceived");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("two histories"));
  said = audit(old, "late");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("rolled back"));
  said = audit(log, "honest");
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("what the witness cosigned on"));
  EXPECT_TRUE(StopProcess(*witness, absl::Seconds(20)).ok());
}

}  // namespace
}  // namespace psm::testing
