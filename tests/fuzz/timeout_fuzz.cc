// Values of grpc-timeout and grpc-status.
#include <optional>
#include <string>

#include "mesh/edge/grpc_status.h"
#include "tests/fuzz/require.h"

namespace {

using psm::Require;

// At most 8 digits and a unit.
std::optional<absl::Duration> Reference(absl::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  for (char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const absl::string_view text = psm::AsText(data, size);
  const auto timeout = psm::edge::ParseTimeout(text);
  Require(timeout == Reference(text), "a timeout is what its text says");
  if (timeout.has_value()) {
    const std::string again = psm::edge::FormatTimeout(*timeout);
    const auto reread = psm::edge::ParseTimeout(again);
    Require(reread.has_value(), "what we send is a timeout");
    Require(*reread <= *timeout, "never a longer one");
    // 8 digits are exact to one part in ten millions.
    Require(*timeout - *reread <= *timeout / 10'000'000, "and as long");
  }
  const auto code = psm::edge::ParseStatusCode(text);
  if (code.has_value()) {
    Require(std::to_string(*code) == text, "a code has one spelling");
    Require(*code >= 0 && *code <= 16, "there are 17 codes");
  }
  return 0;
}
