#include "services/bank/consent_token.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "mesh/agency/call_context.h"
#include "nlohmann/json.hpp"

namespace psm::bank {
namespace {

absl::Status Invalid() {
  return agency::Refusal(absl::StatusCode::kPermissionDenied, "CONSENT_INVALID",
                         "this is not a consent token: hand it over as "
                         "identity issued it");
}

bool IsBase64Url(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
           c == '_';
  });
}

}  // namespace

absl::StatusOr<std::string> SubjectOfToken(absl::string_view token) {
  if (token.size() > kMaxTokenSize) return Invalid();
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3 ||
      !std::all_of(parts.begin(), parts.end(), IsBase64Url))
    return Invalid();
  std::string payload;
  if (!absl::WebSafeBase64Unescape(parts[1], &payload)) return Invalid();
  const nlohmann::json claims =
      nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!claims.is_object()) return Invalid();
  const auto sub = claims.find("sub");
  if (sub == claims.end() || !sub->is_string()) return Invalid();
  std::string subject = sub->get<std::string>();
  if (subject.empty()) return Invalid();
  return subject;
}

}  // namespace psm::bank
