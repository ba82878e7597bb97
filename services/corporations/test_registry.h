// A registry of three corporations in a database of its own, for tests.
#ifndef PSM_SERVICES_CORPORATIONS_TEST_REGISTRY_H_
#define PSM_SERVICES_CORPORATIONS_TEST_REGISTRY_H_

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/base/temp_folder.h"
#include "services/corporations/corporation_rows.h"
#include "services/corporations/corporations_service.h"

namespace psm::corporations {

inline constexpr char kKakuu[] = "7123456789012";
inline constexpr char kMihon[] = "4011001098993";
inline constexpr char kYumemi[] = "9000000000000";
inline constexpr char kDesk[] = "corporations/desk";

// Knows one town, and fails the test when it is asked inside a transaction.
class FakeAddresses : public AddressReader {
 public:
  explicit FakeAddresses(agency::Database* database) : database_(*database) {}

  absl::StatusOr<v1::AddressIds> IdsOf(const agency::CallContext&,
                                       const std::string& address) override {
    ++asked;
    EXPECT_TRUE(
        database_.Write([](soci::session&) { return absl::OkStatus(); }).ok());
    if (down)
      return agency::Refusal(absl::StatusCode::kUnavailable,
                             "ADDRESSES_UNAVAILABLE", "no");
    if (address.find("明野") == std::string::npos)
      return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                             "ADDRESS_NOT_UNDERSTOOD", "no");
    v1::AddressIds ids;
    ids.set_lg_code("990019");
    ids.set_machiaza_id("0005001");
    return ids;
  }

  int asked = 0;
  bool down = false;

 private:
  agency::Database& database_;
};

inline seed::v1::Corporation SeedOf(const std::string& number,
                                    const std::string& name,
                                    const std::string& kana,
                                    const std::string& lg_code,
                                    const std::string& machiaza_id) {
  seed::v1::Corporation seed;
  seed.set_corporate_number(number);
  seed.set_name(name);
  seed.set_kana(kana);
  seed.set_name_en("Sample Co., Ltd.");
  seed.set_address("架空県のどこか");
  seed.set_lg_code(lg_code);
  seed.set_machiaza_id(machiaza_id);
  seed.set_representative("見本　一郎");
  seed.set_establishment_date("2004-10-01");
  return seed;
}

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    EXPECT_TRUE(Import({SeedOf(kKakuu, "株式会社かくう製作所",
                               "カクウセイサクショ", "990019", "0010001"),
                        SeedOf(kMihon, "合同会社みほん商店", "ミホンショウテン",
                               "990027", "0005001"),
                        SeedOf(kYumemi, "ゆめみ運輸株式会社", "ユメミウンユ",
                               "990019", "0010002")})
                    .ok());
  }

  absl::Status Import(const std::vector<seed::v1::Corporation>& seeds) {
    return register_.ImportOnce(
        clock_.Now(), [&](CorporationRegister::Take take) -> absl::Status {
          for (const seed::v1::Corporation& seed : seeds)
            PSM_RETURN_IF_ERROR(take(seed));
          return absl::OkStatus();
        });
  }

  v1::GetCorporationResponse Get(const std::string& number) {
    auto found = register_.Find(number);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : v1::GetCorporationResponse();
  }

  // A change of today with the etag of today; the caller says which.
  v1::RegisterChangeRequest Change(const std::string& number) {
    v1::RegisterChangeRequest request;
    request.set_corporate_number(number);
    request.set_etag(Get(number).etag());
    request.set_effective_date("2026-05-29");
    return request;
  }

  // The reason, or "" for success.
  std::string Register(const v1::RegisterChangeRequest& request) {
    return Register(request, std::to_string(++exchanges_));
  }
  std::string Register(const v1::RegisterChangeRequest& request,
                       const std::string& exchange_id) {
    agency::FakeCall call(kDesk, "corporate-registration",
                          {"address", "name", "representative", "status"},
                          exchange_id);
    response_.Clear();
    last_ = service_.RegisterChange(call.context(), &request, &response_);
    return last_.ok() ? "" : ReasonOf(agency::FromGrpc(last_));
  }

  std::string Rename(const std::string& number, const std::string& name,
                     const std::string& kana) {
    v1::RegisterChangeRequest request = Change(number);
    request.mutable_name()->set_name(name);
    request.mutable_name()->set_kana(kana);
    return Register(request);
  }
  std::string Merge(const std::string& number, const std::string& into) {
    v1::RegisterChangeRequest request = Change(number);
    request.set_merged_into(into);
    return Register(request);
  }

  ManualClock clock_{absl::FromUnixSeconds(1'780'000'000)};  // 2026-05-29
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("corporations.sqlite"), CorporationMigrations());
  CorporationRegister register_{database_.get()};
  CorporationList list_{database_.get()};
  Registration registration_{database_.get()};
  FakeAddresses addresses_{database_.get()};
  CorporationsService service_{CorporationsService::Parts{
      &register_, &list_, &registration_, &addresses_, &clock_}};
  v1::RegisterChangeResponse response_;
  grpc::Status last_;
  int exchanges_ = 0;
};

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_TEST_REGISTRY_H_
