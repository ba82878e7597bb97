#include "services/residents/resident_register.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/residents/notice_rules.h"
#include "services/residents/register_facts.h"
#include "services/residents/register_import.h"
#include "services/residents/register_schema.h"
#include "soci/soci.h"

namespace psm {
namespace {

using google::protobuf::util::TimeUtil;
using residents::v1::GetHouseholdResponse;
using residents::v1::GetResidentHistoryResponse;
using residents::v1::Member;
using residents::v1::RegisterEntry;

// The entries that began or ended a fact of the person, or of a household that
// the person belonged to at that time; that made void what another had ended;
// and that brought the person into a household which was there before. What was
// made void and goes on stands in two rows that say the same: UNION shows one.
constexpr char kHistory[] =
    "SELECT e.entry_id, e.kind, e.effect_date, e.enter_time, x.item, x.former, "
    "x.value FROM entries e JOIN ("
    "SELECT f.entry_id AS entry_id, f.item AS item, COALESCE((SELECT "
    "MAX(p.value) "
    "FROM facts p WHERE p.owner = f.owner AND p.item = f.item AND "
    "p.end_entry_id = f.entry_id), '') AS former, f.value AS value "
    "FROM facts f WHERE f.owner = :person1 "
    "UNION SELECT f.end_entry_id, f.item, f.value, '' FROM facts f WHERE "
    "f.owner = :person2 AND f.end_entry_id <> 0 AND f.valid_to > f.valid_from "
    "AND NOT EXISTS (SELECT 1 FROM facts n WHERE n.owner = f.owner AND n.item "
    "= f.item AND n.entry_id = f.end_entry_id) "
    "UNION SELECT a.entry_id, a.item, COALESCE((SELECT MAX(p.value) FROM facts "
    "p WHERE p.owner = a.owner AND p.item = a.item AND p.end_entry_id = "
    "a.entry_id), ''), a.value FROM facts a JOIN facts m ON m.item = "
    "'household' AND m.value = a.owner AND m.owner = :person3 AND "
    "a.entry_id >= m.entry_id AND a.valid_from < m.valid_to AND m.valid_from < "
    "a.valid_to "
    "UNION SELECT f.void_entry_id, f.item, COALESCE((SELECT MAX(n.value) FROM "
    "facts n WHERE n.owner = f.owner AND n.item = f.item AND n.entry_id = "
    "f.end_entry_id), ''), f.value FROM facts f WHERE f.owner = :person4 AND "
    "f.void_entry_id <> 0 AND f.end_entry_id <> 0 "
    "UNION SELECT m.entry_id, a.item, '', a.value FROM facts m JOIN entries j "
    "ON j.entry_id = m.entry_id AND j.kind IN (3, 11) JOIN facts a ON a.owner "
    "= m.value AND a.entry_id < m.entry_id AND a.valid_from <= m.valid_from "
    "AND m.valid_from < a.valid_to AND a.void_entry_id = 0 WHERE m.item = "
    "'household' AND m.owner = :person5) x "
    "ON x.entry_id = e.entry_id WHERE x.item NOT IN ('household', 'came_from') "
    "ORDER BY e.entry_id, x.item";

// A relation's number as its name.
std::string Shown(const std::string& item, const std::string& value) {
  if (item != "relation" || value.empty()) return value;
  RegisteredMember member;
  member.items["relation"] = value;
  return Member::Relation_Name(member.relation());
}

}  // namespace

absl::Span<const agency::Migration> ResidentRegister::Migrations() {
  return RegisterMigrations();
}

absl::Status ResidentRegister::ImportOnce(
    absl::Time now, LifeNews& news,
    absl::FunctionRef<absl::Status(Take)> each) {
  return database_->Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    sql << "SELECT EXISTS (SELECT 1 FROM facts)", soci::into(known);
    if (known > 0) return absl::OkStatus();
    const EntryMark entry = RegisterFacts(sql).Enter(
        RegisterEntry::TAKEN_OVER, DayInJapan(now), agency::CallContext(), now);
    RegisterImport import(sql, entry);
    const absl::Status entered =
        each([&](const seed::v1::Resident& resident) -> absl::Status {
          PSM_RETURN_IF_ERROR(import.Add(resident));
          if (!resident.move_out_date().empty()) return absl::OkStatus();
          return news.Holds(sql, resident.subject());
        });
    PSM_RETURN_IF_ERROR(entered);
    return import.Finish();
  });
}

absl::StatusOr<GetHouseholdResponse> ResidentRegister::FindHousehold(
    absl::string_view subject, absl::CivilDay day) {
  GetHouseholdResponse response;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    RegisterFacts facts(sql);
    PSM_ASSIGN_OR_RETURN(const std::string household,
                         facts.HouseholdOf(std::string(subject), day));
    response.set_address(facts.ValueAt(household, "address", day).value_or(""));
    response.set_move_in_date(
        facts.ValueAt(household, "move_in_date", day).value_or(""));
    response.set_etag(facts.EtagOf(household));
    for (const RegisteredMember& member : facts.MembersAt(household, day)) {
      Member& shown = *response.add_members();
      shown.set_subject(member.subject);
      shown.set_name(member.at("name"));
      shown.set_kana(member.at("kana"));
      shown.set_birth_date(member.at("birth_date"));
      shown.set_relation(member.relation());
      // Who lived here on the 1 January is taxed here, wherever one came from.
      const bool here =
          facts.ValueAt(member.subject, "household", TaxDayOf(day)).has_value();
      shown.set_tax_municipality(here ? agency_id_ : member.at("came_from"));
    }
    return absl::OkStatus();
  }));
  return response;
}

absl::StatusOr<GetResidentHistoryResponse> ResidentRegister::FindHistory(
    absl::string_view subject) {
  GetResidentHistoryResponse response;
  const std::string person(subject);
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    long long id = 0, kind = 0, time = 0, last = 0;
    std::string effect, item, former, value;
    soci::statement rows =
        (sql.prepare << kHistory, soci::into(id), soci::into(kind),
         soci::into(effect), soci::into(time), soci::into(item),
         soci::into(former), soci::into(value), soci::use(person),
         soci::use(person), soci::use(person), soci::use(person),
         soci::use(person));
    rows.execute();
    while (rows.fetch()) {
      if (id != last) {
        RegisterEntry& entry = *response.add_entries();
        entry.set_kind(static_cast<RegisterEntry::Kind>(kind));
        entry.set_effect_date(effect);
        *entry.mutable_enter_time() = TimeUtil::MicrosecondsToTimestamp(time);
        last = id;
      }
      residents::v1::Change& change =
          *response.mutable_entries()->rbegin()->add_changes();
      change.set_item(item);
      change.set_former_value(Shown(item, former));
      change.set_value(Shown(item, value));
    }
    if (response.entries().empty()) {
      return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT",
                             "no resident of this municipality");
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace psm
