// Entries of the journal, all numbers little endian:
//   'N' number (16 bits) text          a name: a system, service or agency
//   'D' what (16) who (16) codes       who declares to hold persons for `what`
//   'E' what who codes                 ends it
//   'P' 0 who code                     agency `who` protects a person
//   'Q' 0 who code                     ends it
// A code is the 16 bytes of a code in the scope `records`. A name's entry comes
// before, or in the same frame as, the first that uses its number; it may come
// again.
#include "mesh/holdings/holding_register.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/base32.h"
#include "mesh/records/little_endian.h"

namespace psm {
namespace {

constexpr char kName = 'N';
constexpr char kDeclare = 'D';
constexpr char kEnd = 'E';
constexpr char kProtect = 'P';
constexpr char kUnprotect = 'Q';
constexpr std::size_t kHead = 5;          // bytes, before the codes
constexpr std::size_t kCodeSize = 16;     // bytes
constexpr std::size_t kMostCodes = 4096;  // in one entry of a new journal
// A journal this much longer than what it says is written anew at the start.
constexpr std::uint64_t kSlack = 1000;  // changes

absl::Status NotDurable() {
  return MakeError(absl::StatusCode::kUnavailable, "HOLDINGS_NOT_DURABLE",
                   Party::kGateway,
                   "the holdings could not be written; try again");
}

absl::Status NotAnEntry() {
  return MakeError(absl::StatusCode::kDataLoss, "JOURNAL_DAMAGED",
                   Party::kGateway,
                   "the journal of holdings says what it cannot say, or was "
                   "written under another master key");
}

std::string NameEntry(std::size_t number, absl::string_view text) {
  std::string entry(1, kName);
  Put(static_cast<std::uint16_t>(number), entry);
  absl::StrAppend(&entry, text);
  return entry;
}

std::string ChangeEntry(char op, std::uint16_t what, std::uint16_t who) {
  std::string entry(1, op);
  Put(what, entry);
  Put(who, entry);
  return entry;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HoldingRegister>> HoldingRegister::Open(
    const std::string& folder, std::unique_ptr<SubjectScopes> scopes,
    Committing committing) {
  PSM_RETURN_IF_ERROR(MakeFolder(folder));
  const std::string file = absl::StrCat(folder, "/holdings.journal");
  std::unique_ptr<HoldingRegister> result(
      new HoldingRegister(std::move(scopes)));
  HoldingRegister& self = *result;
  {
    MutexLock lock(self.mu_);
    const auto open = [&]() -> absl::Status {
      PSM_ASSIGN_OR_RETURN(
          self.journal_,
          Journal::Open(file, [&](absl::string_view entry) PSM_REQUIRES(
                                  self.mu_) { return self.Apply(entry); }));
      return absl::OkStatus();
    };
    PSM_RETURN_IF_ERROR(open());
    const std::uint64_t live = self.holders_.size() + self.protected_.size();
    if (self.changes_read_ > 2 * live + kSlack) {
      self.journal_.reset();
      PSM_RETURN_IF_ERROR(Journal::Replace(
          file,
          [&](Journal::Put put) PSM_REQUIRES(self.mu_) { self.PutAll(put); }));
      self.holders_.clear();
      self.several_.clear();
      self.protected_.clear();
      PSM_RETURN_IF_ERROR(open());
    }
    self.durable_names_ = self.names_.size();
    LogInfo("holdings", {{"held", absl::StrCat(self.holders_.size())},
                         {"protected", absl::StrCat(self.protected_.size())}});
  }
  self.commits_ = std::make_unique<GroupCommit>(
      committing, [&self](absl::Span<const GroupCommit::Item> items) {
        return self.Commit(items);
      });
  return result;
}

void HoldingRegister::Declare(absl::string_view system,
                              absl::string_view service,
                              absl::Span<const PersonNumber> persons,
                              Executor& executor,
                              Completion<absl::Status>* done) {
  Change(kDeclare, service, system, persons, executor, done);
}

void HoldingRegister::End(absl::string_view system, absl::string_view service,
                          absl::Span<const PersonNumber> persons,
                          Executor& executor, Completion<absl::Status>* done) {
  Change(kEnd, service, system, persons, executor, done);
}

void HoldingRegister::SetProtection(absl::string_view agency,
                                    const PersonNumber& person,
                                    bool is_protected, Executor& executor,
                                    Completion<absl::Status>* done) {
  Change(is_protected ? kProtect : kUnprotect, "", agency, {person}, executor,
         done);
}

// Changes that others have queued and that are not durable yet are not seen
// here, so this one is queued even where they make it needless; never the other
// way round: what is dropped is so, durably, and nothing that ends it is
// queued behind what its caller has seen answered.
void HoldingRegister::Change(char op, absl::string_view what,
                             absl::string_view who,
                             absl::Span<const PersonNumber> persons,
                             Executor& executor,
                             Completion<absl::Status>* done) {
  std::string entry;
  bool full = false;
  {
    MutexLock lock(mu_);
    const Name what_name = what.empty() ? Name{0} : NameOf(what);
    const Name who_name = NameOf(who);
    full = what_name == kMaxNames || who_name == kMaxNames;
    entry = ChangeEntry(op, what_name, who_name);
    for (const PersonNumber& person : persons) {
      if (!full && Changes(op, what_name, who_name, person))
        entry += CodeOf(person);
    }
  }
  if (full || entry.size() == kHead) {
    executor.Post(
        [done, full] { done->Set(full ? NotDurable() : absl::OkStatus()); });
    return;
  }
  commits_->Add({std::move(entry), &executor, done});
}

absl::Status HoldingRegister::Commit(
    absl::Span<const GroupCommit::Item> items) {
  std::vector<std::string> entries;
  std::size_t names = 0;
  {
    MutexLock lock(mu_);
    names = names_.size();
    for (std::size_t i = durable_names_; i < names; ++i)
      entries.push_back(NameEntry(i, names_[i]));
  }
  for (const GroupCommit::Item& item : items) entries.push_back(item.entry);
  absl::Status written = journal_->Append(entries);
  if (!written.ok()) {
    LogError("holdings_not_written",
             {{"error", std::string(written.message())}});
    return NotDurable();
  }
  MutexLock lock(mu_);
  durable_names_ = std::max(durable_names_, names);
  for (const GroupCommit::Item& item : items)
    PSM_RETURN_IF_ERROR(Apply(item.entry));
  return absl::OkStatus();
}

absl::Status HoldingRegister::Apply(absl::string_view entry) {
  if (entry.size() < 3) return NotAnEntry();
  const char op = entry[0];
  if (op == kName) {
    const auto number = Get<Name>(entry, 1);
    const std::string text(entry.substr(3));
    if (number > names_.size() || number >= kMaxNames) return NotAnEntry();
    if (number == names_.size()) {
      names_.push_back(text);
      name_numbers_[text] = number;
    }
    return names_[number] == text ? absl::OkStatus() : NotAnEntry();
  }
  if (op != kDeclare && op != kEnd && op != kProtect && op != kUnprotect)
    return NotAnEntry();
  if (entry.size() < kHead || (entry.size() - kHead) % kCodeSize != 0)
    return NotAnEntry();
  const auto what = Get<Name>(entry, 1);
  const auto who = Get<Name>(entry, 3);
  if (what >= names_.size() || who >= names_.size()) return NotAnEntry();
  SubjectScope& codes = scopes_->For(SubjectScopeKind::kRecords, "");
  for (std::size_t at = kHead; at < entry.size(); at += kCodeSize) {
    absl::StatusOr<PersonNumber> person =
        codes.Decode(Base32Encode(entry.substr(at, kCodeSize)));
    if (!person.ok()) return NotAnEntry();
    ApplyTo(op, what, who, *person);
    ++changes_read_;
  }
  return absl::OkStatus();
}

void HoldingRegister::ApplyTo(char op, Name what, Name who,
                              const PersonNumber& person) {
  if (!Changes(op, what, who, person)) return;
  const Key key{person, what};
  switch (op) {
    case kDeclare: {
      auto [found, inserted] = holders_.try_emplace(key, who);
      if (inserted) return;
      std::vector<Name>& all = several_[key];
      if (found->second != kSeveral) all = {found->second};
      all.push_back(who);
      found->second = kSeveral;
      return;
    }
    case kEnd: {
      const auto found = holders_.find(key);
      if (found->second != kSeveral) {
        holders_.erase(found);
        return;
      }
      std::vector<Name>& all = several_[key];
      all.erase(std::find(all.begin(), all.end(), who));
      if (all.size() > 1) return;
      found->second = all.front();
      several_.erase(key);
      return;
    }
    case kProtect:
      protected_[person].push_back(who);
      return;
    case kUnprotect: {
      const auto found = protected_.find(person);
      std::vector<Name>& all = found->second;
      all.erase(std::find(all.begin(), all.end(), who));
      if (all.empty()) protected_.erase(found);
      return;
    }
  }
}

bool HoldingRegister::Holds(Name service, Name system,
                            const PersonNumber& person) const {
  const Key key{person, service};
  const auto found = holders_.find(key);
  if (found == holders_.end()) return false;
  if (found->second != kSeveral) return found->second == system;
  const std::vector<Name>& all = several_.at(key);
  return std::find(all.begin(), all.end(), system) != all.end();
}

bool HoldingRegister::Protects(Name agency, const PersonNumber& person) const {
  const auto found = protected_.find(person);
  return found != protected_.end() &&
         std::find(found->second.begin(), found->second.end(), agency) !=
             found->second.end();
}

bool HoldingRegister::Changes(char op, Name what, Name who,
                              const PersonNumber& person) const {
  switch (op) {
    case kDeclare:
      return !Holds(what, who, person);
    case kEnd:
      return Holds(what, who, person);
    case kProtect:
      return !Protects(who, person);
    default:
      return Protects(who, person);
  }
}

HoldingRegister::Name HoldingRegister::NameOf(absl::string_view text) {
  const auto found = name_numbers_.find(text);
  if (found != name_numbers_.end()) return found->second;
  if (names_.size() >= kMaxNames) return kMaxNames;
  const auto number = static_cast<Name>(names_.size());
  names_.emplace_back(text);
  name_numbers_[std::string(text)] = number;
  return number;
}

std::string HoldingRegister::CodeOf(const PersonNumber& person) {
  return Base32Decode(
             scopes_->For(SubjectScopeKind::kRecords, "").Encode(person))
      .value();
}

void HoldingRegister::PutAll(Journal::Put put) {
  for (std::size_t i = 0; i < names_.size(); ++i) put(NameEntry(i, names_[i]));
  // Of several holders the order counts, and nobody else's does.
  absl::flat_hash_map<std::pair<Name, Name>, std::string> together;
  const auto add = [&](char op, Name what, Name who, const PersonNumber& person)
                       PSM_REQUIRES(mu_) {
                         std::string& entry = together[{what, who}];
                         if (entry.empty()) entry = ChangeEntry(op, what, who);
                         entry += CodeOf(person);
                         if (entry.size() > kHead + kMostCodes * kCodeSize)
                           put(std::exchange(entry, ""));
                       };
  const auto flush = [&] {
    for (auto& [names, entry] : together) {
      if (!entry.empty()) put(std::move(entry));
    }
    together.clear();
  };
  for (const auto& [key, system] : holders_) {
    if (system != kSeveral) add(kDeclare, key.service, system, key.person);
  }
  flush();
  for (const auto& [key, systems] : several_) {
    for (const Name system : systems)
      put(ChangeEntry(kDeclare, key.service, system) + CodeOf(key.person));
  }
  for (const auto& [person, agencies] : protected_) {
    for (const Name agency : agencies) add(kProtect, 0, agency, person);
  }
  flush();
}

std::vector<std::string> HoldingRegister::HoldersOf(
    absl::string_view service, const PersonNumber& person) const {
  MutexLock lock(mu_);
  const auto number = name_numbers_.find(service);
  if (number == name_numbers_.end()) return {};
  const Key key{person, number->second};
  const auto found = holders_.find(key);
  if (found == holders_.end()) return {};
  if (found->second != kSeveral) return {names_[found->second]};
  std::vector<std::string> systems;
  for (const Name system : several_.at(key)) systems.push_back(names_[system]);
  return systems;
}

bool HoldingRegister::IsProtected(const PersonNumber& person) const {
  MutexLock lock(mu_);
  return !protected_.empty() && protected_.contains(person);
}

}  // namespace psm
