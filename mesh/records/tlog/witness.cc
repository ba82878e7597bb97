// What the signature rests on: reading the kept checkpoint, comparing, and
// writing the new one happen under one lock, and the new one is on the disk
// before its cosignature leaves (C2SP tlog-witness, add-checkpoint).
#include "mesh/records/tlog/witness.h"

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/proof.h"

namespace psm::tlog {
namespace {

constexpr char kCheckpointName[] = "checkpoint";
constexpr char kEvidenceName[] = "evidence";
// One case shows that a log is not to be trusted; whoever has its key could
// make any number.
constexpr std::size_t kMaxEvidenceFiles = 16;

WitnessAnswer Refusal(WitnessOutcome outcome, absl::string_view reason) {
  WitnessAnswer answer;
  answer.outcome = outcome;
  answer.reason = std::string(reason);
  return answer;
}

WitnessOutcome OutcomeOf(const absl::Status& unopened) {
  switch (unopened.code()) {
    case absl::StatusCode::kNotFound:
      return WitnessOutcome::kUnknownLog;
    case absl::StatusCode::kPermissionDenied:
      return WitnessOutcome::kNotSigned;
    default:
      return WitnessOutcome::kMalformed;
  }
}

// Why the tree does not follow from the kept one, whose size is the old size.
absl::Status CheckGrowth(const WitnessRequest& request,
                         const std::optional<SignedCheckpoint>& kept,
                         const SignedCheckpoint& shown) {
  if (shown.size() == 0 && shown.root() != EmptyRoot())
    return absl::InvalidArgumentError("an empty tree has another root");
  if (request.old_size == 0) {
    // Any tree follows from the empty one.
    if (request.proof.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("no proof starts from an empty tree");
  }
  return VerifyConsistency(request.old_size, shown.size(), kept->root(),
                           shown.root(), request.proof);
}

}  // namespace

std::string WitnessAnswerBody(const WitnessAnswer& answer) {
  switch (answer.outcome) {
    case WitnessOutcome::kCosigned:
      return FormatSignature(answer.cosignature);
    case WitnessOutcome::kConflict:
      return absl::StrCat(answer.size, "\n");
    default:
      return absl::StrCat(answer.reason, "\n");
  }
}

absl::StatusOr<std::unique_ptr<Witness>> Witness::Open(
    std::string folder, std::unique_ptr<LogVerifier> log, Cosigner cosigner,
    const Clock& clock) {
  PSM_RETURN_IF_ERROR(MakeFolder(folder));
  std::unique_ptr<Witness> witness(new Witness(
      std::move(folder), std::move(log), std::move(cosigner), clock));
  PSM_RETURN_IF_ERROR(witness->Latest().status());
  return witness;
}

absl::StatusOr<SignedCheckpoint> Witness::OpenKnown(
    absl::string_view bytes) const {
  MutexLock lock(keys_mu_);
  auto opened = log_->Open(bytes);
  if (!absl::IsPermissionDenied(opened.status())) return opened;
  PSM_RETURN_IF_ERROR(FollowKept());
  return log_->Open(bytes);
}

absl::Status Witness::FollowKept() const {
  const std::string file = absl::StrCat(folder_, "/", kKeysName);
  const absl::StatusOr<std::string> kept = ReadFile(file);
  if (absl::IsNotFound(kept.status())) return absl::OkStatus();
  PSM_RETURN_IF_ERROR(kept.status());
  const absl::Status followed = log_->Follow(*kept).status();
  if (followed.ok()) return followed;
  return absl::FailedPreconditionError(absl::StrCat(
      file, " is not what this witness kept: ", followed.message()));
}

absl::StatusOr<std::optional<SignedCheckpoint>> Witness::Latest() const {
  const std::string file = absl::StrCat(folder_, "/", kCheckpointName);
  const absl::StatusOr<std::string> bytes = ReadFile(file);
  if (absl::IsNotFound(bytes.status()))
    return std::optional<SignedCheckpoint>();
  PSM_RETURN_IF_ERROR(bytes.status());
  auto checkpoint = OpenKnown(*bytes);
  absl::Status signed_by_both = checkpoint.status();
  if (signed_by_both.ok()) {
    signed_by_both =
        checkpoint->Cosignatures({&cosigner_.verifier(), 1}).status();
  }
  if (!signed_by_both.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, " is not what this witness kept: ", signed_by_both.message()));
  }
  return std::optional<SignedCheckpoint>(*std::move(checkpoint));
}

absl::StatusOr<WitnessAnswer> Witness::AddCheckpoint(
    const WitnessRequest& request) {
  const auto shown = OpenKnown(request.checkpoint);
  if (absl::IsFailedPrecondition(shown.status())) return shown.status();
  if (!shown.ok())
    return Refusal(OutcomeOf(shown.status()), shown.status().message());
  if (request.old_size > shown->size()) {
    return Refusal(WitnessOutcome::kMalformed,
                   "the old size is above the checkpoint's");
  }
  PSM_ASSIGN_OR_RETURN(const FolderLock lock, FolderLock::Take(folder_));
  return Decide(request, *shown);
}

absl::StatusOr<WitnessAnswer> Witness::Decide(const WitnessRequest& request,
                                              const SignedCheckpoint& shown) {
  PSM_ASSIGN_OR_RETURN(const std::optional<SignedCheckpoint> kept, Latest());
  const std::uint64_t kept_size = kept.has_value() ? kept->size() : 0;
  // Evidence, whatever the request says besides.
  const bool split_view = kept.has_value() && shown.size() == kept_size &&
                          shown.root() != kept->root();
  if (split_view) PSM_RETURN_IF_ERROR(KeepEvidence(*kept, shown));

  WitnessAnswer answer;
  if (request.old_size != kept_size) {
    answer = Refusal(WitnessOutcome::kConflict,
                     absl::StrCat("the kept checkpoint has size ", kept_size));
    answer.size = kept_size;
  } else if (split_view) {
    answer = Refusal(WitnessOutcome::kInconsistent,
                     absl::StrCat("split view: the log has signed another "
                                  "tree of size ",
                                  kept_size));
  } else if (const absl::Status growth = CheckGrowth(request, kept, shown);
             !growth.ok()) {
    answer = Refusal(WitnessOutcome::kInconsistent, growth.message());
  } else {
    return Cosign(shown);
  }
  answer.split_view = split_view;
  return answer;
}

absl::StatusOr<WitnessAnswer> Witness::Cosign(const SignedCheckpoint& shown) {
  // Others' signatures are not this witness's to keep, and could fill the note.
  Note note{shown.note().text, {}};
  {
    MutexLock lock(keys_mu_);
    const VerifierKey& key = log_->Of(shown.size());
    for (const NoteSignature& signature : shown.note().signatures) {
      if (key.IsOf(signature) && note.signatures.empty())
        note.signatures.push_back(signature);
    }
  }
  PSM_ASSIGN_OR_RETURN(SignedCheckpoint checkpoint,
                       OpenKnown(FormatNote(note)));
  WitnessAnswer answer;
  answer.outcome = WitnessOutcome::kCosigned;
  PSM_ASSIGN_OR_RETURN(answer.cosignature,
                       cosigner_.Sign(note.text, clock_.Now()));
  PSM_RETURN_IF_ERROR(
      checkpoint.AddCosignature(answer.cosignature, cosigner_.verifier()));
  PSM_RETURN_IF_ERROR(
      WriteWholeFile(absl::StrCat(folder_, "/", kCheckpointName),
                     checkpoint.ToText(), kPublic));
  return answer;
}

absl::Status Witness::KeepEvidence(const SignedCheckpoint& kept,
                                   const SignedCheckpoint& shown) const {
  const std::string evidence = absl::StrCat(folder_, "/", kEvidenceName);
  PSM_RETURN_IF_ERROR(MakeFolder(evidence));
  std::size_t files = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator file(evidence, error), end;
       !error && file != end; file.increment(error)) {
    ++files;
  }
  if (error)
    return absl::Status(absl::ErrnoToStatusCode(error.value()),
                        absl::StrCat("cannot list ", evidence));
  if (files >= kMaxEvidenceFiles) return absl::OkStatus();
  const std::string name =
      absl::StrCat(evidence, "/", shown.size(), "-",
                   absl::BytesToHexString(AsBytes(shown.root()).substr(0, 8)));
  PSM_RETURN_IF_ERROR(WriteWholeFile(name + ".kept", kept.ToText(), kPublic));
  return WriteWholeFile(name + ".shown", shown.ToText(), kPublic);
}

}  // namespace psm::tlog
