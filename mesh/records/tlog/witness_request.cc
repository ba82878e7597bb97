#include "mesh/records/tlog/witness_request.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/note_text.h"

namespace psm::tlog {
namespace {

absl::Status NoRequest(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a request to a witness: ", why));
}

}  // namespace

std::string FormatWitnessRequest(const WitnessRequest& request) {
  std::string body = absl::StrCat("old ", request.old_size, "\n");
  for (const Hash& hash : request.proof)
    absl::StrAppend(&body, EncodeBase64(AsBytes(hash)), "\n");
  absl::StrAppend(&body, "\n", request.checkpoint);
  return body;
}

absl::StatusOr<WitnessRequest> ParseWitnessRequest(absl::string_view body) {
  WitnessRequest request;
  bool first = true;
  while (true) {
    const std::size_t end = body.find('\n');
    if (end == absl::string_view::npos)
      return NoRequest("no empty line before the checkpoint");
    absl::string_view line = body.substr(0, end);
    body.remove_prefix(end + 1);
    if (first) {
      const bool named = absl::ConsumePrefix(&line, "old ");
      const auto size = ParseDecimal(line);
      if (!named || !size.has_value())
        return NoRequest("its first line is not the old size");
      request.old_size = *size;
      first = false;
      continue;
    }
    if (line.empty()) break;
    if (request.proof.size() == kMaxWitnessProof)
      return NoRequest("its proof has more than 63 hashes");
    const auto bytes = DecodeBase64(line);
    if (!bytes.has_value() || bytes->size() != kHashSize)
      return NoRequest("a line of its proof is not base64 of 32 bytes");
    PSM_ASSIGN_OR_RETURN(const Hash hash, HashFromBytes(*bytes));
    request.proof.push_back(hash);
  }
  request.checkpoint = std::string(body);
  return request;
}

}  // namespace psm::tlog
