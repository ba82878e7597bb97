// A mesh with holdings and life events for tests of the exchange: two
// municipalities, and a pension office that may ask both.
#ifndef PSM_MESH_EXCHANGE_LIFE_FIXTURE_H_
#define PSM_MESH_EXCHANGE_LIFE_FIXTURE_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/temp_folder.h"
#include "mesh/exchange/exchange_fixture.h"
#include "mesh/exchange/holdings.h"
#include "mesh/exchange/life_events.h"
#include "psm/events/v1/events.pb.h"
#include "psm/holdings/v1/holdings.pb.h"
#include "psm/residents/v1/residents.pb.h"

namespace psm {

inline constexpr char kHouseholdPath[] =
    "/psm.residents.v1.ResidentsService/GetHousehold";
inline constexpr char kResidentsService[] = "psm.residents.v1.ResidentsService";

// All that an error says, in one order.
inline std::string Said(const absl::Status& status) {
  std::string said = absl::Status(status.code(), status.message()).ToString();
  if (const auto detail = DetailOf(status)) {
    absl::StrAppend(&said, " ", detail->reason);
    const std::map<std::string, std::string> metadata(detail->metadata.begin(),
                                                      detail->metadata.end());
    for (const auto& [key, value] : metadata)
      absl::StrAppend(&said, " ", key, "=", value);
  }
  return said;
}

class LifeFixture : public ExchangeFixture {
 protected:
  void SetUp() override {
    ExchangeFixture::SetUp();
    SetPolicy(Text());
    const auto scopes = [] {
      return SubjectScopes::Create(SecretBytes(std::string(32, 'k'))).value();
    };
    holdings_ = HoldingRegister::Open(folder_.path() + "/holdings", scopes(),
                                      Committing::kAtOnce)
                    .value();
    EventQueueOptions options;
    options.folder = folder_.path() + "/events";
    events_ = EventQueue::Open(options, scopes(), clock_, Committing::kAtOnce)
                  .value();
    env().holdings = holdings_.get();
    env().events = events_.get();
    link_.providers[kHouseholdPath] = Answering(Household());
  }

  // A subscription, and what it gives next.
  absl::StatusOr<std::unique_ptr<Subscription>> Open(Ask ask) {
    absl::StatusOr<std::unique_ptr<Subscription>> opened =
        absl::UnknownError("the task has not ended");
    Start(Subscription::Open(env(), std::move(ask)),
          [&](auto result) { opened = std::move(result); });
    executor_.RunAll();
    return opened;
  }
  absl::StatusOr<std::vector<events::v1::SubscribeResponse>> Next(
      Subscription& from) {
    absl::StatusOr<Deliveries> deliveries =
        absl::UnknownError("the task has not ended");
    Start(from.Next(), [&](auto result) { deliveries = std::move(result); });
    executor_.RunAll();
    if (!deliveries.ok()) return deliveries.status();
    std::vector<events::v1::SubscribeResponse> responses;
    for (const std::string& message : deliveries->messages)
      EXPECT_TRUE(responses.emplace_back().ParseFromString(message));
    return responses;
  }

  // The configuration, with `more` behind it.
  static std::string Text(const std::string& more = "") {
    return absl::StrCat(
        kConfiguration, R"pb(
          agencies {
            id: "pension"
            name { ja: "p" en: "p" }
            kind: ADMINISTRATIVE
          }
          systems { id: "pension/desk" }
          systems {
            id: "yunagi/register"
            publishes: "moved_in"
            publishes: "died"
          }
          systems { id: "accounts/desk" publishes: "account_changed" }
          agreements {
            id: "pension-household"
            version: 1
            consumer: "pension/desk"
            affair: "benefit"
            statute { ja: "Yunagi-shi jourei" en: "an ordinance of Yunagi" }
            valid_from: "2026-01-01"
            grants {
              method: "psm.residents.v1.ResidentsService/GetHousehold"
              attributes: [ "name", "address" ]
            }
            grants {
              method: "psm.identity.v1.BasicItemsService/GetBasicItems"
              attributes: [ "name", "address" ]
            }
            events { types: [ "moved_in", "account_changed" ] }
          }
          agreements {
            id: "benefit-events"
            version: 1
            consumer: "akatsuki/benefits"
            affair: "benefit"
            statute { ja: "s" en: "s" }
            valid_from: "2026-01-01"
            events { types: "moved_in" publishers: "yunagi/register" }
          }
        )pb",
        more);
  }

  // Of the codes of akatsuki; names hanako ('h') and a child ('m').
  residents::v1::GetHouseholdResponse Household(const char* members = "h") {
    residents::v1::GetHouseholdResponse response;
    for (const char* m = members; *m != '\0'; ++m)
      response.add_members()->set_subject(Code("akatsuki", *m));
    response.set_address("1-1 Akatsuki");
    return response;
  }

  Ask AskHousehold(const Peer& peer, const std::string& provider = "",
                   char person = 'h') {
    residents::v1::GetHouseholdRequest request;
    const std::string system = peer.system_id();
    request.set_subject(Code(system.substr(0, system.find('/')), person));
    Ask ask = MakeAsk(kHouseholdPath, "benefit", request);
    ask.peer = &peer;
    ask.provider = provider;
    return ask;
  }

  template <typename Request = holdings::v1::DeclareRequest>
  Ask HoldingAsk(const Peer& peer, char person = 'h') {
    Request request;
    request.set_service(kResidentsService);
    const std::string system = peer.system_id();
    request.add_subjects(Code(system.substr(0, system.find('/')), person));
    Ask ask = MakeAsk("/psm.holdings.v1.HoldingsService/Declare", "", request);
    ask.peer = &peer;
    return ask;
  }
  absl::Status Declare(const Peer& peer, char person = 'h') {
    return RunTask(DeclareHoldings(env(), HoldingAsk(peer, person))).status;
  }
  absl::Status End(const Peer& peer, char person = 'h') {
    return RunTask(EndHoldings(env(), HoldingAsk<holdings::v1::EndRequest>(
                                          peer, person)))
        .status;
  }
  Answer Protect(const Peer& peer, char person, bool is = true) {
    holdings::v1::SetProtectionRequest request;
    const std::string system = peer.system_id();
    request.set_subject(Code(system.substr(0, system.find('/')), person));
    request.set_protected_(is);
    Ask ask =
        MakeAsk("/psm.holdings.v1.HoldingsService/SetProtection", "", request);
    ask.peer = &peer;
    return RunTask(SetProtection(env(), ask));
  }

  TempFolder folder_;
  std::unique_ptr<HoldingRegister> holdings_;
  std::unique_ptr<EventQueue> events_;
  FakePeer akatsuki_{"akatsuki/residents"};
  FakePeer yunagi_{"yunagi/residents"};
  FakePeer pension_{"pension/desk"};
  FakePeer benefits_{"akatsuki/benefits"};
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_LIFE_FIXTURE_H_
