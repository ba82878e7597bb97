#include "services/addresses/addresses_service.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/addresses/address_reader.h"
#include "services/addresses/prefectures.h"
#include "services/codes/municipality_code.h"

namespace psm::addresses {
namespace {

absl::Status CodeMalformed() {
  return agency::Refusal(absl::StatusCode::kInvalidArgument,
                         "LG_CODE_MALFORMED",
                         "give 6 digits with the right check digit");
}

absl::Status PlaceUnknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "PLACE_UNKNOWN",
                         "no place has this code here");
}

// A part of a list of `count`.
struct Page {
  std::size_t first = 0;
  std::size_t last = 0;  // exclusive
  std::string next;      // token; "": this is the last
};

// Tokens name the list by its code and the place in it; they serve for no other
// list. INVALID_ARGUMENT PAGE_INVALID.
template <typename Request>
absl::StatusOr<Page> PageOf(const Request& request, std::size_t count) {
  constexpr int kUsual = 100;
  constexpr int kMost = 1000;
  const int size = request.page_size() == 0 ? kUsual : request.page_size();
  absl::string_view token = request.page_token();
  std::size_t first = 0;
  if (size < 0 || size > kMost ||
      (!token.empty() &&
       (!absl::ConsumePrefix(&token, absl::StrCat(request.lg_code(), ".")) ||
        !absl::SimpleAtoi(token, &first) || first == 0 || first > count)))
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "PAGE_INVALID",
                           "give a page_size of 0 to 1000, and the token of "
                           "the page before or none");
  Page page;
  page.first = first;
  page.last = std::min(count, first + static_cast<std::size_t>(size));
  if (page.last < count)
    page.next = absl::StrCat(request.lg_code(), ".", page.last);
  return page;
}

// A town as it is listed: by itself, and each of its chome where those are
// known.
std::vector<v1::Town> Listed(const Gazetteer& places,
                             const Gazetteer::Municipality& municipality) {
  std::vector<v1::Town> listed;
  for (const Gazetteer::Town& town : places.TownsOf(municipality)) {
    v1::Town out;
    out.set_lg_code(municipality.place.lg_code());
    out.set_name(std::string(town.name));
    out.set_kana(std::string(town.kana));
    for (const absl::string_view code :
         absl::StrSplit(town.postal_codes, ',', absl::SkipEmpty()))
      out.add_postal_codes(std::string(code));
    const int chomes = town.number > 0 ? kChomes : 0;
    for (int chome = 0; chome <= chomes; ++chome) {
      out.set_chome(chome);
      if (town.number > 0)
        out.set_machiaza_id(absl::StrFormat("%04d%03d", town.number, chome));
      listed.push_back(out);
    }
  }
  return listed;
}

absl::Status ListMunicipalitiesOf(const Gazetteer& places,
                                  const v1::ListMunicipalitiesRequest& request,
                                  v1::ListMunicipalitiesResponse* response) {
  if (!IsMunicipalityCode(request.lg_code())) return CodeMalformed();
  const Gazetteer::Prefecture* const prefecture =
      places.FindPrefecture(request.lg_code());
  if (prefecture == nullptr) return PlaceUnknown();
  const auto& all = prefecture->municipalities;
  PSM_ASSIGN_OR_RETURN(const Page page, PageOf(request, all.size()));
  for (std::size_t i = page.first; i < page.last; ++i)
    *response->add_municipalities() = all[i].place;
  response->set_next_page_token(page.next);
  response->set_coverage(prefecture->place.coverage());
  return absl::OkStatus();
}

absl::Status ListTownsOf(const Gazetteer& places,
                         const v1::ListTownsRequest& request,
                         v1::ListTownsResponse* response) {
  if (!IsMunicipalityCode(request.lg_code())) return CodeMalformed();
  const Gazetteer::Municipality* const municipality =
      places.FindMunicipality(request.lg_code());
  if (municipality == nullptr) return PlaceUnknown();
  const std::vector<v1::Town> all = Listed(places, *municipality);
  PSM_ASSIGN_OR_RETURN(const Page page, PageOf(request, all.size()));
  for (std::size_t i = page.first; i < page.last; ++i)
    *response->add_towns() = all[i];
  response->set_next_page_token(page.next);
  response->set_coverage(municipality->place.coverage());
  return absl::OkStatus();
}

}  // namespace

grpc::Status AddressesService::ListPrefectures(
    grpc::ServerContext*, const v1::ListPrefecturesRequest*,
    v1::ListPrefecturesResponse* response) {
  for (const Gazetteer::Prefecture& prefecture : places_.prefectures())
    *response->add_prefectures() = prefecture.place;
  response->set_source(places_.source());
  return grpc::Status::OK;
}

grpc::Status AddressesService::ListMunicipalities(
    grpc::ServerContext*, const v1::ListMunicipalitiesRequest* request,
    v1::ListMunicipalitiesResponse* response) {
  return agency::ToGrpc(ListMunicipalitiesOf(places_, *request, response));
}

grpc::Status AddressesService::ListTowns(grpc::ServerContext*,
                                         const v1::ListTownsRequest* request,
                                         v1::ListTownsResponse* response) {
  return agency::ToGrpc(ListTownsOf(places_, *request, response));
}

grpc::Status AddressesService::NormalizeAddress(
    grpc::ServerContext*, const v1::NormalizeAddressRequest* request,
    v1::NormalizeAddressResponse* response) {
  auto read = ReadAddress(places_, request->address());
  if (!read.ok()) return agency::ToGrpc(read.status());
  *response = *std::move(read);
  return grpc::Status::OK;
}

}  // namespace psm::addresses
