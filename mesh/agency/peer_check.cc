// gRPC has checked the chain against the trust file when it asks us. It is
// checked here a second time, as a whole, because gRPC 1.51 lets a peer in when
// it finds no CRL, follows no change of a CRL file (library trap 5), and hands
// out names as C strings, which end at a NUL that the certificate has.
#include "mesh/agency/peer_check.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mesh/agency/run_folder.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/certificate.h"
#include "mesh/crypto/signing_key.h"

namespace psm::agency {
namespace {

// Whose lists are to be believed: the roots, and the authorities of our chain.
absl::Status CheckNotOlder(const PeerPolicy& policy, const std::string& roots,
                           const std::string& lists) {
  if (policy.seen == nullptr) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(std::vector<Certificate> issuers,
                       Certificate::ChainFromPem(roots));
  PSM_ASSIGN_OR_RETURN(const std::string own, ReadFile(policy.chain_file));
  PSM_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                       Certificate::ChainFromPem(own));
  issuers.insert(issuers.end(), chain.begin() + 1, chain.end());
  return policy.seen->Take(lists, issuers);
}

// One reading of the policy's roots and lists.
absl::StatusOr<std::shared_ptr<const Trust>> ReadTrust(
    const PeerPolicy& policy) {
  absl::StatusOr<std::string> roots = ReadFile(policy.trust_file);
  absl::StatusOr<std::string> crls = ReadFile(policy.crl_file);
  absl::StatusOr<std::shared_ptr<const Trust>> trust =
      !roots.ok()  ? roots.status()
      : !crls.ok() ? crls.status()
                   : Trust::Create(*roots, *crls);
  if (trust.ok()) {
    const absl::Status newest = CheckNotOlder(policy, *roots, *crls);
    if (!newest.ok()) trust = newest;
  }
  if (trust.ok()) return trust;
  return MakeError(absl::StatusCode::kUnavailable, "REVOCATION_STATE_STALE",
                   Party::kProvider, trust.status().message());
}

absl::Status Unusable(const std::string& file, absl::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "IDENTITY_UNUSABLE",
                   Party::kProvider, absl::StrCat(file, ": ", why),
                   {{"file", file}});
}

}  // namespace

absl::Status CheckPeer(const PeerPolicy& policy, absl::string_view leaf_pem,
                       absl::string_view chain_pem, absl::Time now) {
  PSM_ASSIGN_OR_RETURN(std::vector<Certificate> chain,
                       Certificate::ChainFromPem(leaf_pem));
  if (chain.size() != 1)
    return absl::UnauthenticatedError("the peer has no single certificate");
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const Trust> trust, ReadTrust(policy));
  // A resumed TLS session brings no intermediates, so our own issuer's stand in
  // for them. None of them is believed: the chain must still end at a root.
  PSM_ASSIGN_OR_RETURN(std::string own_chain, ReadFile(policy.chain_file));
  for (absl::string_view pem : {chain_pem, absl::string_view(own_chain)}) {
    if (pem.empty()) continue;
    PSM_ASSIGN_OR_RETURN(std::vector<Certificate> more,
                         Certificate::ChainFromPem(pem));
    chain.insert(chain.end(), more.begin(), more.end());
  }
  PSM_RETURN_IF_ERROR(trust->Verify(chain, policy.role, now));
  absl::StatusOr<std::string> name = chain.front().UriName();
  if (name.ok() && *name == policy.spiffe_id) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnauthenticated, "PEER_UNKNOWN",
                   Party::kConsumer,
                   absl::StrCat("the peer is not ", policy.spiffe_id));
}

absl::Status CheckTrustFiles(const PeerPolicy& policy, absl::Time now) {
  absl::StatusOr<std::shared_ptr<const Trust>> trust = ReadTrust(policy);
  absl::Status vouched = trust.status();
  if (trust.ok()) {
    PSM_ASSIGN_OR_RETURN(const std::string own, ReadFile(policy.chain_file));
    PSM_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                         Certificate::ChainFromPem(own));
    vouched = (*trust)->Verify(chain, PeerRole::kServer, now);
  }
  if (vouched.ok()) return vouched;
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "TRUST_UNUSABLE", Party::kProvider,
      absl::StrCat(policy.trust_file, ", ", policy.crl_file, ": ",
                   vouched.message(), "; psm-pki renew writes them anew"));
}

absl::Status CheckIdentityFile(const std::string& identity_file,
                               absl::string_view spiffe_id) {
  absl::StatusOr<std::string> pem = ReadFile(identity_file);
  if (!pem.ok()) return Unusable(identity_file, pem.status().message());
  absl::StatusOr<std::vector<Certificate>> chain =
      Certificate::ChainFromPem(*pem);
  if (!chain.ok()) return Unusable(identity_file, chain.status().message());
  absl::StatusOr<std::unique_ptr<SigningKey>> key =
      SigningKey::FromPem(*pem, SecretBytes());
  if (!key.ok()) return Unusable(identity_file, key.status().message());
  if ((*key)->Public()->ToDer() != chain->front().key()->ToDer())
    return Unusable(identity_file, "the key is not that of the certificate");
  absl::StatusOr<std::string> name = chain->front().UriName();
  if (!name.ok() || *name != spiffe_id)
    return Unusable(identity_file,
                    absl::StrCat("the certificate is not that of ", spiffe_id));
  return absl::OkStatus();
}

}  // namespace psm::agency
