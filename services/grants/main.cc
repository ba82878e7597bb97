// psm-grants: subsidies for businesses. Programmes are read from the folder in
// PSM_GRANT_PROGRAMMES, else from the one that the program was built beside.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/grants/application_store.h"
#include "services/grants/grants_service.h"

namespace psm::grants {
namespace {

absl::Status Wire(agency::Agency& agency) {
  const char* const folder = std::getenv("PSM_GRANT_PROGRAMMES");
  PSM_ASSIGN_OR_RETURN(
      ProgrammeSet loaded,
      ProgrammeSet::Load(folder == nullptr ? PSM_GRANT_PROGRAMMES_FOLDER
                                           : folder));
  const auto* const programmes =
      agency.Own(std::make_unique<ProgrammeSet>(std::move(loaded)));
  PSM_ASSIGN_OR_RETURN(agency::Database* const database,
                       agency.OpenDatabase(ApplicationStore::Migrations()));
  PSM_ASSIGN_OR_RETURN(const std::string files, agency.FilesFolder());
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<gbizid::TokenKey> key,
      gbizid::TokenKey::OpenOrCreate(absl::StrCat(files, "/token.key")));
  const gbizid::TokenKey* const tokens = agency.Own(std::move(key));
  auto* const sources = agency.Own(
      std::make_unique<GatewaySources>([&agency] { return agency.gateway(); }));
  auto* const desk = agency.Own(std::make_unique<GrantsDesk>(
      GrantsDesk::Parts{database, tokens, programmes, sources, &agency.clock(),
                        &SystemRandom()}));
  agency.Serve(std::make_unique<GrantsService>(desk));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::grants

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::grants::Wire);
}
