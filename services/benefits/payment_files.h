// Payment files: written anew as a whole from the payments in the database, so
// that neither a crash nor a retry can lose or double a payment.
#ifndef PSM_SERVICES_BENEFITS_PAYMENT_FILES_H_
#define PSM_SERVICES_BENEFITS_PAYMENT_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "mesh/agency/database.h"
#include "mesh/base/mutex.h"
#include "services/benefits/zengin_file.h"

namespace psm {

// The consignor of all files: a demo account at bank 9990, which does not
// exist.
ZenginConsignor DemoConsignor();

// DEMO-DO-NOT-SEND-<programme>[-<kind>]-<YYYY-MM-DD>.txt: one file for the
// grants of one programme and day; of another kind ("again", or a run's id),
// those that are not to be mixed with them.
std::string PaymentFileName(absl::string_view programme, absl::CivilDay day,
                            absl::string_view kind = "");

// Thread-safe. `database` must outlive the object.
class PaymentFiles {
 public:
  // `folder` is where the files go; it exists.
  PaymentFiles(agency::Database* database, std::string folder)
      : database_(database), folder_(std::move(folder)) {}

  // Replaces one file, atomically and durably, with all payments in it, also
  // those that came back. The consignor is a demo account at a bank that does
  // not exist. UNAVAILABLE PAYMENT_FILE_UNWRITTEN where the disk fails,
  // INTERNAL where an account does not fit the format; else as Database::Read.
  // Until it succeeds the old file stays.
  absl::Status Write(const std::string& name);

  // Writes all files: what a crash between decision and file left out.
  absl::Status WriteAll();

 private:
  absl::StatusOr<std::string> Contents(const std::string& name);

  agency::Database* const database_;
  const std::string folder_;
  Mutex mu_;  // held from reading to renaming: the newest contents win
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_PAYMENT_FILES_H_
