#include "mesh/exchange/draft.h"

#include <algorithm>

#include "absl/time/time.h"
#include "mesh/base/error.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

// What a caller may write into the log in its own words: more than any name of
// the configuration has, and too little to fill a disk or a page with.
constexpr std::size_t kMaxAffair = 64;
constexpr std::size_t kMaxMethod = 256;

}  // namespace

Draft::Draft(Environment& env, const Ask& ask)
    : random_(env.random),
      started_(env.clock.Monotonic()),
      ask_time_(ask.ask_time),
      exchange_id_(ask.exchange_id),
      caller_(ask.peer->system_id()),
      consumer_(caller_),
      affair_(absl::string_view(ask.affair).substr(0, kMaxAffair)) {
  // A transparent call is judged before it has a message.
  if (!ask.message.empty()) request_digest_ = Sha256(ask.message);
  if (!ask.path.empty())
    method_ = absl::string_view(ask.path).substr(1, kMaxMethod);
}

const std::string& Draft::exchange_id() const {
  // A transparent call that is not refused needs none.
  if (exchange_id_.empty()) exchange_id_ = NewUuid(random_);
  return exchange_id_;
}

absl::string_view Draft::request_digest() const {
  static const std::string* const of_none = new std::string(Sha256(""));
  return request_digest_.empty() ? *of_none : request_digest_;
}

std::string Draft::TakeExchangeId() {
  exchange_id();
  return std::move(exchange_id_);
}

void Draft::SetSubject(const PersonNumber& person) {
  subject_ = person;
  auto same = std::find(named_.begin(), named_.end(), person);
  if (same != named_.end()) named_.erase(same);
}

void Draft::AddNamedInAnswer(const PersonNumber& person) {
  if (subject_ == person) return;
  if (std::find(named_.begin(), named_.end(), person) == named_.end())
    named_.push_back(person);
}

void Draft::SetPlan(const MethodPlan& plan) {
  plan_ = &plan;
  method_ = plan.name;
  dataset_ = plan.dataset;
}

void Draft::SetAgreement(const CompiledAgreement& agreement) {
  agreement_ = agreement.id;
  agreement_version_ = agreement.version;
  undisclosed_by_ = agreement.undisclosed_by.ja;
}

void Draft::SetPermit(const Permit& permit) {
  SetAgreement(permit.agreement());
  consent_id_ = permit.consent_id();  // a copy: permits move
  provider_ = permit.provider().id;
}

void Draft::SetProvided(absl::Time time, absl::string_view message) {
  provide_time_ = time;
  provided_digest_ = Sha256(message);
}

void Draft::SetSent(AttributeMask sent, AttributeMask withheld) {
  released_ |= sent;
  withheld_ |= withheld;
}

void Draft::SetReleased(AttributeMask released, AttributeMask withheld,
                        absl::string_view message) {
  released_ |= released;
  withheld_ |= withheld;
  released_digest_ = Sha256(message);
}

records::v1::Record Draft::Entry(Environment& env,
                                 records::v1::Record::Kind kind,
                                 const absl::Status& outcome) const {
  const auto text = [](absl::string_view view) { return std::string(view); };
  records::v1::Record entry;
  entry.set_exchange_id(exchange_id());
  entry.set_kind(kind);
  entry.set_consumer(text(consumer_));
  entry.set_provider(text(provider_));
  entry.set_method(text(method_));
  entry.set_dataset(text(dataset_));
  entry.set_affair(text(affair_));
  entry.set_agreement(text(agreement_));
  entry.set_agreement_version(agreement_version_);
  if (!consent_id_.empty()) entry.set_consent_id(consent_id_);
  SetTimestamp(ask_time_, entry.mutable_ask_time());
  if (provide_time_ != absl::InfinitePast())
    SetTimestamp(provide_time_, entry.mutable_provide_time());
  entry.set_outcome(static_cast<int>(outcome.code()));
  if (!outcome.ok()) entry.set_reason(ReasonOf(outcome));
  entry.set_request_digest(text(request_digest()));
  entry.set_provided_digest(provided_digest_);
  entry.set_gateway(env.gateway);
  if (!corporation_.empty()) entry.set_corporation(corporation_);
  if (!undisclosed_by_.empty()) entry.set_undisclosed_by(text(undisclosed_by_));
  SetTimestamp(env.clock.Now(), entry.mutable_record_time());
  if (kind == records::v1::Record::EXCHANGE) {
    entry.set_released_digest(released_digest_);
    for (std::string& name : AttributesOf(released_))
      entry.add_released(std::move(name));
    for (std::string& name : AttributesOf(withheld_))
      entry.add_withheld(std::move(name));
  }
  return entry;
}

std::vector<records::v1::Record> Draft::Entries(
    Environment& env, records::v1::Record::Kind kind,
    const absl::Status& outcome) const {
  records::v1::Record entry = Entry(env, kind, outcome);
  SubjectScope& codes = env.scopes.For(SubjectScopeKind::kRecords, "");
  std::vector<records::v1::Record> entries;
  entries.reserve(1 + named_.size());
  if (subject_.has_value()) entry.set_subject(codes.Encode(*subject_));
  // An answer that names persons where the request named none (a sign-in) is
  // about them: the first takes the place of the subject.
  std::size_t first = 0;
  if (!subject_.has_value() && !named_.empty())
    entry.set_subject(codes.Encode(named_[first++]));
  // In a refusal nobody learnt who else the answer named.
  if (kind != records::v1::Record::EXCHANGE) first = named_.size();
  if (first == named_.size() && !representative_.has_value()) {
    entries.push_back(std::move(entry));
    return entries;
  }
  entries.push_back(entry);
  if (representative_.has_value()) {
    const bool named =
        std::find(named_.begin() + static_cast<int>(first), named_.end(),
                  *representative_) != named_.end();
    entries[0].set_representation_id(representation_id_);
    entries[0].set_representative(codes.Encode(*representative_));
    AddActing(codes, entry, named, entries);
  }
  for (std::size_t i = first; i < named_.size(); ++i) {
    if (named_[i] == representative_) continue;
    entry.set_subject(codes.Encode(named_[i]));
    entry.set_named_in_answer(true);
    entries.push_back(entry);
  }
  return entries;
}

void Draft::AddActing(SubjectScope& codes, const records::v1::Record& entry,
                      bool named,
                      std::vector<records::v1::Record>& entries) const {
  records::v1::Record acting = entry;
  acting.set_subject(codes.Encode(*representative_));
  acting.set_representation_id(representation_id_);
  acting.set_acting(true);
  acting.set_named_in_answer(named);
  entries.push_back(std::move(acting));
}

bool Draft::IntendedBefore() const {
  return std::any_of(
      earlier_.begin(), earlier_.end(), [](const StoredRecord& stored) {
        return stored.record.kind() == records::v1::Record::INTENT;
      });
}

bool Draft::RefusedBefore(const absl::Status& refusal) const {
  const std::string reason = ReasonOf(refusal);
  return std::any_of(
      earlier_.begin(), earlier_.end(), [&](const StoredRecord& stored) {
        const records::v1::Record& record = stored.record;
        return record.kind() == records::v1::Record::REFUSAL &&
               record.outcome() == static_cast<int>(refusal.code()) &&
               record.reason() == reason;
      });
}

std::optional<Recorded> Draft::RecordedBefore(RecordLog& log) const {
  std::vector<StoredRecord> same;
  for (const StoredRecord& stored : earlier_) {
    const records::v1::Record& record = stored.record;
    if (record.kind() == records::v1::Record::EXCHANGE &&
        record.provided_digest() == provided_digest_ &&
        record.released_digest() == released_digest_) {
      same.push_back(stored);
    }
  }
  if (same.empty()) return std::nullopt;
  return Recall(same, log);
}

std::vector<std::string> Draft::AttributesOf(AttributeMask mask) const {
  return plan_ == nullptr ? std::vector<std::string>() : plan_->NamesOf(mask);
}

}  // namespace psm
