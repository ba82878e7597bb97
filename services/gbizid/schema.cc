#include "services/gbizid/schema.h"

#include "services/openid/grant_store.h"

namespace psm::gbizid {
namespace {

const agency::Migration kMigrations[] = {
    {1,
     "CREATE TABLE businesses ("
     "  corporate_number TEXT PRIMARY KEY,"
     "  name TEXT NOT NULL,"
     "  kana TEXT NOT NULL,"
     "  address TEXT NOT NULL,"
     "  representative TEXT NOT NULL,"
     "  establishment_date TEXT NOT NULL,"
     "  employees BIGINT NOT NULL,"
     "  capital_yen BIGINT NOT NULL,"
     "  account_type BIGINT NOT NULL,"
     "  as_of_time BIGINT NOT NULL);\n"},
    {2,
     "CREATE TABLE accounts ("
     "  account_id TEXT PRIMARY KEY,"
     "  type BIGINT NOT NULL,"            // psm.gbizid.v1.Account.Type
     "  state BIGINT NOT NULL,"           // psm.gbizid.v1.Account.State
     "  corp_type BIGINT NOT NULL,"       // psm.gbizid.v1.Account.CorpType
     "  corporate_number TEXT NOT NULL,"  // '' of a sole proprietor
     "  subject TEXT NOT NULL,"           // '' unless identified
     "  mail TEXT NOT NULL UNIQUE,"       // in lower case
     "  name TEXT NOT NULL,"
     "  parent_id TEXT NOT NULL,"  // '' unless a Member
     "  roles TEXT NOT NULL,"      // account_rules.h
     "  password TEXT NOT NULL,"   // password_hasher.h
     "  last_step BIGINT NOT NULL DEFAULT 0,"
     "  tries BIGINT NOT NULL DEFAULT 0,"
     "  locked_until BIGINT NOT NULL DEFAULT 0,"
     "  revision BIGINT NOT NULL DEFAULT 1,"
     "  create_time BIGINT NOT NULL);\n"
     // One Prime a business.
     "CREATE UNIQUE INDEX primes_by_number ON accounts (corporate_number) "
     "  WHERE type = 2 AND corporate_number <> '';\n"
     "CREATE UNIQUE INDEX primes_by_subject ON accounts (subject) "
     "  WHERE type = 2 AND subject <> '';\n"
     "CREATE INDEX accounts_by_parent ON accounts (parent_id);\n"
     "CREATE TABLE sessions ("
     "  session_id TEXT PRIMARY KEY,"
     "  account_id TEXT NOT NULL REFERENCES accounts (account_id),"
     "  expire_time BIGINT NOT NULL);\n"
     "CREATE INDEX sessions_by_account ON sessions (account_id);\n"
     "CREATE TABLE invitations ("
     "  invitation_id TEXT PRIMARY KEY,"
     "  parent_id TEXT NOT NULL REFERENCES accounts (account_id),"
     "  mail TEXT NOT NULL,"
     "  roles TEXT NOT NULL,"
     "  expire_time BIGINT NOT NULL);\n"
     "CREATE TABLE prime_applications ("
     "  number INTEGER PRIMARY KEY,"
     "  application_id TEXT NOT NULL UNIQUE,"
     "  account_id TEXT NOT NULL REFERENCES accounts (account_id),"
     "  way BIGINT NOT NULL,"    // psm.gbizid.v1.PrimeApplication.Way
     "  state BIGINT NOT NULL,"  // psm.gbizid.v1.PrimeApplication.State
     "  decision_note TEXT NOT NULL DEFAULT '',"
     "  revision BIGINT NOT NULL DEFAULT 1,"
     "  apply_time BIGINT NOT NULL,"
     "  decide_time BIGINT NOT NULL DEFAULT 0);\n"
     "CREATE UNIQUE INDEX pending_by_account ON prime_applications "
     "  (account_id) WHERE state = 1;\n"
     "CREATE TABLE prime_documents ("
     "  number BIGINT NOT NULL REFERENCES prime_applications (number),"
     "  position BIGINT NOT NULL,"
     "  name TEXT NOT NULL,"
     "  sha256 TEXT NOT NULL,"
     "  PRIMARY KEY (number, position));\n"
     "CREATE TABLE delegations ("
     "  number INTEGER PRIMARY KEY,"
     "  delegation_id TEXT NOT NULL UNIQUE,"
     "  principal_id TEXT NOT NULL REFERENCES accounts (account_id),"
     "  delegate_id TEXT NOT NULL REFERENCES accounts (account_id),"
     "  relying_service TEXT NOT NULL,"
     "  start_time BIGINT NOT NULL,"
     "  end_time BIGINT NOT NULL,"  // exclusive
     "  state BIGINT NOT NULL,"     // psm.gbizid.v1.Delegation.State
     "  revision BIGINT NOT NULL DEFAULT 1,"
     "  offer_time BIGINT NOT NULL,"
     "  answer_time BIGINT NOT NULL DEFAULT 0,"
     "  ended_time BIGINT NOT NULL DEFAULT 0);\n"
     "CREATE INDEX delegations_by_principal ON delegations (principal_id);\n"
     "CREATE INDEX delegations_by_delegate ON delegations (delegate_id);\n"
     "CREATE TABLE tickets ("
     "  ticket_id TEXT PRIMARY KEY,"
     "  account_id TEXT NOT NULL REFERENCES accounts (account_id),"
     "  relying_service TEXT NOT NULL,"
     "  expire_time BIGINT NOT NULL);\n"},
    {3, openid::kGrantTables},
    {4,
     "CREATE TABLE recoveries ("
     "  mail TEXT PRIMARY KEY,"  // in lower case; anybody's
     "  code_id TEXT NOT NULL,"  // '' where none is open
     "  expire_time BIGINT NOT NULL,"
     "  tries BIGINT NOT NULL,"
     "  sent BIGINT NOT NULL,"
     "  first_time BIGINT NOT NULL,"
     "  approved_until BIGINT NOT NULL);\n"},
};

}  // namespace

absl::Span<const agency::Migration> Migrations() { return kMigrations; }

}  // namespace psm::gbizid
