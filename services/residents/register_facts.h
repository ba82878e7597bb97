// The facts of a register within one transaction: what was so on a day, and how
// entries begin and end it. Knows the rules of no notice.
#ifndef PSM_SERVICES_RESIDENTS_REGISTER_FACTS_H_
#define PSM_SERVICES_RESIDENTS_REGISTER_FACTS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "mesh/agency/call_context.h"
#include "psm/residents/v1/residents.pb.h"
#include "soci/soci.h"

namespace psm {

// One entry under which facts begin and end.
struct EntryMark {
  long long id = 0;
  absl::CivilDay effect_date;
};

// A member of a household on a day.
struct RegisteredMember {
  std::string subject;
  std::map<std::string, std::string> items;  // by item; see register_schema.cc

  residents::v1::Member::Relation relation() const;
  const std::string& at(
      const std::string& item) const;  // "" where there is none
};

// Thread-compatible; lives no longer than the transaction. SOCI's exceptions
// pass through to Database.
class RegisterFacts {
 public:
  explicit RegisterFacts(soci::session& sql) : sql_(sql) {}

  // A new entry, made by `call`.
  EntryMark Enter(residents::v1::RegisterEntry::Kind kind, absl::CivilDay day,
                  const agency::CallContext& call, absl::Time now);

  // What was so on a day; nullopt where nothing was.
  std::optional<std::string> ValueAt(const std::string& owner,
                                     const std::string& item,
                                     absl::CivilDay day);
  // The household that a person belongs to on a day. NOT_FOUND NOT_A_RESIDENT.
  absl::StatusOr<std::string> HouseholdOf(const std::string& subject,
                                          absl::CivilDay day);
  // Head first, then by age, then by subject.
  std::vector<RegisteredMember> MembersAt(const std::string& household,
                                          absl::CivilDay day);
  RegisteredMember PersonAt(const std::string& subject, absl::CivilDay day);

  // Begins a fact on the entry's day.
  void Begin(const std::string& owner, const std::string& item,
             const std::string& value, const EntryMark& entry);
  // Another value from the entry's day on, until when the one so far would have
  // ended. FAILED_PRECONDITION DATE_OUT_OF_ORDER where nothing is so on that
  // day, or something else begins to be so later.
  absl::Status Change(const std::string& owner, const std::string& item,
                      const std::string& value, const EntryMark& entry);
  // Ends all that is so of a person on the entry's day.
  // FAILED_PRECONDITION DATE_OUT_OF_ORDER where something begins later, or
  // has an end already.
  absl::Status EndPerson(const std::string& subject, const EntryMark& entry);
  // Undoes an entry: what it began is void, and what it ended goes on as if it
  // had not been ended. All of it stays known for the history.
  // FAILED_PRECONDITION DATE_OUT_OF_ORDER where a later entry builds on it.
  absl::Status Undo(long long undone, const EntryMark& entry);
  // FAILED_PRECONDITION DATE_OUT_OF_ORDER where anything is or will be so of
  // the owner on `day` or later.
  absl::Status CheckNothingFrom(const std::string& owner, absl::CivilDay day);

  // The household's revision as the outside knows it. The id does not show.
  std::string EtagOf(const std::string& household);
  // ABORTED ETAG_STALE where `etag` is not the household's.
  absl::Status CheckEtag(const std::string& household, absl::string_view etag);
  void Touch(const std::string& household);

  // The transaction's session, for what is no fact.
  soci::session& sql() { return sql_; }

 private:
  soci::session& sql_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_REGISTER_FACTS_H_
