#include "services/addresses/addresses_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"

namespace psm::addresses {
namespace {

class AddressesServiceTest : public testing::Test {
 protected:
  // The reason, or "" for success.
  template <typename Request, typename Response>
  std::string Call(grpc::Status (AddressesService::*method)(
                       grpc::ServerContext*, const Request*, Response*),
                   const Request& request, Response* response) {
    agency::FakeCall call("portal/terminal", "place-names", {});
    response->Clear();
    const grpc::Status status =
        (service_.*method)(call.context(), &request, response);
    return status.ok() ? "" : ReasonOf(agency::FromGrpc(status));
  }
  std::string Towns(const std::string& lg_code, int size = 0,
                    const std::string& token = "") {
    v1::ListTownsRequest request;
    request.set_lg_code(lg_code);
    request.set_page_size(size);
    request.set_page_token(token);
    return Call(&AddressesService::ListTowns, request, &towns_);
  }
  std::string Municipalities(const std::string& lg_code) {
    v1::ListMunicipalitiesRequest request;
    request.set_lg_code(lg_code);
    return Call(&AddressesService::ListMunicipalities, request,
                &municipalities_);
  }

  const std::unique_ptr<Gazetteer> places_ = *Gazetteer::Create(
      "#\tfor a test\nM\t131041\t新宿区\tシンジュクク\n"
      "T\t1600022\t新宿\t新宿\n");
  AddressesService service_{places_.get()};
  v1::ListMunicipalitiesResponse municipalities_;
  v1::ListTownsResponse towns_;
};

TEST_F(AddressesServiceTest, ListsPlacesFromThePrefectureDown) {
  v1::ListPrefecturesResponse prefectures;
  EXPECT_EQ(Call(&AddressesService::ListPrefectures,
                 v1::ListPrefecturesRequest(), &prefectures),
            "");
  ASSERT_EQ(prefectures.prefectures_size(), 48);
  EXPECT_EQ(prefectures.prefectures(0).lg_code(), "010006");
  EXPECT_EQ(prefectures.prefectures(47).lg_code(), "990001");
  EXPECT_EQ(prefectures.source(), "for a test");

  EXPECT_EQ(Municipalities("990001"), "");
  ASSERT_EQ(municipalities_.municipalities_size(), 2);
  EXPECT_EQ(municipalities_.municipalities(1).lg_code(), "990027");

  EXPECT_EQ(Towns("990019"), "");
  EXPECT_EQ(towns_.coverage(), v1::RESIDENCES);
  ASSERT_EQ(towns_.towns_size(), 60);  // ten towns, each and its five chome
  EXPECT_EQ(towns_.towns(6).machiaza_id(), "0002000");
  EXPECT_EQ(towns_.towns(8).machiaza_id(), "0002002");
  EXPECT_EQ(towns_.towns(8).chome(), 2);
  EXPECT_EQ(towns_.towns(8).name(), "東雲台");
}

TEST_F(AddressesServiceTest, SaysWhereItsDataEnd) {
  EXPECT_EQ(Towns("131041"), "");
  EXPECT_EQ(towns_.coverage(), v1::TOWNS);
  ASSERT_EQ(towns_.towns_size(), 1);
  EXPECT_EQ(towns_.towns(0).machiaza_id(), "");
  EXPECT_EQ(towns_.towns(0).postal_codes(0), "1600022");
  EXPECT_EQ(Municipalities("130001"), "");
  EXPECT_EQ(municipalities_.coverage(), v1::TOWNS);
}

TEST_F(AddressesServiceTest, RefusesWhatIsMalformedAndWhatIsUnknown) {
  for (const std::string code :
       {"", "99001", "990018", "' OR 1=1 --", "９９００１９"}) {
    EXPECT_EQ(Towns(code), "LG_CODE_MALFORMED") << code;
    EXPECT_EQ(Municipalities(code), "LG_CODE_MALFORMED") << code;
  }
  EXPECT_EQ(Towns("131016"), "PLACE_UNKNOWN");
  EXPECT_EQ(Towns("990001"), "PLACE_UNKNOWN") << "a prefecture";
  EXPECT_EQ(Municipalities("990019"), "PLACE_UNKNOWN") << "a municipality";
  v1::NormalizeAddressResponse read;
  EXPECT_EQ(Call(&AddressesService::NormalizeAddress,
                 v1::NormalizeAddressRequest(), &read),
            "ADDRESS_MALFORMED");
}

TEST_F(AddressesServiceTest, PagesAreWholeAndATokenServesOneList) {
  std::vector<std::string> ids;
  std::string token;
  do {
    ASSERT_EQ(Towns("990019", 7, token), "");
    EXPECT_LE(towns_.towns_size(), 7);
    for (const v1::Town& town : towns_.towns())
      ids.push_back(town.machiaza_id());
    token = towns_.next_page_token();
  } while (!token.empty() && ids.size() < 100);
  EXPECT_EQ(ids.size(), 60U);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  ASSERT_EQ(Towns("990019", 7), "");
  EXPECT_EQ(Towns("990027", 7, towns_.next_page_token()), "PAGE_INVALID");
  for (const std::string bad : {"990019.", "990019.0", "990019.61", "990019.-1",
                                "7", "990019.7x", "'; --"}) {
    EXPECT_EQ(Towns("990019", 7, bad), "PAGE_INVALID") << bad;
  }
  EXPECT_EQ(Towns("990019", -1), "PAGE_INVALID");
  EXPECT_EQ(Towns("990019", 1001), "PAGE_INVALID");
}

}  // namespace
}  // namespace psm::addresses
