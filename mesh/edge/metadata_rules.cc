#include "mesh/edge/metadata_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "mesh/edge/grpc_status.h"

namespace psm::edge {
namespace {

bool IsAlphanumeric(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c));
}

}  // namespace

bool IsMetadataKey(absl::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

bool IsMetadataText(absl::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7e; });
}

bool IsBinaryKey(absl::string_view key) { return absl::EndsWith(key, "-bin"); }

bool MaySend(const std::pair<std::string, std::string>& entry) {
  if (!IsMetadataKey(entry.first) || IsReservedKey(entry.first)) return false;
  return IsBinaryKey(entry.first) || IsMetadataText(entry.second);
}

// By the first letter: it is asked for every field of every call.
bool IsReservedKey(absl::string_view key) {
  switch (key.empty() ? '\0' : key.front()) {
    case 'a':
      return key == "accept-encoding";
    case 'c':
      return key == "connection" || key == "content-length" ||
             key == "content-type";
    case 'f':
      return key == "forwarded";
    case 'g':
      return absl::StartsWith(key, "grpc-");
    case 'h':
      return key == "host";
    case 'k':
      return key == "keep-alive";
    case 'p':
      return key == "proxy-connection";
    case 't':
      return key == "te" || key == "trailer" || key == "transfer-encoding";
    case 'u':
      return key == "upgrade" || key == "user-agent";
    case 'v':
      return key == "via";
    case 'x':
      return absl::StartsWith(key, "x-forwarded-");
    default:
      return false;
  }
}

bool IsConsumersKey(absl::string_view key) {
  return key == "psm-affair" || key == "psm-consent" || key == "psm-provider" ||
         key == "psm-exchange-id" || key == "psm-representation";
}

bool IsMethodPath(absl::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  const std::size_t slash = path.find('/', 1);
  if (slash == absl::string_view::npos) return false;
  const absl::string_view service = path.substr(1, slash - 1);
  const absl::string_view method = path.substr(slash + 1);
  return !service.empty() && !method.empty() &&
         std::all_of(service.begin(), service.end(),
                     [](char c) {
                       return IsAlphanumeric(c) || c == '_' || c == '.';
                     }) &&
         std::all_of(method.begin(), method.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '_'; });
}

bool IsGrpcContentType(absl::string_view value) {
  return value == "application/grpc" || value == "application/grpc+proto";
}

}  // namespace psm::edge
