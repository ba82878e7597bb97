// 16. Consent, configuration and systems change while calls are under way.
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/agency/run_folder.h"
#include "mesh/cli/said.h"
#include "mesh/directory/directory.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;
using identity::v1::BasicItemsService;
using identity::v1::ConsentService;
using ItemsReply = Reply<identity::v1::GetBasicItemsResponse>;

constexpr char kIdentity[] = "identity/identity";
constexpr char kItems[] = "minato/items";  // a second keeper of basic items
constexpr char kLate[] = "minato/late";    // a second tax office
constexpr char kResidents[] = "yunagi/residents";
constexpr char kAddressAffair[] = "customer-address";
constexpr char kArrears[] = "collect-arrears";
constexpr int kEdits = 3;
constexpr absl::Duration kWithdrawalBound = absl::Seconds(1);
// A call that takes longer hangs, however busy the machine is.
constexpr absl::Duration kHangs = absl::Seconds(20);

// What stays in force throughout: basic items by consent, from two keepers.
std::string Always() {
  return absl::StrCat(R"(
systems {
  id: "minato/items"
  name { ja: "みなと町 住民" en: "Minato Town residents" }
  services: "psm.identity.v1.BasicItemsService"
  program: ")",
                      PSM_SCENARIO_PROVIDER, "\"\n}\n", kBenefitsByConsent,
                      "\n");
}

std::string TaxAgreement(const std::string& id, const std::string& consumer,
                         const std::string& affair,
                         const std::string& provider) {
  return absl::StrCat("agreements {\n  id: \"", id,
                      "\"\n  version: 1\n  consumer: \"", consumer,
                      "\"\n  affair: \"", affair, R"text("
  statute { ja: "番号法第19条第8号" en: "Number Act, art. 19(viii)" }
  grants {
    method: "psm.tax.v1.TaxService/GetTaxStatus"
    attributes: "category"
    providers: ")text",
                      provider, R"text("
  }
  valid_from: "2026-01-01"
}
)text");
}

// What comes and goes: an agreement of Yunagi's with Minato's tax office, and a
// whole system with an agreement.
std::string Arrears() {
  return TaxAgreement("yunagi-residents-minato-tax", kResidents, kArrears,
                      kMinatoTax);
}
std::string LateOffice() {
  return absl::StrCat(R"(
systems {
  id: "minato/late"
  name { ja: "みなと町 出張所" en: "Minato Town branch office" }
  services: "psm.tax.v1.TaxService"
  program: ")",
                      PSM_SCENARIO_PROVIDER, "\"\n}\n",
                      TaxAgreement("akatsuki-benefits-minato-late", kBenefits,
                                   kBenefitAffair, kLate));
}

class Motion : public Scenario {
 protected:
  static void SetUpTestSuite() {
    // The launcher learns of the late office here, once.
    StartMesh({.agreements = absl::StrCat(Always(), LateOffice()),
               .without = {kLate}});
    ASSERT_TRUE(mesh().EditAgreements(Always()).ok());
  }

  static identity::v1::GrantConsentResponse Grant(const std::string& person) {
    identity::v1::GrantConsentRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_consumer(kBenefits);
    request.set_affair(kAddressAffair);
    request.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
    request.add_attributes("address");
    auto reply = mesh()
                     .Client("portal/terminal")
                     .Call(&ConsentService::Stub::GrantConsent,
                           {.affair = "own-request"}, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    return reply.message;
  }
  static CallReport Withdraw(const std::string& person,
                             const std::string& consent_id) {
    identity::v1::WithdrawConsentRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_consent_id(consent_id);
    return mesh()
        .Client("portal/terminal")
        .Call(&ConsentService::Stub::WithdrawConsent, {.affair = "own-request"},
              request);
  }
  static ItemsReply AskItems(const std::string& person,
                             const std::string& token,
                             const std::string& provider,
                             const std::string& exchange_id = "") {
    identity::v1::GetBasicItemsRequest request;
    request.set_subject(mesh().Person(person).CodeAt("akatsuki"));
    return mesh().Client(kBenefits).Call(
        &BasicItemsService::Stub::GetBasicItems,
        {.affair = kAddressAffair,
         .provider = provider,
         .consent = token,
         .exchange_id = exchange_id},
        request);
  }
  static TaxReply AskArrears() {
    tax::v1::GetTaxStatusRequest request;
    request.set_subject(mesh().Person("kenji").CodeAt("yunagi"));
    return mesh()
        .Client(kResidents)
        .Call(&tax::v1::TaxService::Stub::GetTaxStatus,
              {.affair = kArrears, .provider = kMinatoTax}, request);
  }
  static TaxReply AskLate() {
    return AskTax(mesh(), "hanako", {.provider = kLate});
  }
  static std::string AgreementsFile() {
    return mesh().folder().root() + "/configuration/agreements.textproto";
  }
};

// Calls all the time, at a bounded rate, and keeps what went wrong.
class Load {
 public:
  // `permitted`: reasons that are no failure.
  explicit Load(std::function<absl::Status()> call,
                std::vector<std::string> permitted = {})
      : call_(std::move(call)),
        permitted_(std::move(permitted)),
        thread_([this] { Run(); }) {}
  ~Load() {
    if (thread_.joinable()) Stop().IgnoreError();
  }
  // The last failure, or OK.
  absl::Status Stop() {
    stop_ = true;
    thread_.join();
    return failure_;
  }
  int answered() const { return answered_; }
  int refused() const { return refused_; }

 private:
  void Run() {
    while (!stop_) {
      const SystemClock clock;
      const absl::Duration started = clock.Monotonic();
      const absl::Status status = call_();
      if (clock.Monotonic() - started > kHangs)
        failure_ = absl::DeadlineExceededError("a call hung");
      if (status.ok()) {
        ++answered_;
      } else if (std::count(permitted_.begin(), permitted_.end(),
                            ReasonOf(status)) > 0) {
        ++refused_;
      } else {
        failure_ = status;
      }
      poll(nullptr, 0, /*timeout=*/3);  // not to keep the machine busy
    }
  }

  const std::function<absl::Status()> call_;
  const std::vector<std::string> permitted_;
  std::atomic<bool> stop_{false};
  std::atomic<int> answered_{0};
  std::atomic<int> refused_{0};
  absl::Status failure_;  // until Stop, the thread's own
  std::thread thread_;
};

TEST_F(Motion, AWithdrawalBindsWithinASecondAndCatchesWhatIsInFlight) {
  const auto consent = Grant("hanako");
  const ItemsReply before = AskItems("hanako", consent.token(), kItems);
  ASSERT_TRUE(before.status.ok()) << before.status;
  EXPECT_NE(before->address(), "");

  mesh().Slow(kItems, absl::Seconds(2));
  LogWatch items(mesh().folder().root() + "/files/minato/items/calls.jsonl");
  const std::string id = NewExchangeId();
  ItemsReply in_flight;
  std::thread asking(
      [&] { in_flight = AskItems("hanako", consent.token(), kItems, id); });
  EXPECT_TRUE(items.Await({"called"}, absl::Seconds(10)).ok());

  const absl::Duration started = mesh().clock().Monotonic();
  const CallReport withdrawn = Withdraw("hanako", consent.consent_id());
  // Asked once: it binds from the moment that Withdraw has returned.
  const ItemsReply next = AskItems("hanako", consent.token(), kIdentity);
  const absl::Duration took = mesh().clock().Monotonic() - started;
  asking.join();
  mesh().Mend(kItems);
  ASSERT_TRUE(withdrawn.status.ok()) << withdrawn.status;
  EXPECT_EQ(ReasonOf(next.status), "CONSENT_WITHDRAWN") << next.status;
  EXPECT_LT(withdrawn.took, kWithdrawalBound);
  std::printf("withdrawn in %s, refused after %s\n",
              absl::FormatDuration(withdrawn.took).c_str(),
              absl::FormatDuration(took).c_str());

  EXPECT_EQ(ReasonOf(in_flight.status), "CONSENT_WITHDRAWN")
      << in_flight.status;
  EXPECT_EQ(in_flight->ByteSizeLong(), 0u);
  const Record record = OnlyRecord(mesh(), {.exchange_id = id});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_TRUE(record.has_provide_time()) << "it had been answered";
  EXPECT_EQ(record.released_size(), 0);
}

TEST_F(Motion, WithoutTheFeedConsentOpensNothingAfterTheBoundAndThenAgain) {
  const auto consent = Grant("taro");
  ASSERT_TRUE(AskItems("taro", consent.token(), kItems).status.ok());
  LogWatch gateway = mesh().WatchLog(kGatewaySystem);
  ASSERT_TRUE(mesh().StopSystem(kIdentity).ok());
  const absl::Duration lost = mesh().clock().Monotonic();
  // The keeper of the items is well: only the news of withdrawals is missing.
  absl::Duration last_answer = lost;
  ItemsReply reply = AskItems("taro", consent.token(), kItems);
  while (reply.status.ok() &&
         mesh().clock().Monotonic() < lost + absl::Seconds(10)) {
    last_answer = mesh().clock().Monotonic();
    reply = AskItems("taro", consent.token(), kItems);
  }
  EXPECT_EQ(ReasonOf(reply.status), "CONSENT_STATE_STALE") << reply.status;
  EXPECT_EQ(DetailOf(reply.status)->party, Party::kGateway);
  EXPECT_LT(last_answer - lost, kWithdrawalBound);
  // Where the bound fell between record and release, it is the second record.
  EXPECT_EQ(mesh()
                .AwaitRecords({.exchange_id = reply.exchange_id,
                               .reason = "CONSENT_STATE_STALE",
                               .kind = Record::REFUSAL})
                ->size(),
            1u);
  auto said = gateway.Await({"consents_not_followed"}, absl::Seconds(10));
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_NE((*said)["effect"].find("refused"), std::string::npos);
  EXPECT_TRUE(AskTax(mesh()).status.ok()) << "a statute needs no consent";

  ASSERT_TRUE(mesh().StartSystem(kIdentity).ok());
  const absl::Duration deadline =
      mesh().clock().Monotonic() + absl::Seconds(10);
  while (!reply.status.ok() && mesh().clock().Monotonic() < deadline)
    reply = AskItems("taro", consent.token(), kItems);
  EXPECT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_TRUE(gateway.Await({"consents_followed"}, absl::Seconds(10)).ok());
}

TEST_F(Motion, AgreementsAndSystemsComeAndGoAndDisturbNobody) {
  Load tax([] { return AskTax(mesh()).status; });
  Load account([] {
    return AskAccount(mesh(), kBenefits,
                      mesh().Person("hanako").CodeAt("akatsuki"))
        .status;
  });
  Load arrears([] { return AskArrears().status; },
               {"NO_AGREEMENT", "AGREEMENT_NOT_IN_FORCE"});
  for (int edit = 0; edit < kEdits; ++edit) {
    EXPECT_EQ(ReasonOf(AskArrears().status), "NO_AGREEMENT");
    EXPECT_EQ(ReasonOf(AskLate().status), "PROVIDER_UNKNOWN");
    const absl::Status added =
        mesh().EditAgreements(absl::StrCat(Always(), Arrears(), LateOffice()));
    EXPECT_TRUE(added.ok()) << added;
    const TaxReply arrears_reply = AskArrears();
    EXPECT_TRUE(arrears_reply.status.ok()) << arrears_reply.status;
    EXPECT_EQ(ReasonOf(AskLate().status), "PROVIDER_UNAVAILABLE")
        << "known, and not there yet";
    EXPECT_TRUE(mesh().StartSystem(kLate).ok());
    TaxReply late = AskLate();
    const absl::Duration deadline =
        mesh().clock().Monotonic() + absl::Seconds(10);
    while (!late.status.ok() && mesh().clock().Monotonic() < deadline)
      late = AskLate();  // the gateway dials again after a pause
    EXPECT_TRUE(late.status.ok()) << late.status;
    EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = late.exchange_id}).provider(),
              kLate);

    const int answered = arrears.answered();
    while (arrears.answered() == answered &&
           mesh().clock().Monotonic() < deadline)
      poll(nullptr, 0, /*timeout=*/1);  // between two looks
    EXPECT_GT(arrears.answered(), answered) << "the new agreement is used";
    const absl::Status removed = mesh().EditAgreements(Always());
    EXPECT_TRUE(removed.ok()) << removed;
    EXPECT_EQ(ReasonOf(AskLate().status), "PROVIDER_UNKNOWN");
    EXPECT_TRUE(mesh().StopSystem(kLate).ok());
  }
  for (Load* load : {&tax, &account, &arrears}) {
    const absl::Status failure = load->Stop();
    EXPECT_TRUE(failure.ok()) << failure;
    EXPECT_GT(load->answered(), 0);
  }
  EXPECT_EQ(tax.refused() + account.refused(), 0);
  EXPECT_GT(arrears.refused(), 0);
  std::printf(
      "%d edits: %d and %d calls of others answered; %d answered and "
      "%d refused of those whose agreement came and went\n",
      2 * kEdits, tax.answered(), account.answered(), arrears.answered(),
      arrears.refused());
}

// One way to spoil the configuration of a mesh that runs.
struct Spoiling {
  const char* name;
  std::function<void()> spoil;
  std::string place;  // that the refusal names
};

TEST_F(Motion, ABadEditIsRefusedByNameOfItsLineAndTheOldOneStays) {
  const std::string good = absl::StrCat(Always(), Arrears());
  const std::string file = AgreementsFile();
  const std::string folder = fs::path(file).parent_path().string();
  const auto line_after = [&](const std::string& text) {
    return absl::StrCat("agreements.textproto:",
                        std::count(text.begin(), text.end(), '\n') + 1);
  };
  const auto writing = [&](const std::string& more) {
    return [=] {
      EXPECT_TRUE(agency::ReplaceFile(file, absl::StrCat(good, more)).ok());
    };
  };
  std::string no_basis =
      TaxAgreement("x", kResidents, "benefit-tax-exempt", kMinatoTax);
  no_basis.erase(no_basis.find("  statute"),
                 no_basis.find("  grants") - no_basis.find("  statute"));
  const std::vector<Spoiling> all = {
      {"syntax", writing("agreements { id: 7 }\n"), line_after(good)},
      {"an unknown field", writing("colour: \"red\"\n"), line_after(good)},
      {"not UTF-8", writing("# \xff\n"), line_after(good)},
      {"an unknown agency",
       writing("systems {\n  id: \"nowhere/tax\"\n  name { ja: \"x\" en: \"x\" "
               "}\n}\n"),
       line_after(good)},
      {"an unknown consumer",
       writing(TaxAgreement("x", "yunagi/nobody", kArrears, kMinatoTax)),
       line_after(good)},
      {"an unknown affair",
       writing(TaxAgreement("x", kResidents, "idle-curiosity", kMinatoTax)),
       line_after(good)},
      {"no legal basis", writing(no_basis), line_after(good)},
      {"an id twice", writing(Arrears()), line_after(good)},
      {"half a file",
       [&] {
         EXPECT_TRUE(
             agency::ReplaceFile(file, good.substr(0, good.size() - 20)).ok());
       },
       "agreements.textproto:"},
      {"a file that cannot be read",
       [&] {
         const std::string pipe = folder + "/.pipe";
         EXPECT_EQ(mkfifo(pipe.c_str(), 0600), 0);
         fs::rename(pipe, file);
       },
       file},
      {"an empty folder", [&] { fs::remove(file); }, folder},
      {"no folder",
       [&] {
         fs::remove(file);
         fs::rename(folder, folder + ".away");
       },
       folder},
  };
  ASSERT_TRUE(mesh().EditAgreements(good).ok());
  Load tax([] { return AskTax(mesh()).status; });
  for (const Spoiling& spoiling : all) {
    SCOPED_TRACE(spoiling.name);
    LogWatch log = mesh().WatchLog(kGatewaySystem);
    spoiling.spoil();
    auto refused = log.Await(
        {"configuration_refused", "configuration_in_force"}, absl::Seconds(10));
    ASSERT_TRUE(refused.ok()) << refused.status();
    EXPECT_EQ((*refused)["event"], "configuration_refused");
    EXPECT_NE((*refused)["error"].find(spoiling.place), std::string::npos)
        << (*refused)["error"];
    const Said check = RunPsm(PSM_CLI, mesh().folder().root(), "check");
    EXPECT_EQ(check.code, 64) << check.text;
    EXPECT_NE(check.text.find(spoiling.place), std::string::npos) << check.text;
    const TaxReply reply = AskArrears();
    EXPECT_TRUE(reply.status.ok()) << reply.status;
  }
  // The next good one is taken, whatever came before it.
  LogWatch log = mesh().WatchLog(kGatewaySystem);
  EXPECT_TRUE(
      agency::ReplaceFile(folder + ".away/agreements.textproto", good).ok());
  fs::rename(folder + ".away", folder);
  auto taken = log.Await({"configuration_in_force"}, absl::Seconds(10));
  EXPECT_TRUE(taken.ok()) << taken.status();
  const absl::Status failure = tax.Stop();
  EXPECT_TRUE(failure.ok()) << failure;
  EXPECT_TRUE(mesh().EditAgreements(Always()).ok());
  EXPECT_EQ(ReasonOf(AskArrears().status), "NO_AGREEMENT");
}

}  // namespace
}  // namespace psm::testing
