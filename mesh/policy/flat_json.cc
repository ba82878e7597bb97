#include "mesh/policy/flat_json.h"

#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

using nlohmann::json;

// Told of each token as the parser meets it; false ends the parsing.
class Reader : public nlohmann::json_sax<json> {
 public:
  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_float(double, const std::string&) override { return false; }
  bool binary(json::binary_t&) override { return false; }
  bool number_integer(std::int64_t value) override { return Take(value); }
  bool number_unsigned(std::uint64_t value) override {
    return value <= static_cast<std::uint64_t>(
                        std::numeric_limits<std::int64_t>::max()) &&
           Take(static_cast<std::int64_t>(value));
  }
  bool string(std::string& value) override {
    if (!in_array_) return Take(std::move(value));
    std::get<std::vector<std::string>>(object_[key_])
        .push_back(std::move(value));
    return true;
  }
  bool start_object(std::size_t) override {
    return !std::exchange(in_object_, true);
  }
  bool key(std::string& key) override {
    key_ = std::move(key);
    return object_.count(key_) == 0;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override {
    // First, so that an array inside an array is refused by Take.
    return Take(std::vector<std::string>()) && (in_array_ = true);
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const json::exception&) override {
    return false;
  }

  FlatObject TakeObject() { return std::move(object_); }

 private:
  // The value of the member whose key came last.
  bool Take(FlatValue value) {
    if (!in_object_ || in_array_) return false;
    object_[key_] = std::move(value);
    return true;
  }

  FlatObject object_;
  std::string key_;
  bool in_object_ = false;
  bool in_array_ = false;
};

}  // namespace

std::optional<FlatObject> ParseFlatObject(absl::string_view text) {
  // The parser would pass over a byte order mark, and take a NUL for the end.
  if (text.empty() || text[0] != '{' || absl::StrContains(text, '\0'))
    return std::nullopt;
  Reader reader;
  if (!json::sax_parse(text.begin(), text.end(), &reader,
                       json::input_format_t::json, /*strict=*/true))
    return std::nullopt;
  return reader.TakeObject();
}

}  // namespace psm
