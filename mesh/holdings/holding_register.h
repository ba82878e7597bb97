// Which systems hold which persons, and which persons are protected, as the
// providers themselves have said (design section 4, routing). Knows neither
// calls nor configuration.
//
// Trust: whoever may write to the file routes calls as he likes; providers
// answer for nobody whom they do not know, so he gets nothing by it but
// refusals, and protection taken away. It holds no person's number: codes of
// the scope `records`, which nobody else has, stand for persons.
#ifndef PSM_MESH_HOLDINGS_HOLDING_REGISTER_H_
#define PSM_MESH_HOLDINGS_HOLDING_REGISTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/base/executor.h"
#include "mesh/base/mutex.h"
#include "mesh/base/task.h"
#include "mesh/journal/group_commit.h"
#include "mesh/journal/journal.h"
#include "mesh/subjects/subject_code.h"

namespace psm {

// All holdings of one gateway, in memory and in a journal. A holding takes 14
// bytes in a hash table, so 16 to 32 with what the table keeps free: some 3 GB
// for a service that holds 125 million persons. Thread-safe.
class HoldingRegister {
 public:
  // Most systems, services and agencies that it can tell apart.
  static constexpr std::size_t kMaxNames = 0xfff0;

  // Opens <folder>/holdings.journal, or makes it; compacts it where it is much
  // longer than what it says. `scopes` is its own. Errors of Journal::Open.
  static absl::StatusOr<std::unique_ptr<HoldingRegister>> Open(
      const std::string& folder, std::unique_ptr<SubjectScopes> scopes,
      Committing committing = Committing::kThread);

  // `done` is set on `executor` when the change is durable and in force: with
  // OK, or with UNAVAILABLE HOLDINGS_NOT_DURABLE, and nothing is changed. What
  // is so already is OK at once. All or none of `persons`.
  void Declare(absl::string_view system, absl::string_view service,
               absl::Span<const PersonNumber> persons, Executor& executor,
               Completion<absl::Status>* done);
  void End(absl::string_view system, absl::string_view service,
           absl::Span<const PersonNumber> persons, Executor& executor,
           Completion<absl::Status>* done);
  // Each agency's protection stands for itself.
  void SetProtection(absl::string_view agency, const PersonNumber& person,
                     bool is_protected, Executor& executor,
                     Completion<absl::Status>* done);

  // Commits what waits; nothing may be changed afterwards. Before the executors
  // go.
  void EndCommits() { commits_.reset(); }

  // The systems that hold a person for a service, in the order in which they
  // have declared it.
  std::vector<std::string> HoldersOf(absl::string_view service,
                                     const PersonNumber& person) const
      PSM_EXCLUDES(mu_);

  // Whether any agency protects the person.
  bool IsProtected(const PersonNumber& person) const PSM_EXCLUDES(mu_);

 private:
  using Name = std::uint16_t;
  struct Key {
    PersonNumber person;
    Name service;
    friend bool operator==(const Key& a, const Key& b) {
      return a.service == b.service && a.person == b.person;
    }
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.person, key.service);
    }
  };
  // In place of the one holder's name: there are several, in several_.
  static constexpr Name kSeveral = 0xffff;

  explicit HoldingRegister(std::unique_ptr<SubjectScopes> scopes)
      : scopes_(std::move(scopes)) {}

  // Queues a change: `op`, the names of `what` and `who`, and the persons.
  void Change(char op, absl::string_view what, absl::string_view who,
              absl::Span<const PersonNumber> persons, Executor& executor,
              Completion<absl::Status>* done) PSM_EXCLUDES(mu_);
  absl::Status Commit(absl::Span<const GroupCommit::Item> items)
      PSM_EXCLUDES(mu_);
  // Puts a durable entry into force. DATA_LOSS where it is none.
  absl::Status Apply(absl::string_view entry) PSM_REQUIRES(mu_);
  void ApplyTo(char op, Name what, Name who, const PersonNumber& person)
      PSM_REQUIRES(mu_);
  bool Holds(Name service, Name system, const PersonNumber& person) const
      PSM_REQUIRES(mu_);
  bool Protects(Name agency, const PersonNumber& person) const
      PSM_REQUIRES(mu_);
  // Whether the change would change anything.
  bool Changes(char op, Name what, Name who, const PersonNumber& person) const
      PSM_REQUIRES(mu_);
  // kMaxNames where there is no room for another.
  Name NameOf(absl::string_view text) PSM_REQUIRES(mu_);
  // Everything that holds, as entries of a new journal.
  void PutAll(Journal::Put put) PSM_REQUIRES(mu_);
  std::string CodeOf(const PersonNumber& person) PSM_REQUIRES(mu_);

  const std::unique_ptr<SubjectScopes> scopes_;  // used under mu_
  std::unique_ptr<Journal> journal_;             // the committing thread's

  mutable Mutex mu_;
  std::vector<std::string> names_ PSM_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, Name> name_numbers_ PSM_GUARDED_BY(mu_);
  // Names before this one stand in the journal.
  std::size_t durable_names_ PSM_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<Key, Name> holders_ PSM_GUARDED_BY(mu_);
  absl::flat_hash_map<Key, std::vector<Name>> several_ PSM_GUARDED_BY(mu_);
  absl::flat_hash_map<PersonNumber, std::vector<Name>> protected_
      PSM_GUARDED_BY(mu_);
  std::uint64_t changes_read_ PSM_GUARDED_BY(mu_) = 0;  // at the start

  std::unique_ptr<GroupCommit> commits_;  // goes first
};

}  // namespace psm

#endif  // PSM_MESH_HOLDINGS_HOLDING_REGISTER_H_
