// TLS of an agency's process, both ways: only the gateway may connect, and only
// the gateway is connected to. Keys, certificates and revocation lists come
// from the run folder and are followed when they change.
#ifndef PSM_MESH_AGENCY_CREDENTIALS_H_
#define PSM_MESH_AGENCY_CREDENTIALS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/revocation_list_numbers.h"

namespace psm::agency {

// Where a process finds what it proves itself with and what it trusts.
struct CredentialFiles {
  // Key and chain in one file, because gRPC stops all handshakes while it sees
  // a key without its certificate (library trap 6).
  std::string identity;
  std::string trust;
  std::string crl;

  // <run>/pki/...
  static CredentialFiles In(absl::string_view run, absl::string_view system);
};

// Requires a client certificate and refuses every peer but the gateway, in the
// handshake. Renewals are seen within a second. `clock` must outlive the
// server.
std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(
    const CredentialFiles& files, const Clock& clock);

// Refuses every server but the gateway. With the identity and the roots as they
// are in the files now, and for as long as it lives: a channel of its own for
// each version (GatewayChannel) leaves no moment at which one call has the new
// certificate and the next has not. Revocation lists are read in each
// handshake. UNAVAILABLE where a file cannot be read, FAILED_PRECONDITION where
// key and certificate do not belong together. `seen` is the process's memory of
// lists, one for all its channels. `clock` must outlive the channel.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
ReadChannelCredentials(const CredentialFiles& files, const Clock& clock,
                       std::shared_ptr<RevocationListNumbers> seen);

// What tells one version of identity and roots from the next.
std::string VersionOf(const CredentialFiles& files);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_CREDENTIALS_H_
