// psm-gbizid: businesses, their gBizID-style accounts, and who acts for whom.
#include <memory>

#include "absl/strings/str_cat.h"
#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/gbizid/accounts_service.h"
#include "services/gbizid/acting_service.h"
#include "services/gbizid/business_service.h"
#include "services/gbizid/corporation_source.h"
#include "services/gbizid/delegations_service.h"
#include "services/gbizid/history_service.h"
#include "services/gbizid/prime_service.h"
#include "services/gbizid/provider.h"
#include "services/gbizid/schema.h"

namespace psm::gbizid {
namespace {

absl::Status Wire(agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(agency::Database* const database,
                       agency.OpenDatabase(Migrations()));
  auto* const businesses =
      agency.Own(std::make_unique<BusinessRegister>(database));
  PSM_RETURN_IF_ERROR(businesses->ImportOnce(
      agency.clock().Now(), [&](BusinessRegister::Take take) {
        return agency.ForEachSeed<seed::v1::Business>(take);
      }));
  PSM_ASSIGN_OR_RETURN(const std::string files, agency.FilesFolder());
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<TokenKey> key,
      TokenKey::OpenOrCreate(absl::StrCat(files, "/token.key")));
  const TokenKey* const tokens = agency.Own(std::move(key));
  auto* const passwords = agency.Own(std::make_unique<PasswordHasher>(
      tokens->Derive("password", 32), &SystemRandom()));
  auto* const representatives =
      agency.Own(std::make_unique<IdentityRepresentatives>(
          [&agency] { return agency.gateway(); }));
  auto* const corporations = agency.Own(std::make_unique<RegistryCorporations>(
      [&agency] { return agency.gateway(); }));

  const DeskParts parts{database,        tokens,          passwords,
                        &agency.clock(), &SystemRandom(), corporations};
  auto* const accounts = agency.Own(std::make_unique<AccountDesk>(parts));
  auto* const sign_ins = agency.Own(std::make_unique<SignInDesk>(parts));
  auto* const primes =
      agency.Own(std::make_unique<PrimeDesk>(parts, representatives));
  auto* const mailer =
      agency.Own(std::make_unique<FolderMailer>(absl::StrCat(files, "/mail")));
  auto* const recoveries = agency.Own(
      std::make_unique<RecoveryDesk>(parts, representatives, mailer));
  auto* const delegations = agency.Own(std::make_unique<DelegationDesk>(parts));
  auto* const acting = agency.Own(std::make_unique<ActingDesk>(parts));
  PSM_RETURN_IF_ERROR(
      BusinessIdProvider::Serve(agency, parts, sign_ins, recoveries, files));
  agency.Serve(std::make_unique<BusinessService>(businesses));
  agency.Serve(
      std::make_unique<AccountsService>(accounts, sign_ins, recoveries));
  agency.Serve(std::make_unique<PrimeService>(primes, recoveries));
  agency.Serve(std::make_unique<DelegationsService>(delegations));
  agency.Serve(std::make_unique<ActingService>(acting));
  agency.Serve(std::make_unique<BusinessHistoryService>(
      parts, agency.Own(std::make_unique<agency::MeshRecordPages>(
                 [&agency] { return agency.gateway(); }))));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::gbizid

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::gbizid::Wire);
}
