#include "services/benefits/payment_store.h"

#include <utility>

namespace psm {
namespace {

constexpr char kColumns[] =
    "SELECT p.number, p.application, a.subject, p.file, p.bank_code, "
    "p.branch_code, p.type, p.account_number, p.holder_kana, p.amount_yen, "
    "p.account_etag, p.return_time FROM payments p JOIN applications a ON "
    "a.number = p.application ";

// A row while it is read.
struct Row {
  Payment payment;
  long long type = 0, amount = 0, return_time = 0;

  Payment Take() {
    payment.account.type =
        type == 2 ? ZenginAccountType::kCurrent : ZenginAccountType::kOrdinary;
    payment.amount_yen = amount;
    payment.returned = return_time != 0;
    return payment;
  }
};

// What a query on kColumns finds, with one value to bind.
template <typename Value>
std::vector<Payment> Select(soci::session& sql, const char* where,
                            const Value& value) {
  Row row;
  soci::statement rows =
      (sql.prepare << kColumns << where, soci::into(row.payment.number),
       soci::into(row.payment.application), soci::into(row.payment.subject),
       soci::into(row.payment.file), soci::into(row.payment.account.bank_code),
       soci::into(row.payment.account.branch_code), soci::into(row.type),
       soci::into(row.payment.account.number),
       soci::into(row.payment.account.holder_kana), soci::into(row.amount),
       soci::into(row.payment.account_etag), soci::into(row.return_time),
       soci::use(value));
  rows.execute();
  std::vector<Payment> found;
  while (rows.fetch()) found.push_back(row.Take());
  return found;
}

std::optional<Payment> FirstOf(std::vector<Payment> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace

long long PaymentStore::Insert(soci::session& sql, const Payment& payment) {
  const long long type = static_cast<int>(payment.account.type);
  const long long amount = payment.amount_yen;
  sql << "INSERT INTO payments (application, file, bank_code, branch_code, "
         "type, account_number, holder_kana, amount_yen, account_etag) VALUES "
         "(:application, :file, :bank, :branch, :type, :number, :holder, "
         ":amount, :etag)",
      soci::use(payment.application), soci::use(payment.file),
      soci::use(payment.account.bank_code),
      soci::use(payment.account.branch_code), soci::use(type),
      soci::use(payment.account.number), soci::use(payment.account.holder_kana),
      soci::use(amount), soci::use(payment.account_etag);
  long long number = 0;
  sql << "SELECT MAX(number) FROM payments", soci::into(number);
  return number;
}

std::optional<Payment> PaymentStore::Find(soci::session& sql,
                                          long long number) {
  return FirstOf(Select(sql, "WHERE p.number = :number", number));
}

std::vector<Payment> PaymentStore::OfFile(soci::session& sql,
                                          const std::string& file) {
  return Select(sql, "WHERE p.file = :file ORDER BY p.number", file);
}

std::optional<Payment> PaymentStore::LastOf(soci::session& sql,
                                            long long application) {
  return FirstOf(
      Select(sql, "WHERE p.application = :a ORDER BY p.number DESC LIMIT 1",
             application));
}

void PaymentStore::Return(soci::session& sql, long long number,
                          absl::Time now) {
  const long long time = absl::ToUnixSeconds(now);
  sql << "UPDATE payments SET return_time = :time WHERE number = :number AND "
         "return_time = 0",
      soci::use(time), soci::use(number);
}

std::vector<Payment> PaymentStore::Unreported(soci::session& sql) {
  const long long none = 0;
  return Select(sql,
                "WHERE p.report_time = :none AND p.return_time > 0 AND "
                "p.account_etag <> '' ORDER BY p.number",
                none);
}

void PaymentStore::NoteReported(soci::session& sql, long long number,
                                absl::Time now) {
  const long long time = absl::ToUnixSeconds(now);
  sql << "UPDATE payments SET report_time = :time WHERE number = :number",
      soci::use(time), soci::use(number);
}

std::vector<std::string> PaymentStore::Files(soci::session& sql) {
  std::vector<std::string> files;
  std::string file;
  soci::statement rows =
      (sql.prepare << "SELECT DISTINCT file FROM payments ORDER BY file",
       soci::into(file));
  rows.execute();
  while (rows.fetch()) files.push_back(file);
  return files;
}

}  // namespace psm
