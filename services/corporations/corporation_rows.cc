#include "services/corporations/corporation_rows.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/crypto/digest.h"
#include "services/corporations/name_key.h"

namespace psm::corporations {
namespace {

using google::protobuf::util::TimeUtil;

constexpr agency::Migration kMigrations[] = {
    {1,
     "CREATE TABLE corporations ("
     "  corporate_number TEXT PRIMARY KEY,"
     "  name TEXT NOT NULL,"
     "  kana TEXT NOT NULL,"
     "  name_en TEXT NOT NULL,"
     "  name_key TEXT NOT NULL,"
     "  kana_key TEXT NOT NULL,"
     "  address TEXT NOT NULL,"
     "  lg_code TEXT NOT NULL,"
     "  machiaza_id TEXT NOT NULL,"
     "  blk_id TEXT NOT NULL,"
     "  rsdt_id TEXT NOT NULL,"
     "  representative TEXT NOT NULL,"
     "  establishment_date TEXT NOT NULL,"
     "  status BIGINT NOT NULL,"
     "  close_date TEXT NOT NULL,"
     "  successor TEXT NOT NULL,"
     "  effective_date TEXT NOT NULL,"
     "  version BIGINT NOT NULL,"
     "  register_time BIGINT NOT NULL);\n"
     "CREATE INDEX corporations_by_kana ON corporations (kana_key);\n"
     "CREATE INDEX corporations_by_area ON corporations (lg_code, "
     "machiaza_id);\n"
     "CREATE TABLE changes ("
     "  sequence BIGINT PRIMARY KEY,"
     "  corporate_number TEXT NOT NULL REFERENCES corporations,"
     "  kind BIGINT NOT NULL,"
     "  effective_date TEXT NOT NULL,"
     "  register_time BIGINT NOT NULL,"
     "  other_number TEXT NOT NULL,"
     "  name TEXT NOT NULL,"
     "  kana TEXT NOT NULL,"
     "  name_en TEXT NOT NULL,"
     "  name_key TEXT NOT NULL,"
     "  address TEXT NOT NULL,"
     "  lg_code TEXT NOT NULL,"
     "  machiaza_id TEXT NOT NULL,"
     "  blk_id TEXT NOT NULL,"
     "  rsdt_id TEXT NOT NULL,"
     "  representative TEXT NOT NULL);\n"
     "CREATE INDEX changes_by_corporation ON changes (corporate_number);\n"
     "CREATE TRIGGER changes_stay BEFORE UPDATE ON changes BEGIN "
     "SELECT RAISE(ABORT, 'history is never altered'); END;\n"
     "CREATE TRIGGER changes_remain BEFORE DELETE ON changes BEGIN "
     "SELECT RAISE(ABORT, 'history is never removed'); END;\n"},
};

}  // namespace

absl::Span<const agency::Migration> CorporationMigrations() {
  return kMigrations;
}

std::string EtagOf(const Corporation& corporation) {
  const std::string digest =
      Sha256(absl::StrCat(corporation.number, "\n", corporation.version));
  return absl::BytesToHexString(absl::string_view(digest).substr(0, 8));
}

std::optional<Corporation> FindRow(soci::session& sql,
                                   const std::string& number) {
  Corporation row;
  row.number = number;
  long long status = 0;
  sql << "SELECT name, kana, name_en, address, lg_code, machiaza_id, blk_id, "
         "rsdt_id, representative, establishment_date, status, close_date, "
         "successor, effective_date, version, register_time FROM corporations "
         "WHERE corporate_number = :number",
      soci::into(row.name), soci::into(row.kana), soci::into(row.name_en),
      soci::into(row.address), soci::into(*row.ids.mutable_lg_code()),
      soci::into(*row.ids.mutable_machiaza_id()),
      soci::into(*row.ids.mutable_blk_id()),
      soci::into(*row.ids.mutable_rsdt_id()), soci::into(row.representative),
      soci::into(row.establishment_date), soci::into(status),
      soci::into(row.close_date), soci::into(row.successor),
      soci::into(row.effective_date), soci::into(row.version),
      soci::into(row.register_time), soci::use(number);
  if (!sql.got_data()) return std::nullopt;
  row.status = static_cast<v1::Status>(status);
  return row;
}

void InsertRow(soci::session& sql, const Corporation& row) {
  const std::string name_key = NameKey(row.name);
  const std::string kana_key = KanaKey(row.kana);
  const long long status = row.status;
  sql << "INSERT INTO corporations (corporate_number, name, kana, name_en, "
         "name_key, kana_key, address, lg_code, machiaza_id, blk_id, rsdt_id, "
         "representative, establishment_date, status, close_date, successor, "
         "effective_date, version, register_time) VALUES (:number, :name, "
         ":kana, :name_en, :name_key, :kana_key, :address, :lg_code, "
         ":machiaza_id, :blk_id, :rsdt_id, :representative, :established, "
         ":status, :closed, :successor, :effective, :version, :time)",
      soci::use(row.number), soci::use(row.name), soci::use(row.kana),
      soci::use(row.name_en), soci::use(name_key), soci::use(kana_key),
      soci::use(row.address), soci::use(row.ids.lg_code()),
      soci::use(row.ids.machiaza_id()), soci::use(row.ids.blk_id()),
      soci::use(row.ids.rsdt_id()), soci::use(row.representative),
      soci::use(row.establishment_date), soci::use(status),
      soci::use(row.close_date), soci::use(row.successor),
      soci::use(row.effective_date), soci::use(row.version),
      soci::use(row.register_time);
}

void UpdateRow(soci::session& sql, const Corporation& row) {
  const std::string name_key = NameKey(row.name);
  const std::string kana_key = KanaKey(row.kana);
  const long long status = row.status;
  sql << "UPDATE corporations SET name = :name, kana = :kana, name_en = "
         ":name_en, name_key = :name_key, kana_key = :kana_key, address = "
         ":address, lg_code = :lg_code, machiaza_id = :machiaza_id, blk_id = "
         ":blk_id, rsdt_id = :rsdt_id, representative = :representative, "
         "status = :status, close_date = :closed, successor = :successor, "
         "effective_date = :effective, version = :version, register_time = "
         ":time WHERE corporate_number = :number",
      soci::use(row.name), soci::use(row.kana), soci::use(row.name_en),
      soci::use(name_key), soci::use(kana_key), soci::use(row.address),
      soci::use(row.ids.lg_code()), soci::use(row.ids.machiaza_id()),
      soci::use(row.ids.blk_id()), soci::use(row.ids.rsdt_id()),
      soci::use(row.representative), soci::use(status),
      soci::use(row.close_date), soci::use(row.successor),
      soci::use(row.effective_date), soci::use(row.version),
      soci::use(row.register_time), soci::use(row.number);
}

long long AppendChange(soci::session& sql, const Corporation& after,
                       v1::Change::Kind kind, const std::string& other_number) {
  // Writers wait for one another, so numbers are given in the order of commits.
  long long sequence = 0;
  sql << "SELECT COALESCE(MAX(sequence), 0) + 1 FROM changes",
      soci::into(sequence);
  const std::string name_key = NameKey(after.name);
  const long long kind_number = kind;
  sql << "INSERT INTO changes (sequence, corporate_number, kind, "
         "effective_date, register_time, other_number, name, kana, name_en, "
         "name_key, address, lg_code, machiaza_id, blk_id, rsdt_id, "
         "representative) VALUES (:sequence, :number, :kind, :effective, "
         ":time, :other, :name, :kana, :name_en, :name_key, :address, "
         ":lg_code, :machiaza_id, :blk_id, :rsdt_id, :representative)",
      soci::use(sequence), soci::use(after.number), soci::use(kind_number),
      soci::use(after.effective_date), soci::use(after.register_time),
      soci::use(other_number), soci::use(after.name), soci::use(after.kana),
      soci::use(after.name_en), soci::use(name_key), soci::use(after.address),
      soci::use(after.ids.lg_code()), soci::use(after.ids.machiaza_id()),
      soci::use(after.ids.blk_id()), soci::use(after.ids.rsdt_id()),
      soci::use(after.representative);
  return sequence;
}

v1::Change ToChange(const ChangeRow& change, const Corporation& after) {
  v1::Change out;
  out.set_sequence(change.sequence);
  out.set_corporate_number(after.number);
  out.set_kind(change.kind);
  out.set_effective_date(after.effective_date);
  *out.mutable_register_time() =
      TimeUtil::MicrosecondsToTimestamp(after.register_time);
  out.set_other_number(change.other_number);
  out.set_name(after.name);
  out.set_kana(after.kana);
  out.set_name_en(after.name_en);
  out.set_address(after.address);
  *out.mutable_address_ids() = after.ids;
  return out;
}

const char ChangeReader::kColumns[] =
    "sequence, corporate_number, kind, effective_date, register_time, "
    "other_number, name, kana, name_en, address, lg_code, machiaza_id, blk_id, "
    "rsdt_id, representative";

ChangeReader::ChangeReader(soci::statement& statement) {
  statement.exchange(soci::into(change_.sequence));
  statement.exchange(soci::into(row_.number));
  statement.exchange(soci::into(kind_));
  statement.exchange(soci::into(row_.effective_date));
  statement.exchange(soci::into(row_.register_time));
  statement.exchange(soci::into(change_.other_number));
  statement.exchange(soci::into(row_.name));
  statement.exchange(soci::into(row_.kana));
  statement.exchange(soci::into(row_.name_en));
  statement.exchange(soci::into(row_.address));
  statement.exchange(soci::into(*row_.ids.mutable_lg_code()));
  statement.exchange(soci::into(*row_.ids.mutable_machiaza_id()));
  statement.exchange(soci::into(*row_.ids.mutable_blk_id()));
  statement.exchange(soci::into(*row_.ids.mutable_rsdt_id()));
  statement.exchange(soci::into(row_.representative));
}

v1::Change ChangeReader::Read() const {
  ChangeRow change = change_;
  change.kind = static_cast<v1::Change::Kind>(kind_);
  return ToChange(change, row_);
}

}  // namespace psm::corporations
