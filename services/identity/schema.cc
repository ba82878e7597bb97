#include "services/identity/schema.h"

namespace psm::identity {
namespace {

// `withdrawals` is what the gateway follows: a sequence without gaps, read from
// its primary key.
constexpr agency::Migration kMigrations[] = {
    {1, R"(
CREATE TABLE card_holders (
  subject TEXT PRIMARY KEY,
  card_serial TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  kana TEXT NOT NULL,
  address TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  sex BIGINT NOT NULL,
  update_time BIGINT NOT NULL);
CREATE TABLE consents (
  consent_id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  consumer TEXT NOT NULL,
  affair TEXT NOT NULL,
  method TEXT NOT NULL,
  attributes TEXT NOT NULL,
  grant_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL);
CREATE INDEX consents_by_subject ON consents (subject, grant_time);
CREATE TABLE withdrawals (
  sequence BIGINT PRIMARY KEY,
  consent_id TEXT NOT NULL UNIQUE REFERENCES consents (consent_id),
  withdraw_time BIGINT NOT NULL);
)"},
};

}  // namespace

absl::Span<const agency::Migration> Migrations() { return kMigrations; }

}  // namespace psm::identity
