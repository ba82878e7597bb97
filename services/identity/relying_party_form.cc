#include "services/identity/relying_party_form.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

namespace psm::identity {
namespace {

constexpr std::size_t kMaxId = 64;

bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxId &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("-._~", c);
         });
}

}  // namespace

bool IsAt(const openid::HttpRequest& request, absl::string_view path) {
  absl::string_view rest = request.path;
  return absl::ConsumePrefix(&rest, path) && (rest.empty() || rest[0] == '/');
}

openid::HttpAnswer FormError(int status, const char* error,
                             absl::string_view description) {
  return openid::Json(
      status, nlohmann::json({{"error", error},
                              {"error_description", std::string(description)}})
                  .dump());
}

std::variant<RelyingPartyForm, openid::HttpAnswer> ReadRelyingPartyForm(
    const openid::HttpRequest& request, absl::Duration shortest,
    absl::Duration longest) {
  const auto malformed = [](absl::string_view what) {
    return FormError(400, "invalid_request", what);
  };
  std::optional<openid::Parameters> fields =
      absl::StartsWith(request.Header("content-type"),
                       "application/x-www-form-urlencoded")
          ? openid::Parameters::Parse(request.body)
          : std::nullopt;
  if (!fields.has_value() || fields->AnyRepeated())
    return malformed("the body is not a form, or a parameter came twice");
  RelyingPartyForm form;
  form.fields = *std::move(fields);
  form.id = form.fields.Get("id");
  if (!IsId(form.id))
    return malformed("id is 1 to 64 of A-Z, a-z, 0-9, -, ., _, ~");
  if (form.fields.Has("duration")) {
    std::int64_t seconds = 0;
    if (!absl::SimpleAtoi(form.fields.Get("duration"), &seconds) ||
        absl::Seconds(seconds) < shortest || absl::Seconds(seconds) > longest) {
      return malformed(absl::StrCat("duration is ",
                                    absl::ToInt64Seconds(shortest), " to ",
                                    absl::ToInt64Seconds(longest), " seconds"));
    }
    form.duration = absl::Seconds(seconds);
  }
  return form;
}

}  // namespace psm::identity
