// Payments in the system's own database: each stands in one payment file and
// may come back once. Asks nobody.
#ifndef PSM_SERVICES_BENEFITS_PAYMENT_STORE_H_
#define PSM_SERVICES_BENEFITS_PAYMENT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/benefits/zengin_file.h"
#include "soci/soci.h"

namespace psm {

// One payment. Once written it stays as it is: what was sent to a bank is not
// changed by what became of it.
struct Payment {
  long long number = 0;  // the reference in the file; from 1
  long long application = 0;
  std::string subject;  // of the application
  std::string file;
  ZenginAccount account;
  std::int64_t amount_yen = 0;
  std::string account_etag;  // "" where the account came on paper
  bool returned = false;
};

// All functions run inside the caller's transaction, in tables of
// ApplicationStore::Migrations(). SOCI's exceptions pass.
class PaymentStore {
 public:
  // Adds a payment; gives its number.
  static long long Insert(soci::session& sql, const Payment& payment);

  // By number: one, those of a file, the last of an application.
  static std::optional<Payment> Find(soci::session& sql, long long number);
  static std::vector<Payment> OfFile(soci::session& sql,
                                     const std::string& file);
  static std::optional<Payment> LastOf(soci::session& sql,
                                       long long application);

  // Notes that the bank returned it.
  static void Return(soci::session& sql, long long number, absl::Time now);

  // Returned payments whose account the registry has not been told of.
  static std::vector<Payment> Unreported(soci::session& sql);
  static void NoteReported(soci::session& sql, long long number,
                           absl::Time now);

  // The names of all payment files, sorted.
  static std::vector<std::string> Files(soci::session& sql);
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_PAYMENT_STORE_H_
