// The record of an exchange in the making: each step writes down what it
// learnt. Never holds data of the subject.
#ifndef PSM_MESH_EXCHANGE_DRAFT_H_
#define PSM_MESH_EXCHANGE_DRAFT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"
#include "mesh/policy/policy_engine.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// Owned by one exchange.
class Draft {
 public:
  // Takes what the ask itself says. An ask without an exchange id gets one.
  Draft(Environment& env, const Ask& ask);

  records::v1::Record& record() { return record_; }
  const records::v1::Record& record() const { return record_; }
  const std::string& exchange_id() const { return record_.exchange_id(); }

  // The person the request named, and those the answer named. Adding one twice
  // does nothing.
  void SetSubject(const PersonNumber& person);
  void AddNamedInAnswer(const PersonNumber& person);
  const std::optional<PersonNumber>& subject() const { return subject_; }

  void SetPlan(const MethodPlan& plan);
  void SetPermit(const Permit& permit);
  // The provider's answer, complete; and what of it is to be released.
  void SetProvided(absl::Time time, absl::string_view message);
  void SetSent(AttributeMask sent,
               AttributeMask withheld);  // of the request, to the provider
  void SetReleased(AttributeMask released, AttributeMask withheld,
                   absl::string_view message);

  // The entries to append: one for each person concerned, or one without a
  // subject. Attributes, and persons whom the answer named, only for kind
  // EXCHANGE.
  std::vector<records::v1::Record> Entries(Environment& env,
                                           records::v1::Record::Kind kind,
                                           const absl::Status& outcome) const;

  // What the log holds of the same exchange: a retry is not recorded twice.
  void SetEarlier(std::vector<records::v1::Record> earlier) {
    earlier_ = std::move(earlier);
  }
  bool IntendedBefore() const;
  // An intent stands in the log, so the outcome has to stand there as well.
  void SetIntended() { intended_ = true; }
  bool intended() const { return intended_; }
  // An authorised request went out to the provider.
  void SetAsked() { asked_ = true; }
  bool asked() const { return asked_; }
  bool RecordedBefore() const;  // with this very answer
  bool RefusedBefore(const absl::Status& refusal) const;  // as this time

  std::vector<std::string> released() const { return AttributesOf(released_); }
  std::vector<std::string> withheld() const { return AttributesOf(withheld_); }
  // When it began, on Clock::Monotonic().
  absl::Duration started() const { return started_; }

 private:
  std::vector<std::string> AttributesOf(AttributeMask mask) const;

  const absl::Duration started_;
  records::v1::Record record_;
  const MethodPlan* plan_ = nullptr;  // of the policy that the exchange holds
  AttributeMask released_ = 0;
  AttributeMask withheld_ = 0;
  std::vector<records::v1::Record> earlier_;
  bool intended_ = false;
  bool asked_ = false;
  std::optional<PersonNumber> subject_;
  std::vector<PersonNumber> named_;  // in the answer, without the subject
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_DRAFT_H_
