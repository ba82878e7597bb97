#include "services/residents/register_import.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "services/residents/notice_rules.h"
#include "services/residents/register_schema.h"

namespace psm {
namespace {

using residents::v1::Member;

absl::Status Invalid(absl::string_view what) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                         what);
}

}  // namespace

RegisterImport::RegisterImport(soci::session& sql, const EntryMark& entry)
    : entry_(entry.id),
      insert_((sql.prepare
                   << "INSERT INTO facts (owner, item, value, valid_from, "
                      "valid_to, entry_id, end_entry_id, void_entry_id) VALUES "
                      "(:owner, :item, :value, :from, :to, :entry, :end, 0)",
               soci::use(owner_), soci::use(item_), soci::use(value_),
               soci::use(from_), soci::use(to_), soci::use(entry_),
               soci::use(end_entry_))) {}

void RegisterImport::Insert(const std::string& owner, const char* item,
                            const std::string& value, const std::string& from,
                            const std::string& to) {
  owner_ = owner;
  item_ = item;
  value_ = value;
  from_ = from;
  to_ = to;
  end_entry_ = to == kOpenEnd ? 0 : entry_;
  insert_.execute(true);
}

absl::Status RegisterImport::Add(const seed::v1::Resident& resident) {
  if (resident.subject().empty() || resident.household_id().empty() ||
      resident.name().empty() || resident.kana().empty() ||
      resident.address().empty() || resident.tax_municipality().empty() ||
      !Member::Relation_IsValid(resident.relation()) ||
      resident.relation() == Member::RELATION_UNSPECIFIED) {
    return Invalid("a resident lacks a required item");
  }
  PSM_RETURN_IF_ERROR(ParseDay(resident.birth_date(), "SEED_INVALID").status());
  PSM_RETURN_IF_ERROR(
      ParseDay(resident.move_in_date(), "SEED_INVALID").status());
  if (!resident.move_out_date().empty())
    PSM_RETURN_IF_ERROR(
        ParseDay(resident.move_out_date(), "SEED_INVALID").status());
  if (!subjects_.insert(resident.subject()).second) {
    return agency::Refusal(absl::StatusCode::kAlreadyExists, "ROW_EXISTS",
                           "a resident occurs twice");
  }
  const std::string& home = resident.household_id();
  const auto [household, fresh] = households_.try_emplace(
      home, Household{resident.address(), resident.move_in_date()});
  if (household->second.address != resident.address() ||
      household->second.move_in_date != resident.move_in_date()) {
    return Invalid("a household has two addresses");
  }
  if (fresh) {
    Insert(home, "address", resident.address(), resident.move_in_date(),
           kOpenEnd);
    Insert(home, "move_in_date", resident.move_in_date(),
           resident.move_in_date(), kOpenEnd);
  }
  if (resident.relation() == Member::HEAD) ++household->second.heads;
  // Days in this form sort as text.
  const std::string& from =
      std::max(resident.birth_date(), resident.move_in_date());
  const std::string to =
      resident.move_out_date().empty() ? kOpenEnd : resident.move_out_date();
  const std::string& subject = resident.subject();
  Insert(subject, "household", home, from, to);
  Insert(subject, "relation", absl::StrCat(resident.relation()), from, to);
  Insert(subject, "name", resident.name(), from, to);
  Insert(subject, "kana", resident.kana(), from, to);
  Insert(subject, "birth_date", resident.birth_date(), from, to);
  Insert(subject, "sex", absl::StrCat(resident.sex()), from, to);
  Insert(subject, "came_from", resident.tax_municipality(), from, to);
  return absl::OkStatus();
}

absl::Status RegisterImport::Finish() const {
  const auto wrong =
      std::count_if(households_.begin(), households_.end(),
                    [](const auto& home) { return home.second.heads != 1; });
  if (wrong == 0) return absl::OkStatus();
  return Invalid(absl::StrCat(wrong, " households do not have one head"));
}

}  // namespace psm
