// Why no call fails:
// - the new authorities are in trust.pem and crl.pem, and every process that
//   serves has shown that it accepts what they issue, before they issue
//   anything that stays;
// - systems are renewed before the gateway: when it shows its new certificate
//   it tells its peers to connect anew, which they do with theirs;
// - the old authorities go when no connection uses them any more: calls that
//   are in flight on a connection keep it, and it keeps them.
#include "certs/rotation.h"

#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "certs/mesh_authority.h"
#include "certs/system_identity.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"

namespace psm::pki {
namespace {

constexpr absl::Duration kQuestionLife = absl::Minutes(30);
// Clients that serve nothing cannot be asked. Those of psm::agency look before
// each call; others look at files once a second.
constexpr absl::Duration kClientsLook = absl::Seconds(2);
// Whoever came back with his old certificate is told again this often.
constexpr absl::Duration kTellAgain = absl::Seconds(3);

class Rotation {
 public:
  Rotation(const RotationOptions& options, const Clock& clock,
           RunningMesh& mesh, Say say)
      : options_(options), clock_(clock), mesh_(mesh), say_(say) {}

  absl::Status Run() {
    PSM_RETURN_IF_ERROR(Begin());
    PSM_RETURN_IF_ERROR(AwaitTrust());
    PSM_RETURN_IF_ERROR(RenewSystems());
    PSM_RETURN_IF_ERROR(AwaitShown("show them"));
    PSM_RETURN_IF_ERROR(GiveClientsTime());
    PSM_RETURN_IF_ERROR(RenewGateway());
    PSM_RETURN_IF_ERROR(AwaitNoOldConnections());
    return Retire();
  }

 private:
  absl::StatusOr<std::unique_ptr<MeshAuthority>> Open() const {
    return MeshAuthority::Open(options_.run, clock_);
  }

  absl::Status Begin() {
    PSM_ASSIGN_OR_RETURN(const auto authority, Open());
    if (authority->StatusOf(kGatewaySystem).state == IdentityState::kRevoked) {
      return absl::FailedPreconditionError(
          "the gateway's certificate is revoked; to admit it again run: "
          "psm-pki "
          "issue mesh/gateway");
    }
    if (authority->rotating()) {
      say_("taking up a rotation that was begun");
    } else if (!options_.keep_root) {
      PSM_RETURN_IF_ERROR(authority->RotateRoot());
    }
    if (!authority->newest_root_issues() || !authority->rotating())
      PSM_RETURN_IF_ERROR(authority->RotateIntermediate());
    newest_ = authority->issuer().certificate().serial();
    PSM_ASSIGN_OR_RETURN(
        question_, authority->IssueForQuestion(kGatewaySystem, kQuestionLife));
    begin_ = clock_.Monotonic();
    say_(absl::StrCat(authority->authorities().roots().back().name, " and ",
                      authority->authorities().intermediates().back().name,
                      " are trusted beside the older ones"));
    return absl::OkStatus();
  }

  absl::Status AwaitTrust() {
    return AwaitAll(mesh_.Serving(), "accept what they issue",
                    [](const std::string&, const EndpointAnswer& answer) {
                      return answer.accepted;
                    });
  }

  absl::Status RenewSystems() {
    PSM_ASSIGN_OR_RETURN(const auto authority, Open());
    int renewed = 0;
    for (const IdentityStatus& status : authority->StatusOfAll()) {
      if (status.system == kGatewaySystem) continue;
      if (status.state == IdentityState::kMissing) continue;
      if (status.leaf.has_value() && authority->IsOfNewest(*status.leaf) &&
          (status.state == IdentityState::kGood ||
           status.state == IdentityState::kDue))
        continue;  // by an earlier attempt
      PSM_ASSIGN_OR_RETURN(const IssueOutcome outcome,
                           authority->Renew(status.system, /*force=*/true));
      if (outcome == IssueOutcome::kIssued) ++renewed;
      if (outcome == IssueOutcome::kRevokedSkipped)
        say_(absl::StrCat(status.system, " is revoked and gets none"));
    }
    say_(absl::StrCat(renewed, renewed == 1
                                   ? " system has a new certificate"
                                   : " systems have new certificates"));
    return absl::OkStatus();
  }

  // That every process shows what lies in its folder.
  absl::Status AwaitShown(absl::string_view what) {
    std::vector<std::string> systems;
    {
      PSM_ASSIGN_OR_RETURN(const auto authority, Open());
      for (const std::string& system : mesh_.Serving()) {
        const IdentityStatus status = authority->StatusOf(system);
        if (status.leaf.has_value() && authority->IsOfNewest(*status.leaf) &&
            status.state != IdentityState::kRevoked)
          systems.push_back(system);
      }
    }
    return AwaitAll(
        std::move(systems), what,
        [this](const std::string& system, const EndpointAnswer& answer) {
          const auto identity =
              ReadIdentity(SystemFolder(options_.run, system));
          return answer.accepted && identity.ok() &&
                 identity->chain[0].ToDer() == answer.shown;
        });
  }

  absl::Status GiveClientsTime() {
    if (mesh_.Serving().empty()) return absl::OkStatus();
    while (clock_.Monotonic() - begin_ < kClientsLook) mesh_.Pause();
    return absl::OkStatus();
  }

  absl::Status RenewGateway() {
    {
      PSM_ASSIGN_OR_RETURN(const auto authority, Open());
      const IdentityStatus status = authority->StatusOf(kGatewaySystem);
      if (status.state == IdentityState::kMissing) return absl::OkStatus();
      if (!status.leaf.has_value() || !authority->IsOfNewest(*status.leaf))
        PSM_RETURN_IF_ERROR(
            authority->Renew(kGatewaySystem, /*force=*/true).status());
    }
    return AwaitShown("show theirs, the gateway too");
  }

  absl::Status AwaitNoOldConnections() {
    const absl::Duration deadline = clock_.Monotonic() + options_.patience;
    absl::Duration told = clock_.Monotonic();
    for (;;) {
      const absl::StatusOr<GatewayInForce> gateway = mesh_.Gateway();
      if (absl::IsNotFound(gateway.status())) return absl::OkStatus();
      PSM_RETURN_IF_ERROR(gateway.status());
      std::set<std::string> old;
      for (const auto& [authority, systems] : gateway->peers) {
        if (authority != newest_) old.insert(systems.begin(), systems.end());
      }
      if (old.empty()) break;
      const absl::Duration now = clock_.Monotonic();
      if (now >= deadline) {
        return absl::DeadlineExceededError(absl::StrCat(
            absl::StrJoin(old, ", "), " still hold", old.size() == 1 ? "s" : "",
            " a connection with an older certificate, which stays trusted; a "
            "client must read its files again, or its long call end. Then run "
            "the same again"));
      }
      if (now - told >= kTellAgain) {
        told = now;
        PSM_ASSIGN_OR_RETURN(const auto authority, Open());
        PSM_RETURN_IF_ERROR(
            authority->Renew(kGatewaySystem, /*force=*/true).status());
      }
      mesh_.Pause();
    }
    say_("no connection uses an older certificate");
    return absl::OkStatus();
  }

  absl::Status Retire() {
    std::vector<std::string> removed;
    std::uint64_t lists = 0;
    {
      PSM_ASSIGN_OR_RETURN(const auto authority, Open());
      PSM_ASSIGN_OR_RETURN(removed, authority->RetireOld());
      lists = authority->index().list_number();
    }
    PSM_RETURN_IF_ERROR(AwaitLists(lists, options_.patience, clock_, mesh_));
    say_(absl::StrCat("no longer trusted: ",
                      removed.empty() ? "none" : absl::StrJoin(removed, ", ")));
    return absl::OkStatus();
  }

  using Good = std::function<bool(const std::string&, const EndpointAnswer&)>;

  // Asks those that are left, in turn, up to the first that has not followed,
  // and says why not. All follow at much the same time: to ask everybody each
  // time would cost each of them a handshake for nothing. Who is gone by then
  // need not follow.
  std::string AskInTurn(std::vector<std::string>& left, std::size_t& followed,
                        const Good& good) {
    for (; !left.empty(); left.pop_back()) {
      const absl::StatusOr<EndpointAnswer> answer =
          mesh_.Ask(left.back(), question_);
      if (absl::IsNotFound(answer.status())) continue;
      if (!answer.ok()) return std::string(answer.status().message());
      if (!good(left.back(), *answer)) return "";
      ++followed;
    }
    return "";
  }

  // Asks until `good` says so of every answer.
  absl::Status AwaitAll(std::vector<std::string> left, absl::string_view what,
                        const Good& good) {
    const absl::Duration deadline = clock_.Monotonic() + options_.patience;
    std::size_t followed = 0;
    for (;;) {
      const std::string why = AskInTurn(left, followed, good);
      if (left.empty()) break;
      if (clock_.Monotonic() >= deadline) {
        return absl::DeadlineExceededError(absl::StrCat(
            left.back(), ": not followed within ",
            absl::FormatDuration(options_.patience), " (to ", what, ")",
            why.empty() ? "" : ": ", why,
            "; the log may say why. Old and new stay trusted; run the same "
            "again"));
      }
      mesh_.Pause();
    }
    if (followed > 0) {
      say_(absl::StrCat(followed,
                        followed == 1 ? " process: " : " processes: ", what));
    }
    return absl::OkStatus();
  }

  const RotationOptions& options_;
  const Clock& clock_;
  RunningMesh& mesh_;
  const Say say_;
  std::string newest_;  // serial of the newest intermediate
  SystemIdentity question_;
  absl::Duration begin_;  // monotonic
};

}  // namespace

absl::Status RotateAll(const RotationOptions& options, const Clock& clock,
                       RunningMesh& mesh, Say say) {
  return Rotation(options, clock, mesh, say).Run();
}

absl::Status AwaitLists(std::uint64_t list_number, absl::Duration patience,
                        const Clock& clock, RunningMesh& mesh) {
  const absl::Duration deadline = clock.Monotonic() + patience;
  for (;;) {
    const absl::StatusOr<GatewayInForce> gateway = mesh.Gateway();
    if (absl::IsNotFound(gateway.status())) return absl::OkStatus();
    PSM_RETURN_IF_ERROR(gateway.status());
    if (gateway->list_number >= list_number) return absl::OkStatus();
    if (clock.Monotonic() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(
          "the gateway has not put revocation lists no. ", list_number,
          " in force within ", absl::FormatDuration(patience),
          gateway->refuses.empty() ? "" : "; it refuses everybody: ",
          gateway->refuses, "; see: psm logs mesh/gateway"));
    }
    mesh.Pause();
  }
}

}  // namespace psm::pki
