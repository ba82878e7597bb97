// 20. The parties' own sides: receipts that agencies keep and have proved by
// themselves, and a gateway that leaves a record out, named by the others.
#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/cli/said.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_testing.h"
#include "mesh/records/side_ledger.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using records::v1::SideEntry;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTerminal[] = "portal/terminal";
constexpr char kBank[] = "hoshizora-bank/customers";

class Sides : public Scenario {
 protected:
  static Said Psm(const std::string& arguments) {
    return RunPsm(PSM_CLI, mesh().folder().root(), arguments);
  }
  // What it says on lines that do not end at a width.
  static Said Reconcile(const std::string& arguments = "") {
    Said said = Psm(absl::StrCat("reconcile --grace 0 ", arguments));
    std::replace(said.text.begin(), said.text.end(), '\n', ' ');
    return said;
  }
  static std::vector<SideEntry> Ledger(const std::string& system) {
    std::vector<SideEntry> entries;
    EXPECT_TRUE(ReadSide(mesh().folder().Ledger(system), {},
                         [&](const SideEntry& entry, const SidePosition&) {
                           entries.push_back(entry);
                           return true;
                         })
                    .ok());
    return entries;
  }
  static std::size_t Count(const std::string& system, SideEntry::Kind kind) {
    std::size_t count = 0;
    for (const SideEntry& entry : Ledger(system)) count += entry.kind() == kind;
    return count;
  }

  // Hanako applies: her household, three linkages, and what she signs in with.
  static absl::Status Apply() {
    benefits::v1::StartApplicationRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    request.set_programme("tax-exempt-2026");
    return mesh()
        .Client(kTerminal)
        .Call(&benefits::v1::BenefitsService::Stub::StartApplication,
              {.affair = "own-request"}, request)
        .status;
  }
  // She lets the bank have her address (a disclosure), and it asks.
  static absl::Status Consent() {
    identity::v1::GrantConsentRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    request.set_consumer(kBank);
    request.set_affair("customer-address");
    request.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
    request.add_attributes("address");
    request.mutable_duration()->set_seconds(3600);
    const auto granted = mesh().Client(kTerminal).Call(
        &identity::v1::ConsentService::Stub::GrantConsent,
        {.affair = "own-request"}, request);
    if (!granted.status.ok()) return granted.status;
    return mesh()
        .Client(kBank)
        .Call(&identity::v1::BasicItemsService::Stub::GetBasicItems,
              {.affair = "customer-address", .consent = granted->token()},
              identity::v1::GetBasicItemsRequest())
        .status;
  }
  // A bit of everything; the exchange ids of two askings that went well.
  static std::vector<std::string> SomeOfEverything() {
    std::vector<std::string> ids;
    for (int i = 0; i < 2; ++i) {
      const TaxReply reply = AskTax(mesh());
      EXPECT_TRUE(reply.status.ok()) << reply.status;
      ids.push_back(reply.exchange_id);
    }
    EXPECT_EQ(ReasonOf(AskAccount(mesh(), kYunagiTax,
                                  mesh().Person("hanako").CodeAt("yunagi"),
                                  "collect-arrears")
                           .status),
              "NO_AGREEMENT");
    absl::Status done = Apply();
    EXPECT_TRUE(done.ok()) << done;
    done = Consent();
    EXPECT_TRUE(done.ok()) << done;
    return ids;
  }

  // A copy of the records as a gateway would have them that never wrote down
  // what `keep` says no to.
  static std::string RecordsWith(
      const std::string& name,
      const std::function<bool(Record& record)>& keep) {
    const std::string folder = absl::StrCat(mesh().folder().root(), "/", name);
    RecordStoreOptions options = TestOptions(folder);
    options.segment_bytes = 1 << 20;
    SystemClock clock;
    auto store = RecordStore::Open(options, clock, SystemRandom());
    EXPECT_TRUE(store.ok()) << store.status();
    LoopExecutor loop;
    auto read = RecordReader(mesh().folder().Records())
                    .Read(0, [&](std::uint64_t, const Record& record) {
                      Record copy = record;
                      if (keep(copy)) {
                        EXPECT_TRUE(AppendAndWait(**store, loop, {copy}).ok());
                      }
                      return true;
                    });
    EXPECT_TRUE(read.ok()) << read.status();
    return folder;
  }
};

TEST_F(Sides, AgenciesKeepTheirReceiptsAndHaveThemProvedByThemselves) {
  SomeOfEverything();
  // Benefits has asked by its own process and by a client with its key; both
  // are its side.
  const absl::Duration start = mesh().clock().Monotonic();
  std::size_t receipts = 0;
  do {
    receipts = 0;
    for (const SideEntry& entry : Ledger(kBenefits)) {
      if (entry.kind() == SideEntry::ANSWERED)
        receipts += static_cast<std::size_t>(entry.receipt().leaves_size());
    }
  } while (Count(kBenefits, SideEntry::PROVED) < receipts &&
           mesh().clock().Monotonic() - start < absl::Seconds(30));
  EXPECT_GE(receipts, 6u);
  EXPECT_EQ(Count(kBenefits, SideEntry::PROVED), receipts);
  EXPECT_EQ(Count(kBenefits, SideEntry::DISPROVED), 0u);
  EXPECT_GE(Count(kYunagiTax, SideEntry::PROVIDED), 2u);

  Said said = Psm("verify receipts --offline --list --as akatsuki/benefits");
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, AllOf(HasSubstr("proved"), Not(HasSubstr("NOTHING"))));
  // The terminal has no process of its own: the verb asks in its name.
  said = Psm("verify receipts");
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr(kTerminal));

  // Under another log's key none of it is anything.
  const std::string other = mesh().folder().root() + "/other.vkey";
  std::ofstream(other) << TestSigner()->verifier().ToText() << "\n";
  said = Psm(absl::StrCat(
      "verify receipts --offline --as akatsuki/benefits --key '", other, "'"));
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, HasSubstr("PROVES NOTHING"));
}

TEST_F(Sides, AnAgencyThatIsKilledLosesNoReceipt) {
  // The application's exchanges are those of benefits' own process.
  ASSERT_TRUE(Apply().ok());
  const std::size_t kept = Count(kBenefits, SideEntry::ANSWERED);
  ASSERT_TRUE(mesh().KillSystem(kBenefits, SIGKILL).ok());
  EXPECT_EQ(Count(kBenefits, SideEntry::ANSWERED), kept);
  ASSERT_TRUE(mesh().StartSystem(kBenefits).ok());
  const absl::Duration start = mesh().clock().Monotonic();
  Said said;
  do {
    said = Psm("verify receipts --offline --as akatsuki/benefits");
  } while (said.code != 0 &&
           mesh().clock().Monotonic() - start < absl::Seconds(30));
  EXPECT_EQ(said.code, 0) << said.text;
}

TEST_F(Sides, ACleanRunIsCleanAndAGatewayThatLeavesARecordOutIsNamed) {
  const std::vector<std::string> ids = SomeOfEverything();
  Said said = Reconcile();
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("agree on every side"));

  const std::string& left_out = ids[0];
  const std::string omitting = RecordsWith(
      "omitting",
      [&](const Record& record) { return record.exchange_id() != left_out; });
  said = Reconcile(absl::StrCat("--records '", omitting, "'"));
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text,
              AllOf(HasSubstr(left_out), HasSubstr("missing at the gateway"),
                    HasSubstr("2 differences"),  // as two see it
                    Not(HasSubstr(ids[1]))));
  // Each of them can tell alone; nobody else is concerned.
  for (const char* system : {kBenefits, kYunagiTax}) {
    said = Reconcile(absl::StrCat("--records '", omitting, "' --as ", system));
    EXPECT_EQ(said.code, 1);
    EXPECT_THAT(said.text, HasSubstr(left_out));
  }
  said = Reconcile(absl::StrCat("--records '", omitting, "' --as ", kBank));
  EXPECT_EQ(said.code, 0) << said.text;

  const std::string lying = RecordsWith("lying", [&](Record& record) {
    if (record.exchange_id() == ids[1])
      record.set_released_digest(std::string(32, 'x'));
    return true;
  });
  said = Reconcile(absl::StrCat("--records '", lying, "'"));
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text,
              AllOf(HasSubstr(ids[1]), HasSubstr("differs at the gateway"),
                    HasSubstr("1 differences")));
}

TEST_F(Sides, WhatAFullDiskKeptFromItsConsumerIsNoOmission) {
  mesh().FillRecordsDisk();
  const TaxReply refused = AskTax(mesh());
  EXPECT_EQ(ReasonOf(refused.status), "RECORD_NOT_DURABLE") << refused.status;
  mesh().FreeRecordsDisk();
  ASSERT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  Said said = Reconcile();
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("--strict names them"));
  said = Reconcile("--strict");
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text, AllOf(HasSubstr(refused.exchange_id),
                               HasSubstr("missing at the gateway")));
}

TEST_F(Sides, SomebodyElseWithAnAgencysKeyIsNamed) {
  ASSERT_EQ(Reconcile().code, 0);
  const std::string id = NewExchangeId();
  {
    // A client that keeps nothing, as a thief's would.
    const auto context = mesh().Client(kBenefits).Context(
        {.affair = kBenefitAffair, .provider = kYunagiTax, .exchange_id = id});
    tax::v1::TaxService::Stub stub(mesh().Client(kBenefits).Channel());
    tax::v1::GetTaxStatusResponse response;
    ASSERT_TRUE(stub.GetTaxStatus(context.get(), TaxRequest(mesh(), "hanako"),
                                  &response)
                    .ok());
  }
  const Said said = Reconcile();
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.text,
              AllOf(HasSubstr(id), HasSubstr("missing at the consumer"),
                    HasSubstr("never asked"), HasSubstr("1 differences")));
  // And not in a time when there was none.
  EXPECT_EQ(Reconcile("--to 2026-01-01").code, 0);
}

}  // namespace
}  // namespace psm::testing
