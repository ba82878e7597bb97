// 15. Certificates change, lapse and are taken back while calls go on.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "certs/running_mesh.h"
#include "certs/system_identity.h"
#include "gmock/gmock.h"
#include "mesh/base/durable_file.h"
#include "mesh/directory/directory.h"
#include "mesh/directory/renewal_process.h"
#include "tests/scenarios/certificate_load.h"
#include "tests/scenarios/certificate_scenario.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(20);
// From lists in force to the first refusal.
constexpr absl::Duration kBinds = absl::Seconds(1);

class Certificates : public CertificateScenario {
 protected:
  // Whether a process lets in who shows the identity of `as`.
  static bool LetsIn(const std::string& system, const std::string& as) {
    pki::RunFolderMesh processes(mesh().folder().root());
    const auto identity =
        pki::ReadIdentity(pki::SystemFolder(mesh().folder().root(), as));
    const auto answer = processes.Ask(system, *identity);
    return answer.ok() && answer->accepted;
  }
  static TaxReply AskMinato(int what = kAnswerAtOnce) {
    tax::v1::GetTaxStatusRequest request = TaxRequest(mesh(), "hanako");
    request.set_fiscal_year(what);
    return mesh().Client(kBenefits).Call(
        &tax::v1::TaxService::Stub::GetTaxStatus,
        {.affair = kBenefitAffair,
         .provider = kMinatoTax,
         .timeout = absl::Seconds(30)},
        request);
  }
  // Asks until it is answered, as AskTaxUntilAnswered.
  static absl::Status AskMinatoUntilAnswered() {
    const absl::Duration deadline = mesh().clock().Monotonic() + kPatience;
    absl::Status status = AskMinato().status;
    while (!status.ok() && mesh().clock().Monotonic() < deadline)
      status = AskMinato().status;
    return status;
  }
};

TEST_F(Certificates, ARevokedConsumerIsRefusedOnItsLiveConnection) {
  ASSERT_TRUE(AskMinato().status.ok());
  const std::string serial = SerialOf(kBenefits);
  LogWatch calls = WatchMinato(mesh());
  LogWatch log = mesh().WatchLog(kGatewaySystem);
  auto in_flight = std::async(std::launch::async,
                              [] { return AskMinato(kAnswerWhenCancelled); });
  ASSERT_TRUE(calls.Await({"called"}, kPatience).ok());

  auto revoked = std::async(std::launch::async,
                            [] { return Pki("revoke akatsuki/benefits"); });
  ASSERT_TRUE(log.Await({"certificates_in_force"}, kPatience).ok());
  const absl::Duration in_force = mesh().clock().Monotonic();
  absl::Status refused = AskMinato().status;
  while (refused.ok() && mesh().clock().Monotonic() < in_force + kPatience)
    refused = AskMinato().status;
  EXPECT_LE(mesh().clock().Monotonic() - in_force, kBinds);
  EXPECT_EQ(ReasonOf(refused), "CERTIFICATE_REVOKED") << refused;

  const TaxReply interrupted = in_flight.get();
  EXPECT_EQ(ReasonOf(interrupted.status), "CERTIFICATE_REVOKED")
      << interrupted.status;
  EXPECT_EQ(interrupted->ByteSizeLong(), 0u);
  EXPECT_TRUE(calls.Await({"cancelled"}, kPatience).ok())
      << "its provider is told to stop";
  const Said said = revoked.get();
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("akatsuki/benefits is refused"));

  // The log and the records say why, and that nothing was released.
  LogWatch whole(mesh().folder().Log(kGatewaySystem), LogWatch::kFromBegin);
  auto line = whole.Await({"peer_refused"}, kPatience);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ((*line)["reason"], "CERTIFICATE_REVOKED");
  EXPECT_EQ((*line)["serial"], serial);
  auto records = mesh().AwaitRecords(
      {.consumer = kBenefits, .reason = "CERTIFICATE_REVOKED"}, 2);
  ASSERT_TRUE(records.ok()) << records.status();
  for (const Record& record : *records) {
    EXPECT_THAT(Released(record), IsEmpty());
    EXPECT_NE(record.kind(), Record::EXCHANGE) << record.DebugString();
  }

  // Nor by a new connection; others are still heard.
  EXPECT_FALSE(LetsIn(kGatewaySystem, kBenefits));
  EXPECT_EQ(ReasonOf(AskAccount(mesh(), kYunagiTax,
                                mesh().Person("kenji").CodeAt("yunagi"),
                                "collect-arrears")
                         .status),
            "NO_AGREEMENT");
  // Issued anew, it goes on without a restart.
  const Said issued = Pki("issue akatsuki/benefits");
  ASSERT_EQ(issued.code, 0) << issued.text;
  EXPECT_TRUE(AskMinatoUntilAnswered().ok());
}

TEST_F(Certificates, ARevokedProviderIsNotBelievedOnItsLiveConnection) {
  ASSERT_TRUE(AskMinato().status.ok());
  const std::string serial = SerialOf(kMinatoTax);
  LogWatch calls = WatchMinato(mesh());
  LogWatch log = mesh().WatchLog(kGatewaySystem);
  auto in_flight = std::async(std::launch::async,
                              [] { return AskMinato(kAnswerWhenCancelled); });
  ASSERT_TRUE(calls.Await({"called"}, kPatience).ok());

  auto revoked =
      std::async(std::launch::async, [] { return Pki("revoke minato/tax"); });
  auto line = log.Await({"provider_refused"}, kPatience);
  ASSERT_TRUE(line.ok()) << line.status();
  const absl::Duration in_force = mesh().clock().Monotonic();
  EXPECT_EQ((*line)["reason"], "CERTIFICATE_REVOKED");
  EXPECT_EQ((*line)["serial"], serial);
  const TaxReply interrupted = in_flight.get();
  EXPECT_LE(mesh().clock().Monotonic() - in_force, kBinds);
  EXPECT_EQ(ReasonOf(interrupted.status), "PROVIDER_NOT_TRUSTED")
      << interrupted.status;
  EXPECT_EQ(interrupted->ByteSizeLong(), 0u);

  EXPECT_EQ(ReasonOf(AskMinato().status), "PROVIDER_NOT_TRUSTED");
  auto dialled = log.Await({"provider_not_reached"}, kPatience);
  ASSERT_TRUE(dialled.ok()) << dialled.status();
  EXPECT_THAT((*dialled)["cause"], HasSubstr("revoked"));
  EXPECT_EQ(revoked.get().code, 0);
  auto records = mesh().AwaitRecords(
      {.provider = kMinatoTax, .reason = "PROVIDER_NOT_TRUSTED"}, 2);
  ASSERT_TRUE(records.ok()) << records.status();
  for (const Record& record : *records)
    EXPECT_THAT(Released(record), IsEmpty());
  EXPECT_TRUE(AskTax(mesh()).status.ok()) << "another provider";

  const Said issued = Pki("issue minato/tax");
  ASSERT_EQ(issued.code, 0) << issued.text;
  EXPECT_TRUE(AskMinatoUntilAnswered().ok());
}

// A crl.pem that nobody should believe.
struct BadLists {
  const char* what;
  std::function<void(const std::string& file)> put;
};

class UnusableLists : public Certificates {
 protected:
  void SetUp() override {
    Certificates::SetUp();
    older_ = *ReadFile(file_);
    std::unique_ptr<pki::MeshAuthority> authority = Authority();
    ASSERT_TRUE(authority->Issue("spare/system", absl::Hours(24), false).ok());
    LogWatch log = mesh().WatchLog(kGatewaySystem);
    ASSERT_TRUE(authority->RevokeSystem("spare/system").ok());
    ASSERT_TRUE(log.Await({"certificates_in_force"}, kPatience).ok());
    good_ = *ReadFile(file_);
    const absl::Time then = mesh().clock().Now() - absl::Hours(24 * 8);
    for (const auto* all : {&authority->authorities().roots(),
                            &authority->authorities().intermediates()}) {
      for (const pki::NumberedAuthority& one : *all)
        expired_ += *one.authority->IssueRevocationList(
            {}, authority->index().list_number(), then, absl::Hours(24 * 7));
    }
    // Each has met the good list, by which it will know an older one.
    ASSERT_TRUE(LetsIn(kYunagiTax, kGatewaySystem));
    ASSERT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  }
  void Put(const std::string& text) const {
    std::error_code none;
    fs::remove_all(file_, none);
    ASSERT_TRUE(WriteWholeFile(file_, text, kPublic, Outlives::kProcess).ok());
  }
  std::vector<BadLists> All() const {
    return {{"garbage", [this](const auto&) { Put("no lists\n"); }},
            {"cut off",
             [this](const auto&) { Put(good_.substr(0, good_.size() / 3)); }},
            {"expired", [this](const auto&) { Put(expired_); }},
            {"an older one", [this](const auto&) { Put(older_); }},
            {"a folder",
             [](const std::string& file) {
               fs::remove(file);
               fs::create_directory(file);
             }},
            {"missing", [](const std::string& file) { fs::remove(file); }}};
  }

  const std::string file_ = mesh().folder().RevocationList();
  std::string older_;
  std::string good_;
  std::string expired_;
};

TEST_F(UnusableLists, RefuseEverybodyUntilGoodOnesComeBack) {
  for (const BadLists& bad : All()) {
    SCOPED_TRACE(bad.what);
    LogWatch log = mesh().WatchLog(kGatewaySystem);
    LogWatch tax = mesh().WatchLog(kYunagiTax);
    bad.put(file_);
    auto line = log.Await({"certificates_refused"}, kPatience);
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_NE((*line)["error"], "");
    EXPECT_THAT((*line)["in_force"], HasSubstr("nobody is served"));
    // Who is connected; who is not; and at an agency, the gateway.
    absl::Status refused = AskTax(mesh()).status;
    const absl::Duration deadline = mesh().clock().Monotonic() + kPatience;
    // For a moment it may be the provider alone that is not believed any more.
    while (ReasonOf(refused) != "REVOCATION_STATE_STALE" &&
           mesh().clock().Monotonic() < deadline)
      refused = AskTax(mesh()).status;
    EXPECT_EQ(ReasonOf(refused), "REVOCATION_STATE_STALE") << refused;
    EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
    EXPECT_FALSE(LetsIn(kGatewaySystem, kBenefits));
    EXPECT_FALSE(LetsIn(kYunagiTax, kGatewaySystem));
    auto at_agency = tax.Await({"peer_refused"}, kPatience);
    ASSERT_TRUE(at_agency.ok()) << at_agency.status();
    EXPECT_NE((*at_agency)["why"], "");

    Put(good_);
    ASSERT_TRUE(log.Await({"certificates_in_force"}, kPatience).ok());
    EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
    EXPECT_TRUE(LetsIn(kYunagiTax, kGatewaySystem));
  }
  auto records = mesh().AwaitRecords({.reason = "REVOCATION_STATE_STALE"}, 2);
  ASSERT_TRUE(records.ok()) << records.status();
  for (const Record& record : *records)
    EXPECT_THAT(Released(record), IsEmpty());
}

TEST_F(UnusableLists, KeepProcessesFromStarting) {
  for (const BadLists& bad : All()) {
    // Whoever has just started has nothing to compare a list with.
    if (absl::string_view(bad.what) == "an older one") continue;
    SCOPED_TRACE(bad.what);
    for (const char* system : {kGatewaySystem, kYunagiTax}) {
      ASSERT_TRUE(mesh().StopSystem(system).ok());
      LogWatch log = mesh().WatchLog(system);
      bad.put(file_);
      EXPECT_FALSE(mesh().StartSystem(system).ok()) << system;
      auto line = log.Await({"not_started", "refused_to_start"}, kPatience);
      ASSERT_TRUE(line.ok()) << line.status();
      EXPECT_NE((*line)["error"], "");
      Put(good_);
      ASSERT_TRUE(mesh().StartSystem(system).ok()) << system;
    }
  }
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
}

class Renewals : public Certificates {
 protected:
  static void SetUpTestSuite() {
    MeshOptions options;
    options.renewals = true;
    StartMesh(std::move(options));
  }
  static bool AllShowTheirs() {
    pki::RunFolderMesh processes(mesh().folder().root());
    for (const std::string& system : processes.Serving()) {
      const auto own =
          pki::ReadIdentity(pki::SystemFolder(mesh().folder().root(), system));
      const auto gateway = pki::ReadIdentity(
          pki::SystemFolder(mesh().folder().root(), kGatewaySystem));
      const auto answer = processes.Ask(system, *gateway);
      if (!answer.ok() || !answer->accepted ||
          answer->shown != own->chain[0].ToDer())
        return false;
    }
    return true;
  }
};

// A minute ago.
class EarlierClock final : public SystemClock {
 public:
  absl::Time Now() const override { return SystemClock::Now() - kAgo; }
  static constexpr absl::Duration kAgo = absl::Seconds(60);
};

TEST_F(Renewals, EverythingIsRenewedByItselfAndNoCallFails) {
  // Half of this life, give or take a twentieth, is 3 to 17 seconds from now.
  constexpr absl::Duration kLife = absl::Seconds(140);
  std::map<std::string, std::string> serials;
  {
    const EarlierClock earlier;
    const auto authority =
        *pki::MeshAuthority::Open(mesh().folder().root(), earlier);
    for (const pki::IdentityStatus& status : authority->StatusOfAll()) {
      ASSERT_TRUE(authority->Issue(status.system, kLife, true).ok());
      serials[status.system] =
          authority->StatusOf(status.system).leaf->serial();
    }
  }
  ASSERT_GE(serials.size(), 10u);
  ASSERT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  CertificateLoad load(mesh(), {});
  LogWatch log(mesh().folder().Log(kRenewalProcess), LogWatch::kFromBegin);
  std::set<std::string> renewed;
  std::set<std::string> seconds;
  while (renewed.size() < serials.size()) {
    auto line = log.Await({"renewed", "renewal_failed"}, absl::Seconds(60));
    ASSERT_TRUE(line.ok()) << line.status();
    ASSERT_EQ((*line)["event"], "renewed") << (*line)["error"];
    EXPECT_NE((*line)["serial"], serials[(*line)["subject"]]);
    renewed.insert((*line)["subject"]);
    seconds.insert((*line)["time"].substr(0, 19));
  }
  EXPECT_GE(seconds.size(), 3u) << "not all at once";
  const absl::Duration deadline = mesh().clock().Monotonic() + kPatience;
  bool shown = AllShowTheirs();
  while (!shown && mesh().clock().Monotonic() < deadline)
    shown = AllShowTheirs();
  EXPECT_TRUE(shown);
  EXPECT_TRUE(load.Goes(100)) << "with the new ones";
  load.Stop();
  EXPECT_THAT(load.Failures(), IsEmpty());
  for (const auto& [system, serial] : serials)
    EXPECT_NE(SerialOf(system), serial) << system;
  std::printf("%d calls while all certificates were renewed\n",
              load.Count().calls);
}

}  // namespace
}  // namespace psm::testing
