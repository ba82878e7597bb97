// Even a token that somebody could forge would only move about in the list of
// the subject that the query names: records are chosen by the query, never by
// the token. The code binds it all the same, so that a mix-up of two lists is
// an error and not a wrong page.
#include "mesh/records/page_token.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/digest.h"

namespace psm {
namespace {

constexpr std::size_t kPlaceBytes = 8;
constexpr std::size_t kCodeBytes = 16;

std::string CodeOf(const std::string& log_id, const RecordQuery& query,
                   absl::string_view place) {
  // Lengths first, so that no two queries run together into one text.
  std::string text = absl::StrCat(
      "psm page token\n", query.subject.size(), ":", query.subject,
      query.corporation.size(), ":", query.corporation,
      absl::FormatTime(absl::RFC3339_full, query.start_time,
                       absl::UTCTimeZone()),
      "\n",
      absl::FormatTime(absl::RFC3339_full, query.end_time, absl::UTCTimeZone()),
      "\n", place);
  return HmacSha256(SecretBytes(log_id), text).substr(0, kCodeBytes);
}

}  // namespace

std::string MakePageToken(const std::string& log_id, const RecordQuery& query,
                          std::uint64_t before) {
  std::string place;
  for (std::size_t i = 0; i < kPlaceBytes; ++i) {
    place.push_back(static_cast<char>((before >> (8 * i)) & 0xff));
  }
  return absl::WebSafeBase64Escape(
      absl::StrCat(place, CodeOf(log_id, query, place)));
}

absl::StatusOr<std::uint64_t> OpenPageToken(const std::string& log_id,
                                            const RecordQuery& query) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(query.page_token, &bytes) ||
      bytes.size() != kPlaceBytes + kCodeBytes ||
      !EqualInConstantTime(
          bytes.substr(kPlaceBytes),
          CodeOf(log_id, query, bytes.substr(0, kPlaceBytes)))) {
    return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                     Party::kConsumer,
                     "the page token is not one of this list: begin again "
                     "without a token");
  }
  std::uint64_t before = 0;
  for (std::size_t i = kPlaceBytes; i > 0; --i) {
    before = before << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return before;
}

}  // namespace psm
