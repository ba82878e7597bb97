// Payment files: written anew as a whole from what the database says was
// granted, so that neither a crash nor a retry can lose or double a payment.
#ifndef PSM_SERVICES_BENEFITS_PAYMENT_FILES_H_
#define PSM_SERVICES_BENEFITS_PAYMENT_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "mesh/agency/database.h"
#include "mesh/base/mutex.h"
#include "services/benefits/programme.h"

namespace psm {

// DEMO-DO-NOT-SEND-<programme>-<YYYY-MM-DD>.txt: one file for the grants of one
// programme and day.
std::string PaymentFileName(absl::string_view programme, absl::CivilDay day);

// Thread-safe. Both pointers must outlive the object.
class PaymentFiles {
 public:
  // `folder` is where the files go; it exists.
  PaymentFiles(agency::Database* database, const ProgrammeSet* programmes,
               std::string folder)
      : database_(database),
        programmes_(programmes),
        folder_(std::move(folder)) {}

  // Replaces one file, atomically and durably, with all that was granted into
  // it. The consignor is a demo account at a bank that does not exist.
  // UNAVAILABLE PAYMENT_FILE_UNWRITTEN where the disk fails, INTERNAL where an
  // account does not fit the format; else as Database::Read. Until it succeeds
  // the old file stays.
  absl::Status Write(const std::string& name);

  // Writes all files: what a crash between decision and file left out.
  absl::Status WriteAll();

 private:
  absl::StatusOr<std::string> Contents(const std::string& name);

  agency::Database* const database_;
  const ProgrammeSet* const programmes_;
  const std::string folder_;
  Mutex mu_;  // held from reading to renaming: the newest contents win
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_PAYMENT_FILES_H_
