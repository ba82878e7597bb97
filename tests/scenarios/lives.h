// What the scenarios of a person's life share: the counter's view of a
// household, a card's certificates, an account that is paid into or not.
#ifndef PSM_TESTS_SCENARIOS_LIVES_H_
#define PSM_TESTS_SCENARIOS_LIVES_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "mesh/base/japan_time.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/identity/v1/cards.grpc.pb.h"
#include "psm/residents/v1/notices.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {

inline constexpr char kTerminal[] = "portal/terminal";

// A mesh whose agencies follow the life events: what is published before their
// first connection nobody hears of.
class Lives : public Scenario {
 protected:
  static void SetUpTestSuite() { StartFollowed({}); }

  static void StartFollowed(const MeshOptions& options,
                            const std::vector<std::string>& followers = {
                                "identity/identity", "accounts/accounts"}) {
    StartMesh(options);
    for (const std::string& system : followers) {
      LogWatch log(mesh().folder().Log(system), LogWatch::kFromBegin);
      ASSERT_TRUE(log.Await({"events_followed"}, absl::Seconds(10)).ok())
          << system;
    }
  }

  static std::string Today() {
    return absl::FormatCivilTime(DayInJapan(mesh().clock().Now()));
  }

  // Waits for a state that other processes make. False after ten seconds.
  template <typename Condition>
  static bool Await(Condition condition) {
    for (int i = 0; i < 200; ++i) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(50));
    }
    return false;
  }

  // As the town's own counter reads it.
  static auto Household(const std::string& town, const std::string& person) {
    residents::v1::GetHouseholdRequest request;
    request.set_subject(mesh().Person(person).CodeAt(town));
    return mesh()
        .Client(town + "/counter")
        .Call(&residents::v1::ResidentsService::Stub::GetHousehold,
              {.affair = "resident-register", .provider = town + "/residents"},
              request);
  }

  // The kinds of the card's certificates that are not revoked, "AUTHENTICATION
  // SIGNATURE".
  static std::string InForce(const std::string& person) {
    identity::v1::ListCertificatesRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    const auto listed = mesh().Client(kTerminal).Call(
        &identity::v1::CardsService::Stub::ListCertificates,
        {.affair = "own-request"}, request);
    EXPECT_TRUE(listed.status.ok()) << listed.status;
    std::vector<std::string> kinds;
    for (const auto& certificate : listed->certificates()) {
      if (!certificate.has_revoke_time())
        kinds.push_back(
            identity::v1::CardCertificate::Kind_Name(certificate.kind()));
    }
    std::sort(kinds.begin(), kinds.end());
    return absl::StrJoin(kinds, " ");
  }

  // Why the benefits office is not given the account; "" where it is.
  static std::string Unpaid(const std::string& person) {
    return ReasonOf(
        AskAccount(mesh(), kBenefits, mesh().Person(person).CodeAt("akatsuki"))
            .status);
  }

  // The person's kana as the registry of accounts is given it, or the reason
  // why it is not.
  static std::string KanaOf(const std::string& person) {
    identity::v1::GetBasicItemsRequest request;
    request.set_subject(mesh().Person(person).CodeAt("accounts"));
    const auto items =
        mesh()
            .Client("accounts/accounts")
            .Call(&identity::v1::BasicItemsService::Stub::GetBasicItems,
                  {.affair = "account-registration"}, request);
    return items.status.ok() ? items->kana() : ReasonOf(items.status);
  }
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_LIVES_H_
