#include "services/openid/parameters.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace psm::openid {
namespace {

constexpr int kMaxParameters = 100;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Parameters> Parameters::Parse(absl::string_view text) {
  Parameters parameters;
  if (text.empty()) return parameters;
  int count = 0;
  for (absl::string_view pair : absl::StrSplit(text, '&')) {
    if (pair.empty()) continue;
    if (++count > kMaxParameters) return std::nullopt;
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    const std::optional<std::string> name = FormDecode(halves.first);
    const std::optional<std::string> value = FormDecode(halves.second);
    if (!name.has_value() || !value.has_value() || !IsText(*name) ||
        !IsText(*value))
      return std::nullopt;
    if (!parameters.values_.emplace(*name, *value).second)
      parameters.repeated_.insert(*name);
  }
  return parameters;
}

std::string Parameters::Get(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

bool IsText(absl::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[at++]);
    if (lead < 0x80) {
      if ((lead < 0x20 && lead != '\t' && lead != '\r' && lead != '\n') ||
          lead == 0x7f)
        return false;
      continue;
    }
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 0;
    if (more == 0 || lead > 0xf4) return false;
    std::uint32_t point = lead & (0x3fu >> more);
    for (int i = 0; i < more; ++i) {
      if (at == bytes.size()) return false;
      const auto next = static_cast<unsigned char>(bytes[at++]);
      if ((next & 0xc0) != 0x80) return false;
      point = (point << 6) | (next & 0x3f);
    }
    if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000) ||
        point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      return false;
  }
  return true;
}

std::string PercentEncode(absl::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(u) || c == '-' || c == '.' || c == '_' ||
        c == '~') {
      encoded.push_back(c);
    } else {
      encoded.push_back('%');
      encoded.push_back(kHex[u >> 4]);
      encoded.push_back(kHex[u & 15]);
    }
  }
  return encoded;
}

std::optional<std::string> FormDecode(absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      decoded.push_back(' ');
    } else if (text[at] != '%') {
      decoded.push_back(text[at]);
    } else {
      if (text.size() - at < 3) return std::nullopt;
      const int high = HexValue(text[at + 1]);
      const int low = HexValue(text[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high * 16 + low));
      at += 2;
    }
  }
  return decoded;
}

std::string WithParameters(
    absl::string_view uri,
    std::initializer_list<std::pair<absl::string_view, absl::string_view>>
        parameters) {
  std::string whole(uri);
  char separator = absl::StrContains(uri, '?') ? '&' : '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    absl::StrAppend(&whole, std::string(1, separator), PercentEncode(name), "=",
                    PercentEncode(value));
    separator = '&';
  }
  return whole;
}

}  // namespace psm::openid
