// Everything that a caller wrote reaches SQL as a bound value, and is compared
// with instr() and ranges, not LIKE: no character of it means anything.
#include "services/corporations/corporation_list.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/codes/corporate_number.h"
#include "services/codes/municipality_code.h"
#include "services/corporations/corporation_rows.h"
#include "services/corporations/name_key.h"
#include "soci/soci.h"

namespace psm::corporations {
namespace {

constexpr std::size_t kMaxText = 450;  // bytes of a name to look for
// After every text that begins with what stands before it: U+10FFFF.
constexpr char kLastCharacter[] = "\xF4\x8F\xBF\xBF";

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, reason, message);
}

// A search as SQL compares it; what is not asked for spans everything.
struct Criteria {
  std::string name;  // part of a key
  std::string kana_first, kana_last;
  std::string area_first, area_last;
  std::string town_first, town_last;
  long long statuses = 0;  // bit n: status n; 0: all
  long long former = 0;
  std::string after;  // a corporate number
  long long limit = 0;
};

absl::Status ReadArea(const v1::SearchCorporationsRequest& request,
                      Criteria& out) {
  out.area_last = kLastCharacter;
  out.town_last = kLastCharacter;
  const std::string& area = request.lg_code();
  const std::string& town = request.machiaza_id();
  const bool digits =
      std::all_of(town.begin(), town.end(), absl::ascii_isdigit);
  if ((!area.empty() && !IsMunicipalityCode(area)) ||
      (!town.empty() && (area.empty() || town.size() != 7 || !digits)))
    return Invalid("AREA_MALFORMED",
                   "give 6 digits with the right check digit, and 7 digits of "
                   "a town in it");
  if (!area.empty()) {
    // A prefecture's code has 000 for the municipality.
    const bool prefecture = area.substr(2, 3) == "000";
    out.area_first = prefecture ? area.substr(0, 2) : area;
    out.area_last = absl::StrCat(out.area_first, prefecture ? "~" : "");
  }
  if (!town.empty()) {
    const bool whole = town.substr(4) == "000";
    out.town_first = whole ? town.substr(0, 4) : town;
    out.town_last = absl::StrCat(out.town_first, whole ? "~" : "");
  }
  return absl::OkStatus();
}

// Names one search: a token serves for no other.
std::string DigestOf(v1::SearchCorporationsRequest request) {
  request.clear_page_token();
  request.clear_page_size();
  const std::string digest = Sha256(request.SerializeAsString());
  return absl::BytesToHexString(absl::string_view(digest).substr(0, 8));
}

absl::Status ReadPage(const v1::SearchCorporationsRequest& request,
                      Criteria& out) {
  constexpr int kUsual = 50;
  constexpr int kMost = 500;
  if (request.page_size() < 0 || request.page_size() > kMost)
    return Invalid("PAGE_INVALID", "give a page_size of 0 to 500");
  out.limit = request.page_size() == 0 ? kUsual : request.page_size();
  absl::string_view token = request.page_token();
  if (token.empty()) return absl::OkStatus();
  if (!absl::ConsumeSuffix(&token, absl::StrCat(".", DigestOf(request))) ||
      !IsCorporateNumber(token))
    return Invalid("PAGE_INVALID", "use the token of the same search, or none");
  out.after = std::string(token);
  return absl::OkStatus();
}

absl::StatusOr<Criteria> ReadCriteria(
    const v1::SearchCorporationsRequest& request) {
  Criteria out;
  if (!request.name().empty()) {
    out.name = NameKey(request.name());
    if (out.name.empty() || request.name().size() > kMaxText)
      return Invalid("NAME_MALFORMED", "give more than a legal form");
  }
  if (!request.kana_prefix().empty()) {
    out.kana_first = KanaKey(request.kana_prefix());
    if (out.kana_first.empty() || request.kana_prefix().size() > kMaxText)
      return Invalid("KANA_MALFORMED", "give kana");
  }
  out.kana_last = absl::StrCat(out.kana_first, kLastCharacter);
  PSM_RETURN_IF_ERROR(ReadArea(request, out));
  for (const int status : request.statuses()) {
    if (!v1::Status_IsValid(status) || status == v1::STATUS_UNSPECIFIED)
      return Invalid("STATUS_INVALID", "give statuses that exist");
    out.statuses |= 1LL << status;
  }
  out.former = request.include_former_names() ? 1 : 0;
  PSM_RETURN_IF_ERROR(ReadPage(request, out));
  return out;
}

void SelectMatches(soci::session& sql, const Criteria& criteria,
                   v1::SearchCorporationsResponse& out) {
  v1::CorporationSummary row;
  v1::AddressIds& ids = *row.mutable_address_ids();
  long long status = 0;
  const long long limit = criteria.limit + 1;  // one more: is there a next page
  soci::statement select =
      (sql.prepare
           << "SELECT corporate_number, name, kana, name_en, address, lg_code, "
              "machiaza_id, blk_id, rsdt_id, status, successor FROM "
              "corporations AS c WHERE corporate_number > :after AND (:name = "
              "'' OR instr(name_key, :name) > 0 OR (:former = 1 AND EXISTS "
              "(SELECT 1 FROM changes AS h WHERE h.corporate_number = "
              "c.corporate_number AND instr(h.name_key, :name) > 0))) AND "
              "kana_key BETWEEN :kana_first AND :kana_last AND lg_code BETWEEN "
              ":area_first AND :area_last AND machiaza_id BETWEEN :town_first "
              "AND :town_last AND (:statuses = 0 OR (:statuses >> status) & 1) "
              "ORDER BY corporate_number LIMIT :most",
       soci::into(*row.mutable_corporate_number()),
       soci::into(*row.mutable_name()), soci::into(*row.mutable_kana()),
       soci::into(*row.mutable_name_en()), soci::into(*row.mutable_address()),
       soci::into(*ids.mutable_lg_code()),
       soci::into(*ids.mutable_machiaza_id()),
       soci::into(*ids.mutable_blk_id()), soci::into(*ids.mutable_rsdt_id()),
       soci::into(status), soci::into(*row.mutable_successor_number()),
       soci::use(criteria.after, "after"), soci::use(criteria.name, "name"),
       soci::use(criteria.former, "former"),
       soci::use(criteria.kana_first, "kana_first"),
       soci::use(criteria.kana_last, "kana_last"),
       soci::use(criteria.area_first, "area_first"),
       soci::use(criteria.area_last, "area_last"),
       soci::use(criteria.town_first, "town_first"),
       soci::use(criteria.town_last, "town_last"),
       soci::use(criteria.statuses, "statuses"), soci::use(limit, "most"));
  for (bool found = select.execute(true); found; found = select.fetch()) {
    row.set_status(static_cast<v1::Status>(status));
    *out.add_corporations() = row;
  }
}

}  // namespace

absl::StatusOr<v1::SearchCorporationsResponse> CorporationList::Search(
    const v1::SearchCorporationsRequest& request) {
  PSM_ASSIGN_OR_RETURN(const Criteria criteria, ReadCriteria(request));
  v1::SearchCorporationsResponse out;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    SelectMatches(sql, criteria, out);
    return absl::OkStatus();
  }));
  if (out.corporations_size() > criteria.limit) {
    out.mutable_corporations()->RemoveLast();
    const v1::CorporationSummary& last =
        out.corporations(out.corporations_size() - 1);
    out.set_next_page_token(
        absl::StrCat(last.corporate_number(), ".", DigestOf(request)));
  }
  return out;
}

absl::StatusOr<v1::ListChangesResponse> CorporationList::Changes(
    const v1::ListChangesRequest& request) {
  constexpr int kUsual = 100;
  constexpr int kMost = 1000;
  if (request.after_sequence() < 0 || request.page_size() < 0 ||
      request.page_size() > kMost)
    return Invalid("PAGE_INVALID",
                   "give a sequence of 0 or more and a page_size of 0 to 1000");
  const int size = request.page_size() == 0 ? kUsual : request.page_size();
  v1::ListChangesResponse out;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    const long long after = request.after_sequence();
    const long long hidden = v1::Change::REPRESENTATIVE;
    const long long limit = size + 1;
    soci::statement select(sql);
    const ChangeReader reader(select);
    select.exchange(soci::use(after, "after"));
    select.exchange(soci::use(hidden, "hidden"));
    select.exchange(soci::use(limit, "most"));
    select.alloc();
    select.prepare(absl::StrCat("SELECT ", ChangeReader::kColumns,
                                " FROM changes WHERE sequence > :after AND "
                                "kind <> :hidden ORDER BY sequence LIMIT "
                                ":most"));
    select.define_and_bind();
    for (bool found = select.execute(true); found; found = select.fetch())
      *out.add_changes() = reader.Read();
    return absl::OkStatus();
  }));
  out.set_more(out.changes_size() > size);
  if (out.more()) out.mutable_changes()->RemoveLast();
  out.set_last_sequence(out.changes_size() == 0
                            ? request.after_sequence()
                            : out.changes(out.changes_size() - 1).sequence());
  return out;
}

}  // namespace psm::corporations
