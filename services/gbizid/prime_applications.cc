#include "services/gbizid/prime_applications.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace psm::gbizid {
namespace {

constexpr char kSelect[] =
    "SELECT p.number, p.application_id, p.account_id, a.corporate_number, "
    "p.way, p.state, p.decision_note, p.revision FROM prime_applications p "
    "JOIN accounts a ON a.account_id = p.account_id WHERE ";

void ReadDocuments(soci::session& sql, long long number,
                   v1::PrimeApplication& application) {
  std::string name, sha256;
  soci::statement rows =
      (sql.prepare << "SELECT name, sha256 FROM prime_documents WHERE "
                      "number = :number ORDER BY position",
       soci::into(name), soci::into(sha256), soci::use(number));
  rows.execute();
  while (rows.fetch()) {
    v1::Document& document = *application.add_documents();
    document.set_name(name);
    document.set_sha256(sha256);
  }
}

}  // namespace

bool PrimeApplications::IsPending(soci::session& sql,
                                  const std::string& account_id) {
  long long pending = 0;
  sql << "SELECT EXISTS (SELECT 1 FROM prime_applications WHERE "
         "account_id = :id AND state = 1)",
      soci::into(pending), soci::use(account_id);
  return pending != 0;
}

void PrimeApplications::Insert(soci::session& sql,
                               v1::PrimeApplication& application,
                               absl::Time now) {
  const long long way = application.way(), state = application.state(),
                  time = absl::ToUnixMicros(now);
  sql << "INSERT INTO prime_applications (application_id, account_id, way, "
         "state, apply_time) VALUES (:id, :account, :way, :state, :time)",
      soci::use(application.application_id()),
      soci::use(application.account_id()), soci::use(way), soci::use(state),
      soci::use(time);
  long long number = 0;
  sql << "SELECT number FROM prime_applications WHERE application_id = :id",
      soci::into(number), soci::use(application.application_id());
  long long position = 0;
  for (const v1::Document& document : application.documents()) {
    sql << "INSERT INTO prime_documents (number, position, name, sha256) "
           "VALUES (:number, :position, :name, :sha256)",
        soci::use(number), soci::use(position), soci::use(document.name()),
        soci::use(document.sha256());
    ++position;
  }
  application.set_etag("1");
}

std::optional<v1::PrimeApplication> PrimeApplications::Find(
    soci::session& sql, const std::string& application_id) {
  v1::PrimeApplication application;
  long long number = 0, way = 0, state = 0, revision = 0;
  sql << absl::StrCat(kSelect, "p.application_id = :id"), soci::into(number),
      soci::into(*application.mutable_application_id()),
      soci::into(*application.mutable_account_id()),
      soci::into(*application.mutable_corporate_number()), soci::into(way),
      soci::into(state), soci::into(*application.mutable_decision_note()),
      soci::into(revision), soci::use(application_id);
  if (!sql.got_data()) return std::nullopt;
  application.set_way(static_cast<v1::PrimeApplication::Way>(way));
  application.set_state(static_cast<v1::PrimeApplication::State>(state));
  application.set_etag(absl::StrCat(revision));
  ReadDocuments(sql, number, application);
  return application;
}

std::vector<v1::PrimeApplication> PrimeApplications::Waiting(soci::session& sql,
                                                             int limit) {
  const long long way = v1::PrimeApplication::DOCUMENTS;
  const long long most = limit;
  std::vector<std::string> ids;
  std::string id;
  {
    soci::statement rows =
        (sql.prepare << "SELECT application_id FROM prime_applications WHERE "
                        "state = 1 AND way = :way ORDER BY number LIMIT :most",
         soci::into(id), soci::use(way), soci::use(most));
    rows.execute();
    while (rows.fetch()) ids.push_back(id);
  }
  std::vector<v1::PrimeApplication> waiting;
  for (const std::string& one : ids) {
    if (std::optional<v1::PrimeApplication> found = Find(sql, one))
      waiting.push_back(*std::move(found));
  }
  return waiting;
}

void PrimeApplications::Decide(soci::session& sql,
                               v1::PrimeApplication& application,
                               absl::Time now) {
  const long long state = application.state(), time = absl::ToUnixMicros(now);
  sql << "UPDATE prime_applications SET state = :state, decision_note = :note, "
         "decide_time = :time, revision = revision + 1 WHERE "
         "application_id = :id",
      soci::use(state), soci::use(application.decision_note()), soci::use(time),
      soci::use(application.application_id());
  long long revision = 0;
  sql << "SELECT revision FROM prime_applications WHERE application_id = :id",
      soci::into(revision), soci::use(application.application_id());
  application.set_etag(absl::StrCat(revision));
}

}  // namespace psm::gbizid
