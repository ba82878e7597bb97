#include "mesh/exchange/draft.h"

#include <algorithm>

#include "absl/time/time.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

// What a caller may write into the log in its own words: more than any name of
// the configuration has, and too little to fill a disk or a page with.
constexpr std::size_t kMaxAffair = 64;
constexpr std::size_t kMaxMethod = 256;

void Stamp(absl::Time time, google::protobuf::Timestamp* stamp) {
  const std::int64_t nanos = absl::ToUnixNanos(time);
  stamp->set_seconds(nanos / 1000000000);
  stamp->set_nanos(static_cast<std::int32_t>(nanos % 1000000000));
}

// A transparent call is judged before it has a message.
std::string DigestOf(absl::string_view message) {
  static const std::string* const of_none = new std::string(Sha256(""));
  return message.empty() ? *of_none : Sha256(message);
}

}  // namespace

Draft::Draft(Environment& env, const Ask& ask)
    : started_(env.clock.Monotonic()) {
  record_.set_exchange_id(ask.exchange_id.empty() ? NewUuid(env.random)
                                                  : ask.exchange_id);
  record_.set_consumer(ask.peer->system_id());
  record_.set_affair(ask.affair.substr(0, kMaxAffair));
  record_.set_request_digest(DigestOf(ask.message));
  record_.set_gateway(env.gateway);
  if (!ask.path.empty()) record_.set_method(ask.path.substr(1, kMaxMethod));
  Stamp(ask.ask_time, record_.mutable_ask_time());
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
  record_.set_method(plan.name);
  record_.set_dataset(plan.dataset);
}

void Draft::SetPermit(const Permit& permit) {
  record_.set_agreement(permit.agreement().id);
  record_.set_agreement_version(permit.agreement().version);
  record_.set_consent_id(permit.consent_id());
  record_.set_provider(permit.provider().id);
}

void Draft::SetProvided(absl::Time time, absl::string_view message) {
  Stamp(time, record_.mutable_provide_time());
  record_.set_provided_digest(Sha256(message));
}

void Draft::SetSent(AttributeMask sent, AttributeMask withheld) {
  released_ |= sent;
  withheld_ |= withheld;
}

void Draft::SetReleased(AttributeMask released, AttributeMask withheld,
                        absl::string_view message) {
  released_ |= released;
  withheld_ |= withheld;
  record_.set_released_digest(Sha256(message));
}

std::vector<records::v1::Record> Draft::Entries(
    Environment& env, records::v1::Record::Kind kind,
    const absl::Status& outcome) const {
  records::v1::Record entry = record_;
  entry.set_kind(kind);
  entry.set_outcome(static_cast<int>(outcome.code()));
  if (!outcome.ok()) entry.set_reason(ReasonOf(outcome));
  Stamp(env.clock.Now(), entry.mutable_record_time());
  if (kind == records::v1::Record::EXCHANGE) {
    for (std::string& name : AttributesOf(released_))
      entry.add_released(std::move(name));
    for (std::string& name : AttributesOf(withheld_))
      entry.add_withheld(std::move(name));
  } else {
    entry.clear_released_digest();
  }

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
  if (kind != records::v1::Record::EXCHANGE || first == named_.size()) {
    entries.push_back(std::move(entry));
    return entries;
  }
  entries.push_back(entry);
  for (std::size_t i = first; i < named_.size(); ++i) {
    entry.set_subject(codes.Encode(named_[i]));
    entry.set_named_in_answer(true);
    entries.push_back(entry);
  }
  return entries;
}

bool Draft::IntendedBefore() const {
  return std::any_of(earlier_.begin(), earlier_.end(),
                     [](const records::v1::Record& record) {
                       return record.kind() == records::v1::Record::INTENT;
                     });
}

bool Draft::RefusedBefore(const absl::Status& refusal) const {
  const std::string reason = ReasonOf(refusal);
  return std::any_of(
      earlier_.begin(), earlier_.end(), [&](const records::v1::Record& record) {
        return record.kind() == records::v1::Record::REFUSAL &&
               record.outcome() == static_cast<int>(refusal.code()) &&
               record.reason() == reason;
      });
}

bool Draft::RecordedBefore() const {
  return std::any_of(
      earlier_.begin(), earlier_.end(), [&](const records::v1::Record& record) {
        return record.kind() == records::v1::Record::EXCHANGE &&
               record.provided_digest() == record_.provided_digest() &&
               record.released_digest() == record_.released_digest();
      });
}

std::vector<std::string> Draft::AttributesOf(AttributeMask mask) const {
  return plan_ == nullptr ? std::vector<std::string>() : plan_->NamesOf(mask);
}

}  // namespace psm
