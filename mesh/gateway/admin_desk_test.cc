#include "mesh/gateway/admin_desk.h"

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/exchange/exchange_fixture.h"
#include "mesh/records/tlog/note_key.h"

namespace psm {
namespace {

class AdminDeskTest : public ExchangeFixture {
 protected:
  int Ask(const std::string& target, const std::string& method = "GET") {
    return desk_.Answer({method, target, ""}).status;
  }

  const TempFolder temp_;
  AdminDesk desk_{
      temp_.path(),
      std::make_unique<tlog::OneKey>(
          tlog::NoteSigner::Make("psm.test/log/main", *Ed25519Key::Generate())
              ->verifier()),
      log_};
};

TEST_F(AdminDeskTest, SaysWhetherExchangesCanBeRecorded) {
  EXPECT_EQ(Ask("/healthz"), 200);
  EXPECT_EQ(Ask("/readyz"), 200);
  log_.failure = absl::UnavailableError("full");
  EXPECT_EQ(Ask("/readyz"), 503);
  EXPECT_EQ(Ask("/healthz"), 200) << "the process itself is well";
  log_.failure = absl::OkStatus();
  EXPECT_EQ(Ask("/readyz"), 200);
}

TEST_F(AdminDeskTest, ServesThePublishedLogAndNothingElse) {
  EXPECT_EQ(Ask("/checkpoint"), 404) << "nothing is published yet";
  temp_.Write("checkpoint", "as it is");
  EXPECT_EQ(Ask("/checkpoint"), 200);
  for (const char* target : {"/", "/healthz/", "/readyz?x", "/metrics", ""})
    EXPECT_EQ(Ask(target), 404) << target;
  for (const char* target : {"/healthz", "/readyz", "/checkpoint"})
    EXPECT_EQ(Ask(target, "POST"), 405) << target;
}

}  // namespace
}  // namespace psm
