#include "mesh/edge/grpc_status.h"

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"

namespace psm::edge {
namespace {

// A message says what is wrong in a line or two; trailers stay well below the
// 8 KiB that gRPC clients take.
constexpr std::size_t kMaxMessage = 1024;

constexpr std::int64_t kMaxTimeoutDigits = 99999999;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

WireStatus ToWireStatus(const absl::Status& status) {
  if (status.ok()) return {};
  return {static_cast<int>(status.code()),
          std::string(status.message().substr(0, kMaxMessage)),
          ToRpcStatus(status)};
}

absl::Status FromWireStatus(const WireStatus& status) {
  return FromRpcStatus(static_cast<absl::StatusCode>(status.code),
                       status.message, status.details);
}

std::string PercentEncode(absl::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (char c : text) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(kHex[byte >> 4]);
      encoded.push_back(kHex[byte & 15]);
    }
  }
  return encoded;
}

std::string PercentDecode(absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    decoded.push_back(text[i]);
  }
  return decoded;
}

std::optional<int> ParseStatusCode(absl::string_view text) {
  if (text.empty() || text.size() > 2) return std::nullopt;
  if (text.size() == 2 && text[0] != '1') return std::nullopt;
  int code = 0;
  for (char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c)))
      return std::nullopt;
    code = code * 10 + (c - '0');
  }
  if (code > 16) return std::nullopt;
  return code;
}

std::optional<absl::Duration> ParseTimeout(absl::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  for (char c : text.substr(0, text.size() - 1)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c)))
      return std::nullopt;
    value = value * 10 + (c - '0');
  }
  switch (text.back()) {
    case 'H':
      return absl::Hours(value);
    case 'M':
      return absl::Minutes(value);
    case 'S':
      return absl::Seconds(value);
    case 'm':
      return absl::Milliseconds(value);
    case 'u':
      return absl::Microseconds(value);
    case 'n':
      return absl::Nanoseconds(value);
    default:
      return std::nullopt;
  }
}

std::string FormatTimeout(absl::Duration timeout) {
  if (timeout == absl::InfiniteDuration()) return "";
  if (timeout <= absl::ZeroDuration()) return "0n";
  static const std::array<std::pair<absl::Duration, char>, 6> kUnits = {{
      {absl::Nanoseconds(1), 'n'},
      {absl::Microseconds(1), 'u'},
      {absl::Milliseconds(1), 'm'},
      {absl::Seconds(1), 'S'},
      {absl::Minutes(1), 'M'},
      {absl::Hours(1), 'H'},
  }};
  for (const auto& [unit, letter] : kUnits) {
    absl::Duration rest;
    const std::int64_t value = absl::IDivDuration(timeout, unit, &rest);
    if (value <= kMaxTimeoutDigits)
      return absl::StrCat(value, std::string(1, letter));
  }
  return absl::StrCat(kMaxTimeoutDigits, "H");
}

std::string EncodeBinary(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::optional<std::string> DecodeBinary(absl::string_view text) {
  absl::string_view digits = text;
  while (!digits.empty() && digits.back() == '=') digits.remove_suffix(1);
  const std::size_t padding = text.size() - digits.size();
  if (padding != 0 && (padding > 2 || text.size() % 4 != 0))
    return std::nullopt;
  // Abseil takes white space, '.' and unused bits for granted; the way back
  // does not.
  std::string bytes;
  if (!absl::Base64Unescape(digits, &bytes) || EncodeBinary(bytes) != digits)
    return std::nullopt;
  return bytes;
}

}  // namespace psm::edge
