// psm-addresses: the registry of addresses. The list of real places is read
// from the file in PSM_PLACES, else from the one that the build made; where
// that could make none, the registry serves without. It has no database: places
// are code lists, the same for everybody, and nothing that it is asked is kept.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/addresses/addresses_service.h"
#include "services/addresses/gazetteer.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  const char* const given = std::getenv("PSM_PLACES");
  std::ifstream in(given == nullptr ? PSM_PLACES_FILE : given,
                   std::ios::binary);
  if (given != nullptr && !in)
    return absl::NotFoundError("PSM_PLACES names no file");
  std::string list(std::istreambuf_iterator<char>(in), {});
  PSM_ASSIGN_OR_RETURN(auto loaded,
                       psm::addresses::Gazetteer::Create(std::move(list)));
  const auto* const places = agency.Own(std::move(loaded));
  agency.Serve(std::make_unique<psm::addresses::AddressesService>(places));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
