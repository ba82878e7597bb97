// The certificates of one mesh: everything below <run>/pki but the card
// authority's. Issues, renews, revokes, rotates; keeps trust.pem and crl.pem
// right. Knows no command line.
#ifndef PSM_CERTS_MESH_AUTHORITY_H_
#define PSM_CERTS_MESH_AUTHORITY_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/authority_folder.h"
#include "certs/issued_index.h"
#include "certs/system_identity.h"
#include "mesh/base/clock.h"
#include "mesh/base/folder_lock.h"
#include "mesh/crypto/trust.h"

namespace psm::pki {

// How long revocation lists are valid. They are written anew by every command
// once half of it has passed; a mesh that nobody touches refuses all peers
// after it, so it outlasts a long weekend.
inline constexpr absl::Duration kListLife = absl::Hours(24 * 7);

// Whether half of a validity period has passed: the time to renew.
inline bool IsPastHalf(absl::Time from, absl::Time until, absl::Time now) {
  return now >= from + (until - from) / 2;
}

// The same of a certificate, whose life counts from its issue, not from the
// backdating before it.
inline bool IsPastHalf(const Certificate& certificate, absl::Time now) {
  return IsPastHalf(certificate.not_before() + kBackdating,
                    certificate.not_after(), now);
}

// What a system's certificate is worth now.
enum class IdentityState {
  kMissing,  // no identity.pem
  kDamaged,  // unreadable, halves that do not fit, or another system's
  kUntrusted,
  kRevoked,
  kExpired,  // or not valid yet
  kDue,      // valid, past half of its life
  kGood,
};

struct IdentityStatus {
  std::string system;
  IdentityState state = IdentityState::kMissing;
  std::optional<Certificate> leaf;  // unless missing or damaged
};

enum class IssueOutcome { kIssued, kKept, kRevokedSkipped };

// Holds the lock of <run>/pki/ca as long as it lives: whoever opens the same
// run meanwhile waits, another process as well as this one (which would wait
// for itself). Each function leaves the folder such that a crash in it loses
// nothing: the next Open ends what was begun. Thread-compatible. `clock` must
// outlive it.
class MeshAuthority {
 public:
  // Opens the PKI of a run, making what is missing of it: folders, root,
  // intermediate, trust.pem, crl.pem. Safe to repeat.
  static absl::StatusOr<std::unique_ptr<MeshAuthority>> Init(
      const std::string& run, const Clock& clock);

  // As Init, but FAILED_PRECONDITION where there was no Init. DATA_LOSS where a
  // file of it is damaged, or older than what was made from it.
  static absl::StatusOr<std::unique_ptr<MeshAuthority>> Open(
      const std::string& run, const Clock& clock);

  // Gives a system a new key and certificate, unless what it has is good for
  // more than half of its life (`force`: also then). `life` is counted from
  // now. INVALID_ARGUMENT for a malformed id or a life under a minute,
  // FAILED_PRECONDITION where the intermediate is revoked or expires first.
  absl::StatusOr<IssueOutcome> Issue(absl::string_view system_id,
                                     absl::Duration life, bool force);

  // As Issue, with the life that the present certificate has. A revoked one is
  // not renewed: whoever revoked it meant it. NOT_FOUND where there is none.
  absl::StatusOr<IssueOutcome> Renew(absl::string_view system_id, bool force);

  // A certificate that is kept nowhere, for asking others whether they accept
  // what the newest intermediate issues. It falls with RevokeSystem. Errors as
  // Issue's.
  absl::StatusOr<SystemIdentity> IssueForQuestion(absl::string_view system_id,
                                                  absl::Duration life);

  // Revokes every unexpired certificate of a system; returns how many it newly
  // revoked. NOT_FOUND where none was ever issued to it.
  absl::StatusOr<int> RevokeSystem(absl::string_view system_id);
  // Revokes one certificate, an intermediate's included: everything under it
  // falls. `serial` is hexadecimal in either case. NOT_FOUND where it was not
  // issued here; 0 where it was revoked before.
  absl::StatusOr<int> RevokeSerial(absl::string_view serial);

  // Makes the next root, trusted beside the present one; issues nothing yet.
  absl::Status RotateRoot();
  // Makes the next intermediate, under the newest root; it issues from now on.
  absl::Status RotateIntermediate();
  // Whether a rotation was begun and not ended: an authority beside the newest
  // is still trusted, or the newest root has no intermediate yet.
  bool rotating() const {
    return authorities_.roots().size() > 1 ||
           authorities_.intermediates().size() > 1;
  }
  // Whether the newest intermediate is under the newest root.
  bool newest_root_issues() const;
  // Whether the newest intermediate issued this one.
  bool IsOfNewest(const Certificate& leaf) const;

  // Stops trusting authorities that no certificate in use needs any more and
  // returns their names. FAILED_PRECONDITION, with the first system's id, where
  // one still does.
  absl::StatusOr<std::vector<std::string>> RetireOld();

  IdentityStatus StatusOf(absl::string_view system_id) const;
  std::vector<IdentityStatus> StatusOfAll() const;  // sorted by system

  // The newest intermediate. Tests issue bad certificates with it.
  const Authority& issuer() const {
    return *authorities_.intermediates().back().authority;
  }
  const AuthorityFolder& authorities() const { return authorities_; }
  const IssuedIndex& index() const { return index_; }
  const Trust& trust() const { return *trust_; }
  // When the present revocation lists stop being valid.
  absl::Time lists_expire_time() const { return lists_expire_time_; }

 private:
  MeshAuthority(std::string run, const Clock& clock, FolderLock lock,
                AuthorityFolder authorities, IssuedIndex index);
  static absl::StatusOr<std::unique_ptr<MeshAuthority>> OpenLocked(
      const std::string& run, const Clock& clock, bool make);

  std::string Path(absl::string_view file) const;
  std::vector<const Authority*> AllAuthorities() const;
  absl::Status Complete();
  absl::Status WriteIndex();
  absl::StatusOr<std::string> CurrentLists();
  absl::StatusOr<std::string> WriteLists();
  absl::Status AddIntermediate();
  absl::StatusOr<SystemIdentity> MakeIdentity(absl::string_view system_id,
                                              absl::Duration life);

  const std::string run_;
  const Clock& clock_;
  const FolderLock lock_;
  AuthorityFolder authorities_;
  IssuedIndex index_;
  std::shared_ptr<const Trust> trust_;
  absl::Time lists_expire_time_;
};

}  // namespace psm::pki

#endif  // PSM_CERTS_MESH_AUTHORITY_H_
