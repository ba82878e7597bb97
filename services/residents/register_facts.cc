#include "services/residents/register_facts.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/residents/register_schema.h"

namespace psm {
namespace {

using residents::v1::Member;

absl::Status OutOfOrder() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "DATE_OUT_OF_ORDER",
                         "the register has an entry of a later day");
}

}  // namespace

Member::Relation RegisteredMember::relation() const {
  int number = 0;
  if (!absl::SimpleAtoi(at("relation"), &number) ||
      !Member::Relation_IsValid(number))
    return Member::RELATION_UNSPECIFIED;
  return static_cast<Member::Relation>(number);
}

const std::string& RegisteredMember::at(const std::string& item) const {
  static const std::string& none = *new std::string();
  const auto found = items.find(item);
  return found == items.end() ? none : found->second;
}

EntryMark RegisterFacts::Enter(residents::v1::RegisterEntry::Kind kind,
                               absl::CivilDay day,
                               const agency::CallContext& call,
                               absl::Time now) {
  EntryMark entry;
  entry.effect_date = day;
  // Writers wait for one another, so the next number is nobody else's.
  sql_ << "SELECT COALESCE(MAX(entry_id), 0) + 1 FROM entries",
      soci::into(entry.id);
  const long long number = kind;
  const std::string effect = absl::FormatCivilTime(day);
  const long long time = absl::ToUnixMicros(now);
  sql_ << "INSERT INTO entries (entry_id, kind, effect_date, enter_time, "
          "consumer, exchange_id) VALUES (:id, :kind, :effect, :time, "
          ":consumer, :exchange)",
      soci::use(entry.id), soci::use(number), soci::use(effect),
      soci::use(time), soci::use(call.consumer), soci::use(call.exchange_id);
  return entry;
}

std::optional<std::string> RegisterFacts::ValueAt(const std::string& owner,
                                                  const std::string& item,
                                                  absl::CivilDay day) {
  const std::string on = absl::FormatCivilTime(day);
  std::string value;
  sql_ << "SELECT value FROM facts WHERE owner = :owner AND item = :item AND "
          "valid_from <= :on AND :on < valid_to AND void_entry_id = 0",
      soci::into(value), soci::use(owner, "owner"), soci::use(item, "item"),
      soci::use(on, "on");
  if (!sql_.got_data()) return std::nullopt;
  return value;
}

absl::StatusOr<std::string> RegisterFacts::HouseholdOf(
    const std::string& subject, absl::CivilDay day) {
  std::optional<std::string> household = ValueAt(subject, "household", day);
  if (household.has_value()) return *std::move(household);
  return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT",
                         "no resident of this municipality");
}

RegisteredMember RegisterFacts::PersonAt(const std::string& subject,
                                         absl::CivilDay day) {
  RegisteredMember person;
  person.subject = subject;
  const std::string on = absl::FormatCivilTime(day);
  std::string item, value;
  soci::statement rows =
      (sql_.prepare << "SELECT item, value FROM facts WHERE owner = :owner AND "
                       "valid_from <= :on AND :on < valid_to AND "
                       "void_entry_id = 0",
       soci::into(item), soci::into(value), soci::use(subject, "owner"),
       soci::use(on, "on"));
  rows.execute();
  while (rows.fetch()) person.items[item] = value;
  return person;
}

std::vector<RegisteredMember> RegisterFacts::MembersAt(
    const std::string& household, absl::CivilDay day) {
  const std::string on = absl::FormatCivilTime(day);
  std::vector<RegisteredMember> members;
  std::string subject;
  {
    soci::statement rows =
        (sql_.prepare << "SELECT owner FROM facts WHERE item = 'household' AND "
                         "value = :household AND valid_from <= :on AND "
                         ":on < valid_to AND void_entry_id = 0",
         soci::into(subject), soci::use(household, "household"),
         soci::use(on, "on"));
    rows.execute();
    while (rows.fetch()) members.push_back({subject, {}});
  }
  for (RegisteredMember& member : members)
    member = PersonAt(member.subject, day);
  const auto order = [](const RegisteredMember& m) {
    return std::make_tuple(m.relation() != Member::HEAD, m.at("birth_date"),
                           m.subject);
  };
  std::sort(members.begin(), members.end(),
            [&](const RegisteredMember& a, const RegisteredMember& b) {
              return order(a) < order(b);
            });
  return members;
}

void RegisterFacts::Begin(const std::string& owner, const std::string& item,
                          const std::string& value, const EntryMark& entry) {
  const std::string from = absl::FormatCivilTime(entry.effect_date);
  const std::string open = kOpenEnd;
  sql_ << "INSERT INTO facts (owner, item, value, valid_from, valid_to, "
          "entry_id, end_entry_id, void_entry_id) VALUES (:owner, :item, "
          ":value, :from, :open, :entry, 0, 0)",
      soci::use(owner), soci::use(item), soci::use(value), soci::use(from),
      soci::use(open), soci::use(entry.id);
}

absl::Status RegisterFacts::Change(const std::string& owner,
                                   const std::string& item,
                                   const std::string& value,
                                   const EntryMark& entry) {
  const std::string day = absl::FormatCivilTime(entry.effect_date);
  std::string until;
  long long later = 0, ended_by = 0;
  sql_ << "SELECT COUNT(*) FROM facts WHERE owner = :owner AND item = :item "
          "AND valid_from > :day AND void_entry_id = 0",
      soci::into(later), soci::use(owner), soci::use(item), soci::use(day);
  if (later > 0) return OutOfOrder();
  sql_ << "SELECT valid_to, end_entry_id FROM facts WHERE owner = :owner AND "
          "item = :item AND valid_from <= :day AND :day < valid_to AND "
          "void_entry_id = 0",
      soci::into(until), soci::into(ended_by), soci::use(owner, "owner"),
      soci::use(item, "item"), soci::use(day, "day");
  if (!sql_.got_data()) return OutOfOrder();
  sql_ << "UPDATE facts SET valid_to = :day, end_entry_id = :entry WHERE owner "
          "= :owner AND item = :item AND valid_from <= :day AND :day < "
          "valid_to AND void_entry_id = 0",
      soci::use(day, "day"), soci::use(entry.id, "entry"),
      soci::use(owner, "owner"), soci::use(item, "item");
  sql_ << "INSERT INTO facts (owner, item, value, valid_from, valid_to, "
          "entry_id, end_entry_id, void_entry_id) VALUES (:owner, :item, "
          ":value, :day, :until, :entry, :ended, 0)",
      soci::use(owner), soci::use(item), soci::use(value), soci::use(day),
      soci::use(until), soci::use(entry.id), soci::use(ended_by);
  return absl::OkStatus();
}

absl::Status RegisterFacts::EndPerson(const std::string& subject,
                                      const EntryMark& entry) {
  const std::string day = absl::FormatCivilTime(entry.effect_date);
  const std::string open = kOpenEnd;
  long long disorderly = 0;
  sql_ << "SELECT COUNT(*) FROM facts WHERE owner = :owner AND void_entry_id = "
          "0 AND (valid_from > :day OR (valid_to > :day AND valid_to <> "
          ":open))",
      soci::into(disorderly), soci::use(subject, "owner"),
      soci::use(day, "day"), soci::use(open, "open");
  if (disorderly > 0) return OutOfOrder();
  sql_ << "UPDATE facts SET valid_to = :day, end_entry_id = :entry WHERE owner "
          "= :owner AND valid_to = :open AND void_entry_id = 0",
      soci::use(day, "day"), soci::use(entry.id, "entry"),
      soci::use(subject, "owner"), soci::use(open, "open");
  return absl::OkStatus();
}

absl::Status RegisterFacts::Undo(long long undone, const EntryMark& entry) {
  long long changed = 0, followed = 0;
  sql_ << "SELECT COUNT(*) FROM facts WHERE entry_id = :undone AND "
          "void_entry_id = 0 AND end_entry_id <> 0",
      soci::into(changed), soci::use(undone);
  sql_ << "SELECT COUNT(*) FROM facts n JOIN facts f ON n.owner = f.owner AND "
          "n.item = f.item WHERE f.end_entry_id = :undone AND "
          "f.void_entry_id = 0 AND n.void_entry_id = 0 AND n.entry_id <> "
          ":undone AND n.valid_from >= f.valid_to",
      soci::into(followed), soci::use(undone, "undone");
  if (changed > 0 || followed > 0) return OutOfOrder();
  // Only what was open is ended by an entry, or changed by one that is the last
  // so far: so it is open again. The former row stays, void.
  const std::string open = kOpenEnd;
  sql_ << "INSERT INTO facts (owner, item, value, valid_from, valid_to, "
          "entry_id, end_entry_id, void_entry_id) SELECT owner, item, value, "
          "valid_from, :open, entry_id, 0, 0 FROM facts WHERE end_entry_id = "
          ":undone AND void_entry_id = 0",
      soci::use(open), soci::use(undone);
  sql_ << "UPDATE facts SET void_entry_id = :entry WHERE (entry_id = :undone "
          "OR end_entry_id = :undone) AND void_entry_id = 0",
      soci::use(entry.id, "entry"), soci::use(undone, "undone");
  return absl::OkStatus();
}

absl::Status RegisterFacts::CheckNothingFrom(const std::string& owner,
                                             absl::CivilDay day) {
  const std::string from = absl::FormatCivilTime(day);
  long long later = 0;
  sql_ << "SELECT COUNT(*) FROM facts WHERE owner = :owner AND valid_to > "
          ":from AND void_entry_id = 0",
      soci::into(later), soci::use(owner), soci::use(from);
  return later == 0 ? absl::OkStatus() : OutOfOrder();
}

std::string RegisterFacts::EtagOf(const std::string& household) {
  long long revision = 0;
  sql_ << "SELECT COALESCE(MAX(revision), 0) FROM revisions WHERE household_id "
          "= :household",
      soci::into(revision), soci::use(household);
  return absl::BytesToHexString(
      Sha256(absl::StrCat(household, "\n", revision)).substr(0, 8));
}

absl::Status RegisterFacts::CheckEtag(const std::string& household,
                                      absl::string_view etag) {
  if (EtagOf(household) == std::string(etag)) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kAborted, "ETAG_STALE",
                         "the household has changed since it was read");
}

void RegisterFacts::Touch(const std::string& household) {
  sql_ << "INSERT INTO revisions (household_id, revision) VALUES (:household, "
          "1) ON CONFLICT (household_id) DO UPDATE SET revision = "
          "revisions.revision + 1",
      soci::use(household);
}

}  // namespace psm
