#include "mesh/web/witnessed.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/web/log_source.h"
#include "mesh/web/witness_desk.h"

namespace psm::web {

absl::StatusOr<Witnessed> AskWitness(const std::string& url,
                                     tlog::LogVerifier& keys,
                                     tlog::TileSource& log,
                                     const tlog::VerifierKey& witness) {
  PSM_ASSIGN_OR_RETURN(const auto source, LogSource::Create(url));
  const auto shown = source->Read(WitnessedPath(keys.origin()));
  if (absl::IsNotFound(shown.status())) {
    return absl::NotFoundError(absl::StrCat(
        "the witness at ", url, " has cosigned nothing of ", keys.origin()));
  }
  PSM_RETURN_IF_ERROR(shown.status());
  auto checkpoint = keys.Open(*shown, log);
  if (!checkpoint.ok()) {
    return absl::PermissionDeniedError(
        absl::StrCat("what the witness at ", url, " shows is not ",
                     keys.origin(), "'s: ", checkpoint.status().message()));
  }
  const auto cosigned = checkpoint->Cosignatures({&witness, 1});
  if (!cosigned.ok()) {
    return absl::PermissionDeniedError(
        absl::StrCat("what the witness at ", url, " shows is not cosigned by ",
                     witness.name()));
  }
  return Witnessed{*std::move(checkpoint), cosigned->front().time};
}

}  // namespace psm::web
