#include "services/corporations/corporation_register.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/codes/corporate_number.h"
#include "services/codes/municipality_code.h"
#include "services/corporations/change_check.h"
#include "services/corporations/corporation_rows.h"
#include "services/corporations/name_key.h"
#include "soci/soci.h"

namespace psm::corporations {
namespace {

using google::protobuf::util::TimeUtil;

bool HasSize(absl::string_view id, std::size_t size) {
  return id.empty() || id.size() == size;
}

bool IsComplete(const seed::v1::Corporation& seed) {
  return IsCorporateNumber(seed.corporate_number()) &&
         !NameKey(seed.name()).empty() && !KanaKey(seed.kana()).empty() &&
         !seed.address().empty() && !seed.representative().empty() &&
         IsDay(seed.establishment_date()) &&
         (seed.lg_code().empty() || IsMunicipalityCode(seed.lg_code())) &&
         HasSize(seed.machiaza_id(), 7) && HasSize(seed.blk_id(), 3) &&
         HasSize(seed.rsdt_id(), 3);
}

absl::Status Enter(soci::session& sql, const seed::v1::Corporation& seed,
                   long long time) {
  if (!IsComplete(seed))
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                           "a corporation lacks a required item or its number "
                           "has a wrong check digit");
  Corporation row;
  row.number = seed.corporate_number();
  row.name = seed.name();
  row.kana = seed.kana();
  row.name_en = seed.name_en();
  row.address = seed.address();
  row.ids.set_lg_code(seed.lg_code());
  row.ids.set_machiaza_id(seed.machiaza_id());
  row.ids.set_blk_id(seed.blk_id());
  row.ids.set_rsdt_id(seed.rsdt_id());
  row.representative = seed.representative();
  row.establishment_date = seed.establishment_date();
  row.effective_date = seed.establishment_date();
  row.register_time = time;
  InsertRow(sql, row);
  AppendChange(sql, row, v1::Change::NEW, "");
  return absl::OkStatus();
}

absl::Status Unknown() {
  return agency::Refusal(absl::StatusCode::kNotFound, "CORPORATION_UNKNOWN",
                         "no corporation is registered by this number");
}

// Who stands in the place of `row` today; "" for nobody. Ends: a corporation is
// merged only into one that exists, and none that is closed opens again.
std::string CurrentNumber(soci::session& sql, const Corporation& row) {
  std::optional<Corporation> current = row;
  while (current.has_value() && current->status == v1::MERGED)
    current = FindRow(sql, current->successor);
  return current.has_value() && current->status == v1::ACTIVE ? current->number
                                                              : "";
}

absl::StatusOr<Corporation> Read(soci::session& sql, absl::string_view number) {
  if (!IsCorporateNumber(number))
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "CORPORATE_NUMBER_MALFORMED",
                           "give 13 digits with the right check digit");
  std::optional<Corporation> row = FindRow(sql, std::string(number));
  if (!row.has_value()) return Unknown();
  return *std::move(row);
}

}  // namespace

absl::Status CorporationRegister::ImportOnce(
    absl::Time now, absl::FunctionRef<absl::Status(Take)> each) {
  const long long time = absl::ToUnixMicros(now);
  return database_.Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    sql << "SELECT EXISTS (SELECT 1 FROM corporations)", soci::into(known);
    if (known > 0) return absl::OkStatus();
    return each([&](const seed::v1::Corporation& corporation) {
      return Enter(sql, corporation, time);
    });
  });
}

absl::StatusOr<v1::GetCorporationResponse> CorporationRegister::Find(
    absl::string_view number) {
  v1::GetCorporationResponse out;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(const Corporation row,
                         corporations::Read(sql, number));
    out.set_corporate_number(row.number);
    out.set_name(row.name);
    out.set_kana(row.kana);
    out.set_name_en(row.name_en);
    out.set_address(row.address);
    *out.mutable_address_ids() = row.ids;
    out.set_representative(row.representative);
    out.set_establishment_date(row.establishment_date);
    out.set_status(row.status);
    out.set_close_date(row.close_date);
    out.set_successor_number(row.successor);
    out.set_current_number(CurrentNumber(sql, row));
    out.set_etag(EtagOf(row));
    *out.mutable_as_of_time() =
        TimeUtil::MicrosecondsToTimestamp(row.register_time);
    return absl::OkStatus();
  }));
  return out;
}

absl::StatusOr<v1::GetHistoryResponse> CorporationRegister::History(
    absl::string_view number) {
  v1::GetHistoryResponse out;
  PSM_RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    PSM_ASSIGN_OR_RETURN(const Corporation row,
                         corporations::Read(sql, number));
    out.set_corporate_number(row.number);
    *out.mutable_as_of_time() =
        TimeUtil::MicrosecondsToTimestamp(row.register_time);
    soci::statement select(sql);
    const ChangeReader reader(select);
    select.exchange(soci::use(row.number, "number"));
    select.alloc();
    select.prepare(absl::StrCat("SELECT ", ChangeReader::kColumns,
                                " FROM changes WHERE corporate_number = "
                                ":number ORDER BY sequence"));
    select.define_and_bind();
    for (bool found = select.execute(true); found; found = select.fetch()) {
      v1::HistoryEntry& entry = *out.add_entries();
      *entry.mutable_change() = reader.Read();
      entry.set_representative(reader.representative());
    }
    return absl::OkStatus();
  }));
  return out;
}

}  // namespace psm::corporations
