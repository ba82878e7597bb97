#include "services/residents/register_schema.h"

namespace psm {
namespace {

// Days are YYYY-MM-DD in Japan, times microseconds since 1970. In facts the
// owner is a subject for the items household, relation, name, kana,
// birth_date, sex and came_from (the municipality of the 1 January before), a
// household for address and move_in_date.
constexpr agency::Migration kMigrations[] = {
    {1, R"(
CREATE TABLE households (
  household_id TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  move_in_date TEXT NOT NULL);
CREATE TABLE residents (
  subject TEXT PRIMARY KEY,
  household_id TEXT NOT NULL REFERENCES households (household_id),
  relation BIGINT NOT NULL,
  name TEXT NOT NULL,
  kana TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  sex BIGINT NOT NULL,
  tax_municipality TEXT NOT NULL);
CREATE INDEX residents_by_household ON residents (household_id);
)"},
    // A register of that form becomes one of facts: entry 1, TAKEN_OVER.
    {2, R"(
CREATE TABLE entries (
  entry_id BIGINT PRIMARY KEY,
  kind BIGINT NOT NULL,
  effect_date TEXT NOT NULL,
  enter_time BIGINT NOT NULL,
  consumer TEXT NOT NULL,
  exchange_id TEXT NOT NULL);
CREATE TABLE facts (
  owner TEXT NOT NULL,
  item TEXT NOT NULL,
  value TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to TEXT NOT NULL,
  entry_id BIGINT NOT NULL,
  end_entry_id BIGINT NOT NULL,
  void_entry_id BIGINT NOT NULL);
CREATE INDEX facts_by_owner ON facts (owner, item);
CREATE INDEX facts_by_household ON facts (value) WHERE item = 'household';
CREATE TABLE revisions (
  household_id TEXT PRIMARY KEY,
  revision BIGINT NOT NULL);
CREATE TABLE announcements (
  move_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  move_date TEXT NOT NULL,
  origin TEXT NOT NULL,
  tax_municipality TEXT NOT NULL,
  name TEXT NOT NULL,
  kana TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  sex BIGINT NOT NULL,
  relation BIGINT NOT NULL,
  announce_time BIGINT NOT NULL,
  entry_id BIGINT NOT NULL,
  PRIMARY KEY (move_id, subject));
CREATE INDEX announcements_by_subject ON announcements (subject);
INSERT INTO entries SELECT 1, 1, MIN(move_in_date), 0, '', '' FROM households
  GROUP BY 2;
INSERT INTO facts SELECT household_id, 'address', address, move_in_date,
  '9999-12-31', 1, 0, 0 FROM households;
INSERT INTO facts SELECT household_id, 'move_in_date', move_in_date,
  move_in_date, '9999-12-31', 1, 0, 0 FROM households;
INSERT INTO facts SELECT r.subject, i.item, CASE i.item
  WHEN 'household' THEN r.household_id WHEN 'relation' THEN r.relation
  WHEN 'name' THEN r.name WHEN 'kana' THEN r.kana
  WHEN 'birth_date' THEN r.birth_date WHEN 'sex' THEN r.sex
  ELSE r.tax_municipality END,
  MAX(r.birth_date, h.move_in_date), '9999-12-31', 1, 0, 0
  FROM residents r JOIN households h ON h.household_id = r.household_id
  JOIN (SELECT 'household' AS item UNION ALL SELECT 'relation'
  UNION ALL SELECT 'name' UNION ALL SELECT 'kana' UNION ALL SELECT 'birth_date'
  UNION ALL SELECT 'sex' UNION ALL SELECT 'came_from') i;
DROP TABLE residents;
DROP TABLE households;
)"},
    {3, R"(
CREATE TABLE protection_decisions (
  decision_id BIGINT PRIMARY KEY,
  subject TEXT NOT NULL,
  kind BIGINT NOT NULL,
  desk TEXT NOT NULL,
  affair TEXT NOT NULL,
  last_date TEXT NOT NULL,
  decide_time BIGINT NOT NULL,
  decided_by TEXT NOT NULL);
CREATE INDEX protection_by_subject ON protection_decisions (subject);
)"},
    // An agreement that an entry used is good no more. A withdrawn announcement
    // has entry_id -1.
    {4, R"(
CREATE TABLE join_agreements (
  agreement_id TEXT PRIMARY KEY,
  household_id TEXT NOT NULL,
  head TEXT NOT NULL,
  last_date TEXT NOT NULL,
  entry_id BIGINT NOT NULL);
CREATE TABLE joiners (
  agreement_id TEXT NOT NULL REFERENCES join_agreements (agreement_id),
  kana TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  relation BIGINT NOT NULL,
  PRIMARY KEY (agreement_id, kana, birth_date));
)"},
    // Who is protected at the mesh for living with somebody; `end_time` 0: is.
    {5, R"(
CREATE TABLE protected_with (
  subject TEXT NOT NULL,
  because_of TEXT NOT NULL,
  end_time BIGINT NOT NULL,
  PRIMARY KEY (subject, because_of));
)"},
};

}  // namespace

absl::Span<const agency::Migration> RegisterMigrations() { return kMigrations; }

}  // namespace psm
