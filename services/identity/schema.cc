#include "services/identity/schema.h"

#include "services/openid/grant_store.h"

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
    // `revoke_time` 0: not revoked. One row of `revocation_lists`.
    {2, R"(
CREATE TABLE certificates (
  serial TEXT PRIMARY KEY,
  kind BIGINT NOT NULL,
  card_serial TEXT NOT NULL,
  issue_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  revoke_time BIGINT NOT NULL,
  reason BIGINT NOT NULL);
CREATE INDEX certificates_by_card ON certificates (card_serial, issue_time);
CREATE TABLE revocation_lists (last_number BIGINT NOT NULL);
INSERT INTO revocation_lists (last_number) VALUES (0);
)"},
    // `change_time` 0: as the seed has it. `outdated`: a change was heard of
    // whose values were not.
    {3, R"(
ALTER TABLE card_holders ADD COLUMN change_time BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card_holders ADD COLUMN outdated BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card_holders ADD COLUMN died BIGINT NOT NULL DEFAULT 0;
)"},
    // `state` as RequestState; `duration` in seconds.
    {4, R"(
CREATE TABLE consent_requests (
  request_id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  consumer TEXT NOT NULL,
  affair TEXT NOT NULL,
  method TEXT NOT NULL,
  attributes TEXT NOT NULL,
  duration BIGINT NOT NULL,
  purpose TEXT NOT NULL,
  request_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  state BIGINT NOT NULL,
  granted TEXT NOT NULL,
  token TEXT NOT NULL);
CREATE INDEX consent_requests_by_subject
  ON consent_requests (subject, request_time);
)"},
    // `kind` as RepresentativeKind; `end_time` 0: not ended early. `acting`:
    // for whom a system acts now.
    {5, R"(
CREATE TABLE representations (
  representation_id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  representative TEXT NOT NULL,
  kind BIGINT NOT NULL,
  start_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  end_time BIGINT NOT NULL);
CREATE INDEX representations_by_representative
  ON representations (representative, start_time);
CREATE TABLE acting (
  consumer TEXT NOT NULL,
  representation_id TEXT NOT NULL REFERENCES representations,
  subject TEXT NOT NULL,
  kind BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  PRIMARY KEY (consumer, representation_id));
)"},
    {6, openid::kGrantTables},
    // `outdated`: 1 the name, 2 the address; it was 1 for either.
    // `heard_events` are those that have not had their effect yet.
    {7, R"(
UPDATE card_holders SET outdated = 3 WHERE outdated <> 0;
CREATE TABLE heard_events (
  event_id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  publish_time BIGINT NOT NULL);
)"},
    // `state` as SignRequest::State; `digest` and `signature` in base64url.
    {8, R"(
CREATE TABLE sign_requests (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  reference TEXT NOT NULL,
  subject TEXT NOT NULL,
  digest TEXT NOT NULL,
  title TEXT NOT NULL,
  request_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  state BIGINT NOT NULL,
  signature TEXT NOT NULL,
  UNIQUE (client_id, subject, reference));
)"},
    // Who asked at the provider, and the name it gave the request; both empty
    // for a system of the mesh.
    {9, R"(
ALTER TABLE consent_requests ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE consent_requests ADD COLUMN reference TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX consent_requests_by_client
  ON consent_requests (client_id, subject, reference) WHERE client_id <> '';
)"},
    // `withdrawals` holds ends of representations as well: `consent_id` is the
    // id of either. Who acts now, tokens say.
    {10, R"(
ALTER TABLE withdrawals RENAME TO withdrawals_of_consents;
CREATE TABLE withdrawals (
  sequence BIGINT PRIMARY KEY,
  consent_id TEXT NOT NULL UNIQUE,
  withdraw_time BIGINT NOT NULL);
INSERT INTO withdrawals (sequence, consent_id, withdraw_time)
  SELECT sequence, consent_id, withdraw_time FROM withdrawals_of_consents;
DROP TABLE withdrawals_of_consents;
DROP TABLE acting;
)"},
    // `blind` in base64url; `collect_time` 0: the client has no signature yet.
    // Requests of before are forgotten: their ids stand for nothing, and what
    // was signed for them does not say for whom.
    {11, R"(
DELETE FROM sign_requests;
ALTER TABLE sign_requests ADD COLUMN blind TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_requests ADD COLUMN exchange_id TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_requests ADD COLUMN collect_time BIGINT NOT NULL DEFAULT 0;
)"},
};

}  // namespace

absl::Span<const agency::Migration> Migrations() { return kMigrations; }

}  // namespace psm::identity
