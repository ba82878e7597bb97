#include "services/identity/certificate_register.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/file_fingerprint.h"
#include "mesh/base/status_macros.h"
#include "soci/soci.h"

namespace psm::identity {
namespace {

// A row as it lies in the table.
struct Row {
  std::string serial, card_serial;
  long long kind = 0, issue = 0, expire = 0, revoke = 0, reason = 0;

  RegisteredCertificate Value() const {
    RegisteredCertificate certificate;
    certificate.serial = serial;
    certificate.kind = static_cast<card::CertificateKind>(kind);
    certificate.card_serial = card_serial;
    certificate.issue_time = absl::FromUnixMicros(issue);
    certificate.expire_time = absl::FromUnixMicros(expire);
    if (revoke != 0) certificate.revoke_time = absl::FromUnixMicros(revoke);
    certificate.reason = static_cast<RevocationReason>(reason);
    return certificate;
  }
};

}  // namespace

void CertificateRegister::Insert(soci::session& sql,
                                 const card::IssuedCertificate& issued) {
  const long long kind = static_cast<long long>(issued.kind);
  const long long issue = absl::ToUnixMicros(issued.issue_time);
  const long long expire = absl::ToUnixMicros(issued.expire_time);
  sql << "INSERT INTO certificates (serial, kind, card_serial, issue_time, "
         "expire_time, revoke_time, reason) VALUES (:serial, :kind, :card, "
         ":issue, :expire, 0, 0) ON CONFLICT (serial) DO NOTHING",
      soci::use(issued.serial), soci::use(kind), soci::use(issued.card_serial),
      soci::use(issue), soci::use(expire);
}

absl::Status CertificateRegister::Import() {
  MutexLock lock(mu_);
  const std::string file =
      absl::StrCat(authority_folder_, "/", card::kIssuedFile);
  const std::string now = FingerprintOf({file});
  if (now == imported_) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(const std::vector<card::IssuedCertificate> issued,
                       card::ReadIssued(authority_folder_));
  if (!issued.empty()) {
    PSM_RETURN_IF_ERROR(
        database_->Write([&issued](soci::session& sql) -> absl::Status {
          for (const card::IssuedCertificate& certificate : issued)
            Insert(sql, certificate);
          return absl::OkStatus();
        }));
  }
  imported_ = now;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RegisteredCertificate>> CertificateRegister::Find(
    absl::string_view serial) {
  Row row;
  row.serial = std::string(serial);
  bool found = false;
  const auto look = [&](soci::session& sql) -> absl::Status {
    sql << "SELECT kind, card_serial, issue_time, expire_time, revoke_time, "
           "reason FROM certificates WHERE serial = :serial",
        soci::into(row.kind), soci::into(row.card_serial),
        soci::into(row.issue), soci::into(row.expire), soci::into(row.revoke),
        soci::into(row.reason), soci::use(row.serial);
    found = sql.got_data();
    return absl::OkStatus();
  };
  PSM_RETURN_IF_ERROR(database_->Read(look));
  if (!found) {
    PSM_RETURN_IF_ERROR(Import());
    PSM_RETURN_IF_ERROR(database_->Read(look));
  }
  if (!found) return std::nullopt;
  return row.Value();
}

absl::StatusOr<std::vector<RegisteredCertificate>> CertificateRegister::OfCard(
    absl::string_view card_serial) {
  PSM_RETURN_IF_ERROR(Import());
  std::vector<RegisteredCertificate> certificates;
  Row row;
  row.card_serial = std::string(card_serial);
  const std::string card = row.card_serial;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    soci::statement select =
        (sql.prepare << "SELECT serial, kind, issue_time, expire_time, "
                        "revoke_time, reason FROM certificates WHERE "
                        "card_serial = :card ORDER BY issue_time DESC, serial",
         soci::into(row.serial), soci::into(row.kind), soci::into(row.issue),
         soci::into(row.expire), soci::into(row.revoke), soci::into(row.reason),
         soci::use(card));
    select.execute();
    while (select.fetch()) certificates.push_back(row.Value());
    return absl::OkStatus();
  }));
  return certificates;
}

int CertificateRegister::Revoke(soci::session& sql,
                                absl::string_view card_serial,
                                std::optional<card::CertificateKind> kind,
                                RevocationReason reason, absl::Time now) {
  const std::string card(card_serial);
  const long long only = kind.has_value() ? static_cast<long long>(*kind) : 0;
  const long long why = static_cast<long long>(reason);
  const long long time = absl::ToUnixMicros(now);
  soci::statement update =
      (sql.prepare << "UPDATE certificates SET revoke_time = :time, reason = "
                      ":why WHERE card_serial = :card AND revoke_time = 0 AND "
                      "(:only = 0 OR kind = :only2)",
       soci::use(time), soci::use(why), soci::use(card), soci::use(only),
       soci::use(only));
  update.execute(true);
  return static_cast<int>(update.get_affected_rows());
}

absl::StatusOr<std::vector<pki::Revocation>> CertificateRegister::Revoked(
    absl::Time now) {
  std::vector<pki::Revocation> revoked;
  const long long after = absl::ToUnixMicros(now - kListMemory);
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    Row row;
    soci::statement select =
        (sql.prepare << "SELECT serial, revoke_time, reason FROM certificates "
                        "WHERE revoke_time <> 0 AND expire_time > :after ORDER "
                        "BY serial",
         soci::into(row.serial), soci::into(row.revoke), soci::into(row.reason),
         soci::use(after));
    select.execute();
    while (select.fetch()) {
      revoked.push_back({row.serial, absl::FromUnixMicros(row.revoke),
                         static_cast<int>(row.reason)});
    }
    return absl::OkStatus();
  }));
  return revoked;
}

absl::StatusOr<std::int64_t> CertificateRegister::RevokedCount() {
  long long count = 0;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    sql << "SELECT COUNT(*) FROM certificates WHERE revoke_time <> 0",
        soci::into(count);
    return absl::OkStatus();
  }));
  return count;
}

absl::StatusOr<std::uint64_t> CertificateRegister::NextListNumber() {
  long long number = 0;
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    sql << "UPDATE revocation_lists SET last_number = last_number + 1";
    sql << "SELECT last_number FROM revocation_lists", soci::into(number);
    return absl::OkStatus();
  }));
  return static_cast<std::uint64_t>(number);
}

}  // namespace psm::identity
