// 10. The configuration is edited while calls are under way.
#include <atomic>
#include <thread>

#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

constexpr char kResidents[] = "yunagi/residents";
constexpr char kArrears[] = "collect-arrears";

// What Yunagi's residents desk has no agreement for, until it is given this.
std::string Agreement(const std::string& more = "") {
  return R"text(agreements {
  id: "yunagi-residents-minato-tax"
  version: 1
  consumer: "yunagi/residents"
  affair: "collect-arrears"
  statute { ja: "番号法第19条第8号" en: "Number Act, art. 19(viii)" }
  grants {
    method: "psm.tax.v1.TaxService/GetTaxStatus"
    attributes: "category"
    providers: "minato/tax"
  }
  valid_from: "2026-01-01"
)text" + more +
         "}\n";
}

class ConfigurationEdits : public Scenario {
 protected:
  static TaxReply Ask(const std::string& exchange_id = "") {
    tax::v1::GetTaxStatusRequest request;
    request.set_subject(mesh().Person("kenji").CodeAt("yunagi"));
    return mesh()
        .Client(kResidents)
        .Call(&tax::v1::TaxService::Stub::GetTaxStatus,
              {.affair = kArrears,
               .provider = kMinatoTax,
               .exchange_id = exchange_id},
              request);
  }
};

// Others' calls, all the time.
class Load {
 public:
  explicit Load(Mesh& mesh)
      : thread_([this, &mesh] {
          while (!stop_) {
            const TaxReply reply = AskTax(mesh);
            if (!reply.status.ok()) failure_ = reply.status;
            ++calls_;
          }
        }) {}
  ~Load() {
    if (thread_.joinable()) Stop().IgnoreError();
  }
  // The last failure, or OK.
  absl::Status Stop() {
    stop_ = true;
    thread_.join();
    return failure_;
  }
  int calls() const { return calls_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> calls_{0};
  absl::Status failure_;  // until Stop, the thread's own
  std::thread thread_;
};

TEST_F(ConfigurationEdits, BindAtOnceAndDisturbNobody) {
  Load load(mesh());
  EXPECT_EQ(ReasonOf(Ask().status), "NO_AGREEMENT");
  ASSERT_TRUE(mesh().EditAgreements(Agreement()).ok());
  const TaxReply allowed = Ask();
  EXPECT_TRUE(allowed.status.ok()) << allowed.status;
  const Record record =
      OnlyRecord(mesh(), {.exchange_id = allowed.exchange_id});
  EXPECT_EQ(record.agreement(), "yunagi-residents-minato-tax");
  EXPECT_EQ(Released(record), std::vector<std::string>{"category"});
  ASSERT_TRUE(mesh().EditAgreements("").ok());
  EXPECT_EQ(ReasonOf(Ask().status), "NO_AGREEMENT");
  const absl::Status failure = load.Stop();
  EXPECT_TRUE(failure.ok()) << failure;
  EXPECT_GT(load.calls(), 10);
}

TEST_F(ConfigurationEdits, ABadOneIsRefusedWithItsLineAndTheOldStaysInForce) {
  ASSERT_TRUE(mesh().EditAgreements(Agreement()).ok());
  Load load(mesh());
  const std::pair<std::string, const char*> bad[] = {
      {"\nagreements { id: \n", "agreements.textproto:"},
      {Agreement("grants { method: \"psm.tax.v1.TaxService/NoSuch\" }"),
       "agreements.textproto:1"},
      {Agreement() + Agreement(), "agreements.textproto:14"},
      // An account for arrears: the law forbids it, so no agreement can.
      {Agreement("grants { method: \"psm.accounts.v1.AccountsService/"
                 "GetAccount\" attributes: \"account\" }"),
       "agreements.textproto:1"},
      {"agencies { id: \"akatsuki\" name { ja: \"偽\" en: \"False\" } "
       "kind: ADMINISTRATIVE }",
       "agreements.textproto:1"},
  };
  for (const auto& [text, place] : bad) {
    const absl::Status refused = mesh().EditAgreements(text);
    EXPECT_NE(refused.message().find(place), absl::string_view::npos)
        << refused << " for\n"
        << text;
    const TaxReply reply = Ask();
    EXPECT_TRUE(reply.status.ok()) << reply.status << " after\n" << text;
  }
  const absl::Status failure = load.Stop();
  EXPECT_TRUE(failure.ok()) << failure;
  ASSERT_TRUE(mesh().EditAgreements("").ok());
}

TEST_F(ConfigurationEdits, WhatEndsWhileTheProviderAnswersIsNotReleased) {
  ASSERT_TRUE(mesh().EditAgreements(Agreement()).ok());
  ASSERT_TRUE(Ask().status.ok());
  mesh().Slow(kMinatoTax, absl::Seconds(2));
  LogWatch minato = WatchMinato(mesh());
  const std::string id = NewExchangeId();
  TaxReply reply;
  std::thread asking([&] { reply = Ask(id); });
  EXPECT_TRUE(minato.Await({"called"}, absl::Seconds(5)).ok());
  EXPECT_TRUE(mesh().EditAgreements("").ok());
  asking.join();
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kPermissionDenied)
      << reply.status;
  EXPECT_EQ(reply->ByteSizeLong(), 0u);
  const Record record = OnlyRecord(mesh(), {.exchange_id = id});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_TRUE(record.has_provide_time()) << "it had been asked";
  mesh().Mend(kMinatoTax);
}

}  // namespace
}  // namespace psm::testing
