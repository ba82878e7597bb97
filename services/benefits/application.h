// One application: a form filled from evidence. Knows no agency's process and
// no storage.
#ifndef PSM_SERVICES_BENEFITS_APPLICATION_H_
#define PSM_SERVICES_BENEFITS_APPLICATION_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "psm/residents/v1/residents.pb.h"
#include "services/benefits/zengin_file.h"
#include "services/programme_rules/programme.h"

namespace psm {

// A household and the exchange that told it.
struct HouseholdEvidence {
  residents::v1::GetHouseholdResponse household;
  std::string provider;     // system id
  std::string exchange_id;  // UUID
};

// Who applies and what the form says.
struct Application {
  std::string programme;             // id
  std::string subject;               // the applicant
  std::vector<std::string> members;  // subject codes, head first
  std::vector<benefits::v1::FilledField> fields;
  std::vector<benefits::v1::Source> sources;
  std::vector<benefits::v1::NeededPaper> papers;
  std::vector<benefits::v1::NeededPaper> missing_papers;  // of what was refused
  std::string account_etag;  // the registry's name of the account's state
  // When the first was asked: what was corrected since may not be in it.
  absl::Time ask_time = absl::InfinitePast();
};

// A part that could not be got: FAILED_PRECONDITION EVIDENCE_MISSING with
// metadata `provider` (system id, or the dataset where no system is known) and
// `reason`.
absl::Status EvidenceMissing(absl::string_view provider,
                             absl::string_view reason);

// Fills a programme's form for a household. `evidence` has one list per member,
// in the household's order, as LinkageService gave it. EVIDENCE_MISSING for a
// leg that failed (its own reason), a dataset that is not there (NOT_ANSWERED),
// a message of another type (ANSWER_UNREADABLE), a value that is empty
// (ATTRIBUTE_WITHHELD) and an account that no transfer can be made to
// (ACCOUNT_UNUSABLE). Fields of datasets in `refused` stay empty, and the
// papers that stand for them are missing.
absl::StatusOr<Application> FillForHousehold(
    const Programme& programme, const HouseholdEvidence& household,
    absl::Span<const std::vector<linkage::v1::Evidence>> evidence,
    absl::CivilDay today, const std::set<std::string>& refused = {});

// The account of an `accounts` answer, with its etag; EVIDENCE_MISSING as
// above.
struct PayableAccount {
  ZenginAccount account;
  std::string etag;
  std::string provider;  // system id
};
absl::StatusOr<PayableAccount> ReadAccount(
    const std::vector<linkage::v1::Evidence>& evidence);

// Puts an account into the fields of a form that say where to pay.
void PutAccount(const Programme& programme, const PayableAccount& account,
                Application& application);

// A field as it is kept (its id, member, value and provider), with the texts
// that the programme has for it.
benefits::v1::FilledField Labelled(const Programme& programme,
                                   const benefits::v1::FilledField& field);

// Where to pay, as the form says. INVALID_ARGUMENT where a transfer file would
// not take it.
absl::StatusOr<ZenginAccount> PaymentAccount(
    const Programme& programme,
    absl::Span<const benefits::v1::FilledField> fields);

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_APPLICATION_H_
