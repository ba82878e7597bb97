// Order of writes, so that a crash at any of them loses nothing:
// - the index before what it lists: a serial that nobody holds does no harm, a
//   certificate that cannot be revoked does;
// - the index with a revocation, and the number of the lists that will say so,
//   before the lists: when the number in crl.pem is behind, Open writes them;
// - an authority's list before anything it issues: Complete runs in between.
#include "certs/mesh_authority.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "certs/revocation_lists.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm::pki {
namespace {

constexpr char kTrust[] = "/pki/trust.pem";
constexpr char kLists[] = "/pki/crl.pem";
constexpr char kAuthorities[] = "/pki/ca";
constexpr char kIndex[] = "/pki/ca/index";

}  // namespace

MeshAuthority::MeshAuthority(std::string run, const Clock& clock,
                             FolderLock lock, AuthorityFolder authorities,
                             IssuedIndex index)
    : run_(std::move(run)),
      clock_(clock),
      lock_(std::move(lock)),
      authorities_(std::move(authorities)),
      index_(std::move(index)) {}

absl::StatusOr<std::unique_ptr<MeshAuthority>> MeshAuthority::Init(
    const std::string& run, const Clock& clock) {
  PSM_RETURN_IF_ERROR(MakeFolder(absl::StrCat(run, kAuthorities)));
  PSM_RETURN_IF_ERROR(MakeFolder(absl::StrCat(run, "/pki/systems")));
  return OpenLocked(run, clock, /*make=*/true);
}

absl::StatusOr<std::unique_ptr<MeshAuthority>> MeshAuthority::Open(
    const std::string& run, const Clock& clock) {
  return OpenLocked(run, clock, /*make=*/false);
}

absl::StatusOr<std::unique_ptr<MeshAuthority>> MeshAuthority::OpenLocked(
    const std::string& run, const Clock& clock, bool make) {
  const std::string folder = absl::StrCat(run, kAuthorities);
  absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (absl::IsNotFound(lock.status())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "there is no PKI in ", run, "; run: psm-pki init --run ", run));
  }
  PSM_RETURN_IF_ERROR(lock.status());
  PSM_ASSIGN_OR_RETURN(AuthorityFolder authorities,
                       AuthorityFolder::Open(folder));
  const std::string index_file = absl::StrCat(run, kIndex);
  absl::StatusOr<std::string> text = ReadPrivateFile(index_file);
  // Init writes the index before the first root, so a root without an index is
  // a loss and not a beginning.
  if (absl::IsNotFound(text.status()) && authorities.roots().empty()) {
    if (!make) {
      return absl::FailedPreconditionError(absl::StrCat(
          "there is no PKI in ", run, "; run: psm-pki init --run ", run));
    }
    text = IssuedIndex().ToText();
    PSM_RETURN_IF_ERROR(WriteWholeFile(index_file, *text, kPrivate));
  }
  PSM_RETURN_IF_ERROR(text.status());
  absl::StatusOr<IssuedIndex> index = IssuedIndex::FromText(*text);
  if (!index.ok()) {
    return absl::DataLossError(
        absl::StrCat(index_file, ": ", index.status().message()));
  }
  std::unique_ptr<MeshAuthority> mesh(new MeshAuthority(
      run, clock, *std::move(lock), std::move(authorities), *std::move(index)));
  PSM_RETURN_IF_ERROR(mesh->Complete());
  return mesh;
}

std::string MeshAuthority::Path(absl::string_view file) const {
  return absl::StrCat(run_, file);
}

std::vector<const Authority*> MeshAuthority::AllAuthorities() const {
  std::vector<const Authority*> all;
  for (const NumberedAuthority& root : authorities_.roots()) {
    all.push_back(root.authority.get());
  }
  for (const NumberedAuthority& intermediate : authorities_.intermediates()) {
    all.push_back(intermediate.authority.get());
  }
  return all;
}

// Makes everything that is missing or behind: what is left undone by a crash,
// what has aged, what the caller has just changed the grounds of.
absl::Status MeshAuthority::Complete() {
  if (authorities_.roots().empty()) {
    PSM_RETURN_IF_ERROR(authorities_.AddRoot(clock_.Now()));
  }
  if (authorities_.intermediates().empty()) {
    PSM_RETURN_IF_ERROR(AddIntermediate());
  }
  std::string trust;
  for (const NumberedAuthority& root : authorities_.roots()) {
    absl::StrAppend(&trust, root.authority->certificate().ToPem());
  }
  // A new root's list comes before the root: who trusts it can ask at once.
  PSM_ASSIGN_OR_RETURN(const std::string lists, CurrentLists());
  const absl::StatusOr<std::string> before = ReadFile(Path(kTrust));
  if (!before.ok() || *before != trust) {
    PSM_RETURN_IF_ERROR(WriteWholeFile(Path(kTrust), trust, kPublic));
  }
  PSM_ASSIGN_OR_RETURN(trust_, Trust::Create(trust, lists));
  return absl::OkStatus();
}

absl::Status MeshAuthority::AddIntermediate() {
  PSM_ASSIGN_OR_RETURN(NumberedAuthority intermediate,
                       authorities_.NewIntermediate(clock_.Now()));
  const Certificate& certificate = intermediate.authority->certificate();
  index_.Add({certificate.serial(),
              authorities_.roots().back().authority->certificate().serial(),
              intermediate.name, certificate.not_after(), std::nullopt});
  PSM_RETURN_IF_ERROR(WriteIndex());
  return authorities_.Keep(std::move(intermediate));
}

absl::Status MeshAuthority::WriteIndex() {
  index_.Prune(clock_.Now());
  return WriteWholeFile(Path(kIndex), index_.ToText(), kPrivate);
}

// The lists in crl.pem, written anew unless they are of every authority, of the
// index's number and in the first half of their life.
absl::StatusOr<std::string> MeshAuthority::CurrentLists() {
  const std::vector<const Authority*> authorities = AllAuthorities();
  absl::StatusOr<std::string> text = ReadFile(Path(kLists));
  if (!text.ok()) return WriteLists();
  const std::vector<RevocationListFacts> lists =
      ReadRevocationLists(*text, authorities);
  const absl::Time now = clock_.Now();
  std::size_t current = 0;
  lists_expire_time_ = absl::InfiniteFuture();
  for (const RevocationListFacts& list : lists) {
    if (list.issuer == nullptr) continue;
    if (list.number > index_.list_number()) {
      return absl::DataLossError(
          absl::StrCat(Path(kIndex), " is older than ", Path(kLists),
                       " and may lack revocations; restore a newer one"));
    }
    if (list.number == index_.list_number() && list.this_update <= now &&
        !IsPastHalf(list.this_update, list.next_update, now)) {
      ++current;
      lists_expire_time_ = std::min(lists_expire_time_, list.next_update);
    }
  }
  // One for each authority and nothing else beside them.
  if (current != authorities.size() || lists.size() != authorities.size()) {
    return WriteLists();
  }
  return text;
}

absl::StatusOr<std::string> MeshAuthority::WriteLists() {
  const absl::Time now = clock_.Now();
  const std::uint64_t number = index_.NextListNumber();
  PSM_RETURN_IF_ERROR(WriteIndex());
  std::string lists;
  for (const Authority* authority : AllAuthorities()) {
    PSM_ASSIGN_OR_RETURN(
        const std::string list,
        authority->IssueRevocationList(
            index_.RevokedBy(authority->certificate().serial(), now), number,
            now, kListLife));
    absl::StrAppend(&lists, list);
  }
  PSM_RETURN_IF_ERROR(WriteWholeFile(Path(kLists), lists, kPublic));
  lists_expire_time_ = now + kListLife;
  return lists;
}

absl::StatusOr<int> MeshAuthority::RevokeSystem(absl::string_view system_id) {
  const bool known =
      std::any_of(index_.certificates().begin(), index_.certificates().end(),
                  [system_id](const IssuedCertificate& c) {
                    return c.subject == system_id;
                  });
  if (!known) {
    return absl::NotFoundError(
        absl::StrCat("no certificate was issued to \"", system_id, "\""));
  }
  const int count = index_.RevokeSubject(system_id, clock_.Now());
  if (count > 0) {
    PSM_RETURN_IF_ERROR(WriteLists().status());
    PSM_RETURN_IF_ERROR(Complete());
  }
  return count;
}

absl::StatusOr<int> MeshAuthority::RevokeSerial(absl::string_view serial) {
  const std::string wanted = absl::AsciiStrToLower(serial);
  if (index_.Find(wanted) == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no certificate with serial \"", serial,
                     "\" was issued here; see: psm-pki show --all"));
  }
  const int count = index_.RevokeSerial(wanted, clock_.Now());
  if (count > 0) {
    PSM_RETURN_IF_ERROR(WriteLists().status());
    PSM_RETURN_IF_ERROR(Complete());
  }
  return count;
}

absl::Status MeshAuthority::RotateRoot() {
  PSM_RETURN_IF_ERROR(authorities_.AddRoot(clock_.Now()));
  return Complete();
}

absl::Status MeshAuthority::RotateIntermediate() {
  PSM_RETURN_IF_ERROR(AddIntermediate());
  return Complete();
}

bool MeshAuthority::newest_root_issues() const {
  const IssuedCertificate* issued =
      index_.Find(issuer().certificate().serial());
  return issued != nullptr &&
         issued->issuer ==
             authorities_.roots().back().authority->certificate().serial();
}

bool MeshAuthority::IsOfNewest(const Certificate& leaf) const {
  const IssuedCertificate* issued = index_.Find(leaf.serial());
  return issued != nullptr && issued->issuer == issuer().certificate().serial();
}

absl::StatusOr<std::vector<std::string>> MeshAuthority::RetireOld() {
  for (const IdentityStatus& status : StatusOfAll()) {
    if (status.state != IdentityState::kGood &&
        status.state != IdentityState::kDue) {
      continue;
    }
    if (!IsOfNewest(*status.leaf)) {
      return absl::FailedPreconditionError(absl::StrCat(
          status.system,
          " still uses an older authority; run: psm-pki renew --force"));
    }
  }
  PSM_ASSIGN_OR_RETURN(std::vector<std::string> removed,
                       authorities_.RemoveOld());
  PSM_RETURN_IF_ERROR(Complete());
  return removed;
}

}  // namespace psm::pki
