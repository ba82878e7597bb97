#include "services/gbizid/provider.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/gbizid/provider_profile.h"

namespace psm::gbizid {

BusinessIdProvider::BusinessIdProvider(agency::Agency& agency,
                                       const DeskParts& parts, SignInDesk* desk,
                                       RecoveryDesk* recoveries)
    : clients_(agency.RunPath("clients", ".json")),
      disclosures_([&agency] { return agency.gateway(); }),
      subjects_(parts, &disclosures_),
      sign_in_(parts, desk, recoveries) {}

absl::Status BusinessIdProvider::Serve(agency::Agency& agency,
                                       const DeskParts& parts, SignInDesk* desk,
                                       RecoveryDesk* recoveries,
                                       const std::string& folder) {
  std::unique_ptr<BusinessIdProvider> made(
      new BusinessIdProvider(agency, parts, desk, recoveries));
  PSM_RETURN_IF_ERROR(made->clients_.Load());
  PSM_ASSIGN_OR_RETURN(
      made->keys_,
      openid::SigningKeys::Open(absl::StrCat(folder, "/openid-keys.json"),
                                openid::JwsAlgorithm::kRs256, &agency.clock()));
  BusinessIdProvider* const self = made.get();
  const auto make_handler =
      [&](const std::string& issuer) -> absl::StatusOr<openid::HttpHandler> {
    self->provider_ =
        std::make_unique<openid::Provider>(openid::Provider::Parts{
            BusinessIdProfile(issuer), parts.database, &self->clients_,
            self->keys_.get(), &self->subjects_, &self->sign_in_,
            &agency.clock(), parts.random});
    return openid::HttpHandler(
        [provider = self->provider_.get()](const openid::HttpRequest& request) {
          return provider->Answer(request);
        });
  };
  PSM_ASSIGN_OR_RETURN(
      made->listener_,
      openid::Listener::Start({folder, agency.RunPath("endpoints", ".https")},
                              agency.system(), agency.clock().Now(),
                              make_handler));
  agency.Own(std::move(made));
  return absl::OkStatus();
}

}  // namespace psm::gbizid
