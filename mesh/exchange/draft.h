// The record of an exchange in the making: each step writes down what it
// learnt. Never holds data of the subject.
#ifndef PSM_MESH_EXCHANGE_DRAFT_H_
#define PSM_MESH_EXCHANGE_DRAFT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"
#include "mesh/policy/policy_engine.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// Owned by one exchange. Keeps views of what it is told: `env`, the ask, and
// the policy that plans, permits and systems are of outlive it. The record
// itself is made when it is appended, once.
class Draft {
 public:
  // Takes what the ask itself says.
  Draft(Environment& env, const Ask& ask);

  // The ask's, or a new one where it has none.
  const std::string& exchange_id() const;
  // The same, for the answer; leaves the draft without it.
  std::string TakeExchangeId();
  absl::string_view consumer() const { return consumer_; }
  absl::string_view provider() const { return provider_; }  // empty: none yet
  absl::string_view method() const { return method_; }
  absl::string_view affair() const { return affair_; }
  absl::string_view agreement() const { return agreement_; }
  const std::string& consent_id() const { return consent_id_; }
  const std::string& corporation() const { return corporation_; }
  absl::string_view request_digest() const;
  // When the provider answered; InfinitePast where it did not.
  absl::Time provide_time() const { return provide_time_; }

  // Who learns, where that is not who calls.
  void SetConsumer(const System& consumer) { consumer_ = consumer.id; }
  // Whether the record is the caller's own, who may then have its receipt.
  bool is_callers() const { return consumer_ == caller_; }
  void SetProvider(absl::string_view system_id) { provider_ = system_id; }
  void SetMethod(absl::string_view name) { method_ = name; }
  void SetCorporation(absl::string_view number) {
    corporation_ = std::string(number);
  }

  // The person the request named, and those the answer named. Adding one twice
  // does nothing.
  void SetSubject(const PersonNumber& person);
  void AddNamedInAnswer(const PersonNumber& person);
  const std::optional<PersonNumber>& subject() const { return subject_; }
  // Who acts for the subject, under which representation.
  void SetRepresentation(absl::string_view id,
                         const PersonNumber& representative) {
    representation_id_ = std::string(id);
    representative_ = representative;
  }
  const std::string& representation_id() const { return representation_id_; }

  void SetPlan(const MethodPlan& plan);
  // Under which the call would be, had it said enough for a permit.
  void SetAgreement(const CompiledAgreement& agreement);
  void SetPermit(const Permit& permit);
  // The consent that an event is told by.
  void SetConsent(absl::string_view id) { consent_id_ = std::string(id); }
  // The permit's consent is one that is only being given.
  void ForgetConsent() { consent_id_.clear(); }
  // The provider's answer, complete; and what of it is to be released.
  void SetProvided(absl::Time time, absl::string_view message);
  void SetSent(AttributeMask sent,
               AttributeMask withheld);  // of the request, to the provider
  void SetReleased(AttributeMask released, AttributeMask withheld,
                   absl::string_view message);

  // The entries to append: one for each person concerned, who acts for another
  // included, or one without a subject. The first is the subject's. Attributes,
  // and persons whom the answer named, only for kind EXCHANGE.
  std::vector<records::v1::Record> Entries(Environment& env,
                                           records::v1::Record::Kind kind,
                                           const absl::Status& outcome) const;

  // What the log holds of the same exchange: a retry is not recorded twice.
  void SetEarlier(std::vector<StoredRecord> earlier) {
    earlier_ = std::move(earlier);
  }
  bool IntendedBefore() const;
  // An intent stands in the log, so the outcome has to stand there as well.
  void SetIntended() { intended_ = true; }
  bool intended() const { return intended_; }
  // An authorised request goes out to the provider: something will have to be
  // recorded, until it is with the log.
  void SetAsked(RecordLog& log) {
    asked_ = true;
    expected_.emplace(log);
  }
  void EndExpected() { expected_.reset(); }
  bool asked() const { return asked_; }
  // What stands in the log of this very exchange with this very answer, under
  // the newest checkpoint of `log`; nullopt: nothing.
  std::optional<Recorded> RecordedBefore(RecordLog& log) const;
  bool RefusedBefore(const absl::Status& refusal) const;  // as this time

  std::vector<std::string> released() const { return AttributesOf(released_); }
  std::vector<std::string> withheld() const { return AttributesOf(withheld_); }
  // When it began, on Clock::Monotonic().
  absl::Duration started() const { return started_; }

 private:
  std::vector<std::string> AttributesOf(AttributeMask mask) const;
  // The record, but for the subject.
  records::v1::Record Entry(Environment& env, records::v1::Record::Kind kind,
                            const absl::Status& outcome) const;
  // Adds the entry of who acts: a copy of the subject's, marked.
  void AddActing(SubjectScope& codes, const records::v1::Record& entry,
                 bool named, std::vector<records::v1::Record>& entries) const;

  Random& random_;
  const absl::Duration started_;
  const absl::Time ask_time_;
  mutable std::string exchange_id_;  // empty: nobody has asked for it yet
  const absl::string_view caller_;
  absl::string_view consumer_;
  absl::string_view provider_;
  absl::string_view method_;
  absl::string_view dataset_;
  absl::string_view affair_;
  absl::string_view agreement_;
  std::uint32_t agreement_version_ = 0;
  absl::string_view undisclosed_by_;
  std::string consent_id_;
  std::string corporation_;
  std::string request_digest_;  // empty: of an empty message
  std::string provided_digest_;
  std::string released_digest_;
  absl::Time provide_time_ = absl::InfinitePast();
  const MethodPlan* plan_ = nullptr;  // of the policy that the exchange holds
  AttributeMask released_ = 0;
  AttributeMask withheld_ = 0;
  std::vector<StoredRecord> earlier_;
  bool intended_ = false;
  bool asked_ = false;
  std::optional<ExpectedAppend> expected_;
  std::optional<PersonNumber> subject_;
  std::string representation_id_;  // empty: nobody acts for the subject
  std::optional<PersonNumber> representative_;
  std::vector<PersonNumber> named_;  // in the answer, without the subject
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_DRAFT_H_
