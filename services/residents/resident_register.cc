#include "services/residents/resident_register.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm {
namespace {

using residents::v1::GetHouseholdResponse;
using residents::v1::Member;

constexpr agency::Migration kMigrations[] = {
    {1,
     "CREATE TABLE households ("
     "  household_id TEXT PRIMARY KEY,"
     "  address TEXT NOT NULL,"
     "  move_in_date TEXT NOT NULL);\n"
     "CREATE TABLE residents ("
     "  subject TEXT PRIMARY KEY,"
     "  household_id TEXT NOT NULL REFERENCES households (household_id),"
     "  relation BIGINT NOT NULL,"
     "  name TEXT NOT NULL,"
     "  kana TEXT NOT NULL,"
     "  birth_date TEXT NOT NULL,"
     "  sex BIGINT NOT NULL,"
     "  tax_municipality TEXT NOT NULL);\n"
     "CREATE INDEX residents_by_household ON residents (household_id);\n"},
};

absl::Status Invalid(absl::string_view what) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                         what);
}

absl::Status Enter(soci::session& sql, const seed::v1::Resident& resident) {
  if (resident.subject().empty() || resident.household_id().empty() ||
      resident.name().empty() || resident.kana().empty() ||
      resident.birth_date().empty() || resident.address().empty() ||
      resident.move_in_date().empty() || resident.tax_municipality().empty() ||
      !Member::Relation_IsValid(resident.relation()) ||
      resident.relation() == Member::RELATION_UNSPECIFIED) {
    return Invalid("a resident lacks a required item");
  }
  sql << "INSERT INTO households (household_id, address, move_in_date) "
         "VALUES (:id, :address, :date) ON CONFLICT (household_id) DO NOTHING",
      soci::use(resident.household_id()), soci::use(resident.address()),
      soci::use(resident.move_in_date());
  std::string address, move_in_date;
  sql << "SELECT address, move_in_date FROM households "
         "WHERE household_id = :id",
      soci::into(address), soci::into(move_in_date),
      soci::use(resident.household_id());
  if (address != resident.address() ||
      move_in_date != resident.move_in_date()) {
    return Invalid("a household has two addresses");
  }
  const long long relation = resident.relation();
  const long long sex = resident.sex();
  sql << "INSERT INTO residents (subject, household_id, relation, name, kana, "
         "birth_date, sex, tax_municipality) VALUES (:subject, :household, "
         ":relation, :name, :kana, :birth, :sex, :tax)",
      soci::use(resident.subject()), soci::use(resident.household_id()),
      soci::use(relation), soci::use(resident.name()),
      soci::use(resident.kana()), soci::use(resident.birth_date()),
      soci::use(sex), soci::use(resident.tax_municipality());
  return absl::OkStatus();
}

absl::Status CheckHeads(soci::session& sql) {
  const long long head = Member::HEAD;
  long long wrong = 0;
  sql << "SELECT COUNT(*) FROM households h WHERE 1 <> (SELECT COUNT(*) FROM "
         "residents r WHERE r.household_id = h.household_id AND "
         "r.relation = :head)",
      soci::into(wrong), soci::use(head);
  if (wrong == 0) return absl::OkStatus();
  return Invalid(absl::StrCat(wrong, " households do not have one head"));
}

}  // namespace

absl::Span<const agency::Migration> ResidentRegister::Migrations() {
  return kMigrations;
}

absl::Status ResidentRegister::ImportOnce(
    absl::FunctionRef<absl::Status(Take)> each) {
  return database_->Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    sql << "SELECT COUNT(*) FROM households", soci::into(known);
    if (known > 0) return absl::OkStatus();
    PSM_RETURN_IF_ERROR(each([&sql](const seed::v1::Resident& resident) {
      return Enter(sql, resident);
    }));
    return CheckHeads(sql);
  });
}

absl::StatusOr<GetHouseholdResponse> ResidentRegister::FindHousehold(
    absl::string_view subject) {
  GetHouseholdResponse household;
  const std::string key(subject);
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    std::string id;
    sql << "SELECT h.household_id, h.address, h.move_in_date FROM "
           "households h JOIN residents r ON r.household_id = "
           "h.household_id WHERE r.subject = :subject",
        soci::into(id), soci::into(*household.mutable_address()),
        soci::into(*household.mutable_move_in_date()), soci::use(key);
    if (!sql.got_data()) {
      return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT",
                             "no resident of this municipality");
    }
    Member member;
    long long relation = 0;
    const long long head = Member::HEAD;
    soci::statement rows =
        (sql.prepare
             << "SELECT subject, name, kana, birth_date, relation, "
                "tax_municipality FROM residents WHERE household_id = :id "
                "ORDER BY relation <> :head, birth_date, subject",
         soci::into(*member.mutable_subject()),
         soci::into(*member.mutable_name()), soci::into(*member.mutable_kana()),
         soci::into(*member.mutable_birth_date()), soci::into(relation),
         soci::into(*member.mutable_tax_municipality()), soci::use(id),
         soci::use(head));
    rows.execute();
    while (rows.fetch()) {
      member.set_relation(static_cast<Member::Relation>(relation));
      *household.add_members() = member;
    }
    return absl::OkStatus();
  }));
  return household;
}

}  // namespace psm
