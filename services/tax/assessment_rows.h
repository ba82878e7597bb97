// The rows of a tax ledger within one transaction.
#ifndef PSM_SERVICES_TAX_ASSESSMENT_ROWS_H_
#define PSM_SERVICES_TAX_ASSESSMENT_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "mesh/agency/database.h"
#include "psm/tax/v1/assessments.pb.h"
#include "soci/soci.h"

namespace psm {

absl::Span<const agency::Migration> TaxMigrations();

// Writes versions; prepared once. Thread-compatible; lives no longer than the
// transaction. SOCI's exceptions pass through to Database.
class AssessmentWriter {
 public:
  explicit AssessmentWriter(soci::session& sql);

  // `etag`, `withdrawn` and what is output only are not looked at. A version
  // that is there makes SOCI throw.
  void Write(const std::string& subject, const tax::v1::Assessment& version);

 private:
  std::string subject_, grounds_;
  long long year_ = 0, version_ = 0, category_ = 0, income_ = 0,
            dependants_ = 0, relieved_ = 0, assisted_ = 0, tax_ = 0, time_ = 0;
  soci::statement insert_;
};

// A person's assessments, newest first, with the etags of those in force.
std::vector<tax::v1::Assessment> ReadAssessments(soci::session& sql,
                                                 const std::string& subject);

// The version in force for a year, 0 meaning the latest year; nullopt where
// there is none, or it was withdrawn.
std::optional<tax::v1::Assessment> InForce(
    const std::vector<tax::v1::Assessment>& assessments,
    std::int32_t fiscal_year);

}  // namespace psm

#endif  // PSM_SERVICES_TAX_ASSESSMENT_ROWS_H_
