// Systems' certificates: what each is worth, and when a new one is made.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "certs/mesh_authority.h"
#include "certs/system_identity.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"

namespace psm::pki {
namespace {

constexpr absl::Duration kShortestLife = absl::Minutes(1);

}  // namespace

absl::StatusOr<IssueOutcome> MeshAuthority::Issue(absl::string_view system_id,
                                                  absl::Duration life,
                                                  bool force) {
  if (!IsSystemId(system_id)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", system_id,
        "\" is not a system id; write AGENCY/SYSTEM, both [a-z][a-z0-9-]*"));
  }
  if (life < kShortestLife || life > kIntermediateLife) {
    return absl::InvalidArgumentError(
        "a system's certificate lives at least a minute and at most a year");
  }
  if (!force && StatusOf(system_id).state == IdentityState::kGood) {
    PSM_RETURN_IF_ERROR(RepairIdentity(SystemFolder(run_, system_id)));
    return IssueOutcome::kKept;
  }
  PSM_ASSIGN_OR_RETURN(const SystemIdentity identity,
                       MakeIdentity(system_id, life));
  PSM_RETURN_IF_ERROR(WriteIdentity(SystemFolder(run_, system_id),
                                    *identity.key, identity.chain));
  return IssueOutcome::kIssued;
}

absl::StatusOr<SystemIdentity> MeshAuthority::IssueForQuestion(
    absl::string_view system_id, absl::Duration life) {
  return MakeIdentity(system_id, life);
}

absl::StatusOr<SystemIdentity> MeshAuthority::MakeIdentity(
    absl::string_view system_id, absl::Duration life) {
  const absl::Time now = clock_.Now();
  const NumberedAuthority& issuer = authorities_.intermediates().back();
  const Certificate& issuer_certificate = issuer.authority->certificate();
  if (index_.IsRevoked(issuer_certificate.serial()) ||
      now + life > issuer_certificate.not_after()) {
    return absl::FailedPreconditionError(
        absl::StrCat(issuer.name, " is revoked or expires before ", system_id,
                     "'s certificate would; run: psm-pki rotate intermediate"));
  }
  SystemIdentity identity;
  PSM_ASSIGN_OR_RETURN(identity.key, SigningKey::Generate());
  PSM_ASSIGN_OR_RETURN(
      const Certificate leaf,
      issuer.authority->Issue(SystemProfile(system_id, now, life),
                              *identity.key->Public()));
  identity.chain = {leaf, issuer_certificate};
  // Nothing is put in place that a peer would refuse.
  for (const PeerRole role : {PeerRole::kClient, PeerRole::kServer}) {
    PSM_RETURN_IF_ERROR(trust_->Verify(identity.chain, role, now));
  }
  index_.Add({leaf.serial(), issuer_certificate.serial(),
              std::string(system_id), leaf.not_after(), std::nullopt});
  PSM_RETURN_IF_ERROR(WriteIndex());
  return identity;
}

absl::StatusOr<IssueOutcome> MeshAuthority::Renew(absl::string_view system_id,
                                                  bool force) {
  const IdentityStatus status = StatusOf(system_id);
  switch (status.state) {
    case IdentityState::kMissing:
      return absl::NotFoundError(absl::StrCat(
          system_id, " has no certificate; run: psm-pki issue ", system_id));
    case IdentityState::kRevoked:
      return IssueOutcome::kRevokedSkipped;
    default:
      break;
  }
  absl::Duration life = kSystemLife;
  if (status.leaf.has_value()) {
    life = status.leaf->not_after() - status.leaf->not_before() - kBackdating;
  }
  return Issue(system_id, std::max(life, kShortestLife), force);
}

IdentityStatus MeshAuthority::StatusOf(absl::string_view system_id) const {
  IdentityStatus status{std::string(system_id), IdentityState::kDamaged, {}};
  const absl::StatusOr<SystemIdentity> identity =
      ReadIdentity(SystemFolder(run_, system_id));
  if (!identity.ok()) {
    if (absl::IsNotFound(identity.status())) {
      status.state = IdentityState::kMissing;
    }
    return status;
  }
  const Certificate& leaf = identity->chain[0];
  const absl::StatusOr<std::string> name = leaf.UriName();
  if (!name.ok() || *name != SpiffeIdOf(system_id)) return status;
  status.leaf = leaf;
  const absl::Time now = clock_.Now();
  const absl::Status verified =
      trust_->Verify(identity->chain, PeerRole::kClient, now);
  const std::string reason = ReasonOf(verified);
  if (index_.IsRevoked(leaf.serial()) || reason == "CERTIFICATE_REVOKED") {
    status.state = IdentityState::kRevoked;
  } else if (!leaf.ValidAt(now)) {
    status.state = IdentityState::kExpired;
  } else if (!verified.ok()) {
    status.state = IdentityState::kUntrusted;
  } else {
    status.state =
        IsPastHalf(leaf, now) ? IdentityState::kDue : IdentityState::kGood;
  }
  return status;
}

std::vector<IdentityStatus> MeshAuthority::StatusOfAll() const {
  std::vector<IdentityStatus> all;
  for (const std::string& system : SystemsOf(run_)) {
    all.push_back(StatusOf(system));
  }
  return all;
}

}  // namespace psm::pki
