// An absl::Status that says why and whose fault: reason, party and metadata
// travel with it to the caller. The table from situation to code and reason is
// protos/README.md.
#ifndef PSM_MESH_BASE_ERROR_H_
#define PSM_MESH_BASE_ERROR_H_

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm {

// The `domain` of every ErrorInfo that the mesh itself makes.
inline constexpr char kErrorDomain[] = "psm.test";

// Who failed. Leaves the process as metadata "party".
enum class Party { kConsumer, kGateway, kProvider };

absl::string_view PartyName(Party party);  // "consumer", "gateway", "provider"

struct ErrorDetail {
  std::string reason;  // UPPER_SNAKE_CASE, at most 63 characters
  Party party = Party::kGateway;
  std::map<std::string, std::string> metadata;  // never personal data
};

// A status with a detail. `message`: short, lower case, no full stop, says what
// to do, no person. Values are cut at 512 bytes: a caller may have sent them.
// Cold: the compiler keeps what leads here out of the way of what succeeds.
ABSL_ATTRIBUTE_COLD absl::Status MakeError(
    absl::StatusCode code, absl::string_view reason, Party party,
    absl::string_view message,
    std::initializer_list<std::pair<absl::string_view, absl::string_view>>
        metadata = {});

// Adds one metadata entry; a status without a detail is returned unchanged.
ABSL_ATTRIBUTE_COLD absl::Status WithMetadata(absl::Status status,
                                              absl::string_view key,
                                              absl::string_view value);

// The detail of a status made by MakeError or FromRpcStatus; nullopt where
// there is none.
std::optional<ErrorDetail> DetailOf(const absl::Status& status);

// The reason, or "" where there is no detail.
std::string ReasonOf(const absl::Status& status);

// A serialised google.rpc.Status with one google.rpc.ErrorInfo: the value of
// `grpc-status-details-bin` before base64. An OK status gives "".
std::string ToRpcStatus(const absl::Status& status);

// The reverse. `code` and `message` come from grpc-status and grpc-message and
// win over those inside `bytes`; bytes that do not parse leave a status without
// detail.
absl::Status FromRpcStatus(absl::StatusCode code, absl::string_view message,
                           absl::string_view bytes);

}  // namespace psm

#endif  // PSM_MESH_BASE_ERROR_H_
