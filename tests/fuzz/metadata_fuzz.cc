// Header lists as any peer may send them: what a request or an answer keeps of
// them is valid, and what goes out again can go out. An input is lines of key,
// TAB, value.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "mesh/edge/answer_head.h"
#include "mesh/edge/grpc_status.h"
#include "mesh/edge/metadata_rules.h"
#include "mesh/edge/request_head.h"
#include "tests/fuzz/require.h"

namespace {

using psm::Metadata;
using psm::Require;
using Fields = std::vector<std::pair<absl::string_view, absl::string_view>>;

constexpr std::size_t kLimit = 1 << 10;

bool IsOneOf(char c, absl::string_view set) {
  return absl::StrContains(set, absl::string_view(&c, 1));
}

// Said again in other words than metadata_rules.cc.
void RequireValid(const Metadata& metadata) {
  for (const auto& [key, value] : metadata) {
    Require(!key.empty() && std::all_of(key.begin(), key.end(),
                                        [](char c) {
                                          return IsOneOf(
                                              c,
                                              "abcdefghijklmnopqrstuvwxyz"
                                              "0123456789_.-");
                                        }),
            "a key has the letters that keys have");
    Require(!absl::StartsWith(key, "grpc-") && key != "te" &&
                key != "content-type" && key != "host" &&
                !absl::StartsWith(key, "x-forwarded-"),
            "keys of gRPC, HTTP and proxies are not kept");
    Require(absl::EndsWith(key, "-bin") ||
                std::all_of(value.begin(), value.end(),
                            [](char c) { return c >= ' ' && c <= '~'; }),
            "a value is printable, or binary");
    Require(psm::edge::MaySend({key, value}), "what is kept can be sent");
  }
}

void ReadRequest(const Fields& fields) {
  psm::edge::RequestHead head(kLimit);
  for (const auto& [key, value] : fields) {
    if (!head.Add(key, value)) return;
  }
  if (!head.Check().ok()) return;
  Require(psm::edge::IsMethodPath(head.path()), "a request has a path");
  RequireValid(head.metadata());
  std::vector<std::string> to_the_mesh;
  for (const auto& [key, value] : head.metadata()) {
    if (!absl::StartsWith(key, "psm-")) continue;
    Require(psm::edge::IsConsumersKey(key), "nobody speaks for the mesh");
    Require(!std::count(to_the_mesh.begin(), to_the_mesh.end(), key),
            "what is said to the mesh is said once");
    to_the_mesh.push_back(key);
  }
}

void ReadAnswer(const Fields& fields) {
  psm::edge::AnswerHead head(kLimit, /*keeps_metadata=*/true);
  for (const auto& [key, value] : fields) {
    // An empty line ends a block.
    if (key.empty()) {
      if (!head.EndBlock().empty()) return;
      head.BeginBlock();
    } else if (!head.Add(key, value)) {
      return;
    }
  }
  if (!head.EndBlock().empty()) return;
  const bool trailers_only = head.blocks() == 1;
  const auto status = head.TakeStatus();
  if (status.has_value())
    Require(status->code >= 0 && status->code <= 16, "a code is a code");
  RequireValid(head.TakeTrailers());
  if (!trailers_only) RequireValid(head.TakeInitial());
}

void Encode(absl::string_view text) {
  const std::string percent = psm::edge::PercentEncode(text);
  Require(psm::edge::IsMetadataText(percent), "a message is sent as ASCII");
  Require(psm::edge::PercentDecode(percent) == text, "and comes back");
  const std::string base64 = psm::edge::EncodeBinary(text);
  Require(psm::edge::IsMetadataText(base64), "bytes are sent as ASCII");
  Require(psm::edge::DecodeBinary(base64) == text, "and come back");
  const auto bytes = psm::edge::DecodeBinary(text);
  if (bytes.has_value()) {
    const std::string again = psm::edge::EncodeBinary(*bytes);
    Require(absl::StartsWith(text, again) &&
                text.substr(again.size()).find_first_not_of('=') ==
                    absl::string_view::npos,
            "bytes have one spelling, but for padding");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const absl::string_view input = psm::AsText(data, size);
  Fields fields;
  for (absl::string_view line : absl::StrSplit(input, '\n')) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    fields.emplace_back(line.substr(0, tab),
                        line.substr(std::min(tab + 1, line.size())));
  }
  ReadRequest(fields);
  ReadAnswer(fields);
  Encode(input);
  return 0;
}
