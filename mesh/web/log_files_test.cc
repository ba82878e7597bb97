// A published log over HTTP: what is there for everybody, and that nothing else
// of the disk can be asked for.
#include "mesh/web/log_files.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/audit.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/web/log_source.h"
#include "mesh/web/raw_client.h"
#include "mesh/web/served_log.h"

namespace psm::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint64_t kSize = 700;  // two full tiles and 188

class LogFilesTest : public testing::Test {
 protected:
  void SetUp() override { log_.Grow(kSize); }
  HttpAnswer Ask(const std::string& target, const std::string& method = "GET") {
    return files_.Answer({method, target, ""});
  }

  const TempFolder temp_;
  ServedLog log_{temp_.File("log")};
  LogFiles files_{temp_.File("log"), log_.key()};
};

TEST_F(LogFilesTest, ServesWhatTheSpecificationNamesWithItsHeaders) {
  const HttpAnswer checkpoint = Ask("/checkpoint");
  EXPECT_EQ(checkpoint.status, 200);
  EXPECT_EQ(checkpoint.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(checkpoint.cache_control, "no-cache");
  EXPECT_EQ(checkpoint.body, temp_.Read("log/checkpoint"));
  for (const char* path :
       {"tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2",
        "tile/entries/000", "tile/entries/002.p/188"}) {
    const HttpAnswer tile = Ask(absl::StrCat("/", path));
    EXPECT_EQ(tile.status, 200) << path;
    EXPECT_EQ(tile.content_type, "application/octet-stream") << path;
    EXPECT_THAT(tile.cache_control, HasSubstr("immutable")) << path;
    EXPECT_EQ(tile.body, temp_.Read(absl::StrCat("log/", path))) << path;
    EXPECT_EQ(Ask(absl::StrCat("/", path), "HEAD").status, 200);
  }
}

TEST_F(LogFilesTest, NothingElseIsThereHoweverItIsAskedFor) {
  temp_.Write("secret", "secret");
  temp_.Write("log/secret", "secret");
  temp_.Write("log/tile/secret", "secret");
  temp_.Write("log/tile/0/secret", "secret");
  temp_.Write("log/tile/8/000", "secret");
  for (const std::string& target : std::vector<std::string>{
           "",
           "/",
           "*",
           "checkpoint",
           "//checkpoint",
           "/checkpoint/",
           "/checkpoint?x=1",
           "/checkpoint#x",
           "/./checkpoint",
           "/x/../checkpoint",
           "/%63heckpoint",
           "/Checkpoint",
           "/checkpoint%00",
           std::string("/checkpoint\0", 12),
           "/checkpoint.partial",
           "http://127.0.0.1/checkpoint",
           "/secret",
           "/../secret",
           "/tile/../secret",
           "/tile/../../secret",
           "/tile/0/../../secret",
           "/tile/secret",
           "/tile/0/secret",
           "/tile/8/000",
           "/..%2fsecret",
           "/%2e%2e/secret",
           "/tile/..%5c..%5csecret",
           "/etc/passwd",
           "//etc/passwd",
           "/tile//etc/passwd",
           "/tile",
           "/tile/",
           "/tile/0",
           "/tile/0/",
           "/tile/0/0",
           "/tile/0/000/",
           "/tile/0//000",
           "/tile/00/000",
           "/tile/-1/000",
           "/tile/+0/000",
           "/tile/0/x000",
           "/tile/0/x000/000",
           "/tile/0/000.p",
           "/tile/0/000.p/",
           "/tile/0/000.p/0",
           "/tile/0/000.p/256",
           "/tile/0/000.p/01",
           "/tile/0/000.p/1/2",
           "/tile/64/000",
           "/tile/0/x999/x999/x999/x999/x999/x999/x999/999",
           "/tile/data/000",
           "/tile/8/0/000",
           "/tile/entries/000.p/",
           "/tile/entries/../0/000",
       }) {
    for (const char* method : {"GET", "HEAD"}) {
      const HttpAnswer answer = Ask(target, method);
      EXPECT_EQ(answer.status, 404) << target;
      EXPECT_EQ(answer.body, "not found\n") << target;
    }
  }
}

TEST_F(LogFilesTest, NobodyCanChangeAnything) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS",
                             "TRACE", "CONNECT", "get", "GETX", ""}) {
    for (const char* target : {"/checkpoint", "/tile/0/000"}) {
      const HttpAnswer answer = Ask(target, method);
      EXPECT_EQ(answer.status, 405) << method;
      EXPECT_EQ(answer.allow, "GET, HEAD");
    }
  }
}

TEST_F(LogFilesTest, TheKeysAreShownWhereTheLogHasHadSeveral) {
  EXPECT_EQ(Ask("/keys").status, 404);
  temp_.Write("log/keys", "as they are");
  const HttpAnswer keys = Ask("/keys");
  EXPECT_EQ(keys.status, 200);
  EXPECT_EQ(keys.body, "as they are");
  EXPECT_EQ(keys.cache_control, "no-cache") << "there may be more of them";
  EXPECT_EQ(Ask("/keys", "POST").status, 405);
}

TEST_F(LogFilesTest, ATileBeyondTheCheckpointIsNotThere) {
  // What a crash leaves: nobody has signed it, and it may yet be replaced.
  temp_.Write("log/tile/0/002", std::string(256 * 32, 'x'));
  temp_.Write("log/tile/0/002.p/200", std::string(200 * 32, 'x'));
  temp_.Write("log/tile/entries/002", "x");
  temp_.Write("log/tile/0/005", std::string(256 * 32, 'x'));
  for (const char* path :
       {"/tile/0/002", "/tile/0/002.p/200", "/tile/entries/002", "/tile/0/005"})
    EXPECT_EQ(Ask(path).status, 404) << path;
  log_.Grow(800);
  const HttpAnswer tile = Ask("/tile/0/002");
  EXPECT_EQ(tile.status, 200) << "once it is under the checkpoint";
  EXPECT_NE(tile.body, std::string(256 * 32, 'x'));
  EXPECT_EQ(Ask("/tile/0/002.p/188").status, 404)
      << "gone when the full one is there";
}

TEST_F(LogFilesTest, NothingIsServedBeforeAnythingIsPublished) {
  LogFiles none(temp_.File("none"), log_.key());
  EXPECT_EQ(none.Answer({"GET", "/checkpoint", ""}).status, 404);
  EXPECT_EQ(none.Answer({"GET", "/tile/0/000", ""}).status, 404);
  LogFiles anothers(temp_.File("log"), SignerOf(2).verifier());
  EXPECT_EQ(anothers.Answer({"GET", "/tile/0/000", ""}).status, 404)
      << "the checkpoint is not one of the log";
}

TEST_F(LogFilesTest, AReaderMakesTheSameTreeOfIt) {
  const auto source = LogSource::Create(log_.url());
  ASSERT_TRUE(source.ok()) << source.status();
  tlog::TileReader reader(**source, kSize);
  EXPECT_EQ(tlog::ReadFrontier(kSize, reader)->Root(), log_.tiles().root());
  EXPECT_EQ(reader.Entries(2)->back(), log_.EntryAt(kSize - 1));
  // The log grows, and the reader goes on with the checkpoint that it has.
  log_.Grow(1000);
  tlog::TileReader late(**source, kSize);
  EXPECT_EQ(late.Hashes(0, 2)->size(), 188u) << "out of the full tile";
  EXPECT_EQ(late.Entries(2)->back(), log_.EntryAt(kSize - 1));
}

TEST_F(LogFilesTest, AnAuditorWithoutTheFolderFindsWhatOneWithItFinds) {
  const SystemClock clock;
  const auto source = LogSource::Create(log_.url());
  AuditOptions options;
  options.served = source->get();
  auto report = AuditLog(options, log_.key(), clock);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->finding.has_value());
  EXPECT_EQ(report->entries, kSize);

  std::string bundle = temp_.Read("log/tile/entries/001");
  bundle[3] ^= 1;  // in the first entry of it
  temp_.Write("log/tile/entries/001", bundle);
  report = AuditLog(options, log_.key(), clock);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_TRUE(report->finding.has_value());
  EXPECT_EQ(report->finding->first, 256u);
  EXPECT_EQ(report->finding->in, AuditFinding::In::kEntry);

  report = AuditLog(options, SignerOf(2).verifier(), clock);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_TRUE(report->finding.has_value());
  EXPECT_EQ(report->finding->in, AuditFinding::In::kCheckpoint);
}

TEST_F(LogFilesTest, ServesTheSameOverTheWire) {
  RawClient raw(log_.server().endpoint());
  raw.Send("GET /tile/../secret HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(raw.ReadUntil("not found\n"), StartsWith("HTTP/1.1 404 "));
  raw.Send("DELETE /checkpoint HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(
      raw.ReadUntil("only GET, HEAD\n"),
      AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD")));
  raw.Send(
      "GET /tile/1/000.p/2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string tile = raw.ReadAll();
  EXPECT_THAT(tile,
              AllOf(StartsWith("HTTP/1.1 200 "),
                    HasSubstr("Content-Type: application/octet-stream"),
                    HasSubstr("immutable"), HasSubstr("Content-Length: 64")));
  EXPECT_EQ(tile.substr(tile.size() - 64), temp_.Read("log/tile/1/000.p/2"));
}

}  // namespace
}  // namespace psm::web
