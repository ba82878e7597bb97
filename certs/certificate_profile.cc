#include "certs/certificate_profile.h"

#include "mesh/directory/directory.h"

namespace psm::pki {
namespace {

CertificateProfile Named(absl::string_view name, absl::Time now,
                         absl::Duration life) {
  CertificateProfile profile;
  profile.common_name = std::string(name);
  profile.not_before = now - kBackdating;
  profile.not_after = now + life;
  return profile;
}

}  // namespace

CertificateProfile RootProfile(absl::string_view name, absl::Time now,
                               absl::Duration life) {
  CertificateProfile profile = Named(name, now, life);
  profile.authority = true;
  profile.path_length = 1;
  return profile;
}

CertificateProfile IntermediateProfile(absl::string_view name, absl::Time now,
                                       absl::Duration life) {
  CertificateProfile profile = Named(name, now, life);
  profile.authority = true;
  profile.path_length = 0;
  return profile;
}

CertificateProfile SystemProfile(absl::string_view system_id, absl::Time now,
                                 absl::Duration life) {
  CertificateProfile profile = Named(system_id, now, life);
  profile.purposes = {"serverAuth", "clientAuth"};
  profile.uri_names = {SpiffeIdOf(system_id)};
  if (system_id == kGatewaySystem) {
    profile.dns_names = {"localhost"};
    profile.ip_addresses = {"127.0.0.1", "::1"};
  }
  return profile;
}

}  // namespace psm::pki
