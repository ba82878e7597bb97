// The part of a run that nobody waits for: looking at households, a few dozen
// at a time.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "mesh/agency/call_context.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/application.h"
#include "services/benefits/application_store.h"
#include "services/benefits/decision_desk.h"
#include "services/benefits/office_rules.h"
#include "services/benefits/payment_run.h"

namespace psm {
namespace {

using benefits::v1::ConfirmApplicationResponse;

constexpr int kAtOnce = 8;  // households that are looked at side by side
constexpr int kBatch = 64;  // whose accounts are asked for over one stream
// After a database's failure, or when the mesh has said that it was asked too
// much.
constexpr auto kPause = std::chrono::seconds(1);

std::string ReasonOfMissing(const absl::Status& missing) {
  const std::optional<ErrorDetail> detail = DetailOf(missing);
  if (!detail || detail->reason != "EVIDENCE_MISSING") return "";
  const auto reason = detail->metadata.find("reason");
  return reason == detail->metadata.end() ? "" : reason->second;
}

// Says nothing of the household: whoever waits is answered.
bool IsOfHaste(const absl::Status& missing) {
  return ReasonOfMissing(missing) == "QUOTA_EXCEEDED";
}

// The reason why a household's evidence is missing decides what to tell: who
// has no account that takes money may apply and bring one; of whom no tax
// office knows anything, nobody can say whether he is exempt before he
// declares.
EntryState StateAfter(const absl::Status& missing) {
  const std::string reason = ReasonOfMissing(missing);
  if (reason == "NOT_A_TAXPAYER") return EntryState::kWithoutTaxRecord;
  const bool bring_one =
      reason == "ACCOUNT_NOT_REGISTERED" || reason == "ACCOUNT_CLOSED" ||
      reason == "ACCOUNT_UNCONFIRMED" || reason == "ACCOUNT_UNUSABLE";
  return bring_one ? EntryState::kWithoutAccount : EntryState::kFailed;
}

KeptApplication AsKept(const Application& application) {
  KeptApplication kept;
  kept.fields = application.fields;
  return kept;
}

}  // namespace

// One household on its way through a look.
struct PaymentRuns::Household {
  RunEntry entry;  // still kPending where it was not looked at
  // What it would be paid on, once it is known to be eligible.
  std::optional<Application> application;
  bool in_haste = false;  // the mesh was asked too much: still kPending
};

void PaymentRuns::TakeMissing(const absl::Status& missing,
                              Household& household) {
  household.in_haste = IsOfHaste(missing);
  if (!household.in_haste) household.entry.state = StateAfter(missing);
}

bool PaymentRuns::Stopping() {
  MutexLock lock(mu_);
  return stopping_;
}

void PaymentRuns::Work() {
  for (;;) {
    {
      MutexLock lock(mu_);
      while (!work_ && !stopping_) wake_.Wait(mu_);
      if (stopping_) return;
      work_ = false;
    }
    absl::StatusOr<bool> worked = true;
    while (worked.ok() && *worked && !Stopping()) worked = WorkOnSome();
    if (worked.ok()) continue;
    LogWarning("payment_run_waits",
               {{"code", absl::StatusCodeToString(worked.status().code())},
                {"reason", ReasonOf(worked.status())}});
    MutexLock lock(mu_);
    work_ = true;
    if (!stopping_) wake_.WaitFor(mu_, kPause);
  }
}

absl::StatusOr<bool> PaymentRuns::WorkOnSome() {
  std::optional<PaymentRun> run;
  std::vector<Household> households;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        const std::vector<std::string> runs = RunStore::Unfinished(sql);
        if (runs.empty()) return absl::OkStatus();
        PSM_ASSIGN_OR_RETURN(run, RunStore::Find(sql, runs.front()));
        std::vector<RunEntry> entries =
            RunStore::Entries(sql, runs.front(), EntryState::kPending, kBatch);
        for (RunEntry& entry : entries)
          households.push_back({std::move(entry), std::nullopt, false});
        return absl::OkStatus();
      }));
  if (!run.has_value()) return false;
  if (households.empty()) {
    PSM_RETURN_IF_ERROR(parts_.database->Write([&](soci::session& sql) {
      RunStore::Finish(sql, run->run_id, parts_.clock->Now());
      return absl::OkStatus();
    }));
    return true;
  }
  const Programme* const programme = parts_.programmes->Find(run->programme);
  if (programme == nullptr) {
    // The definition is gone: nobody is told anything any more.
    for (Household& household : households)
      household.entry.state = EntryState::kFailed;
  } else {
    const Inquiry inquiry{.run = run->run_id};
    CollectAll(inquiry, *programme, households);
    AskForTheirAccounts(inquiry, *programme, households);
  }
  bool in_haste = false;
  for (Household& household : households) {
    if (household.entry.state != EntryState::kPending)
      PSM_RETURN_IF_ERROR(Keep(*run, programme, household));
    in_haste = in_haste || household.in_haste;
  }
  if (in_haste) {
    return agency::Refusal(absl::StatusCode::kResourceExhausted,
                           "QUOTA_EXCEEDED", "the mesh was asked too much");
  }
  return true;
}

void PaymentRuns::CollectAll(const Inquiry& inquiry, const Programme& programme,
                             std::vector<Household>& households) {
  std::atomic<std::size_t> next{0};
  const auto look = [&] {
    for (std::size_t i = next++; i < households.size() && !Stopping();
         i = next++)
      CollectIfEligible(inquiry, programme, households[i]);
  };
  std::vector<std::thread> askers;
  for (int asker = 1; asker < kAtOnce; ++asker) askers.emplace_back(look);
  look();
  for (std::thread& asker : askers) asker.join();
}

void PaymentRuns::CollectIfEligible(const Inquiry& inquiry,
                                    const Programme& programme,
                                    Household& household) {
  // Whose money it is not, has an account that is nobody's business.
  absl::StatusOr<Application> application = parts_.desk->CollectForHousehold(
      inquiry, programme, household.entry.subject, {"accounts"});
  if (!application.ok()) {
    TakeMissing(application.status(), household);
    return;
  }
  const ConfirmApplicationResponse decision =
      DecisionOn(programme, AsKept(*application), false, parts_.clock->Now());
  if (decision.decision() != ConfirmApplicationResponse::GRANTED) {
    household.entry.state = EntryState::kNotEligible;
    return;
  }
  household.application = *std::move(application);
}

void PaymentRuns::AskForTheirAccounts(const Inquiry& inquiry,
                                      const Programme& programme,
                                      std::vector<Household>& households) {
  std::vector<Household*> eligible;
  std::vector<Application*> applications;
  for (Household& household : households) {
    if (!household.application.has_value()) continue;
    eligible.push_back(&household);
    applications.push_back(&*household.application);
  }
  const std::vector<absl::Status> asked =
      AskForAccounts(*parts_.evidence, inquiry, programme, applications);
  for (std::size_t i = 0; i < eligible.size(); ++i) {
    if (asked[i].ok()) {
      eligible[i]->entry.state = EntryState::kNotified;
    } else {
      TakeMissing(asked[i], *eligible[i]);
    }
  }
}

absl::Status PaymentRuns::Keep(const PaymentRun& run,
                               const Programme* programme,
                               Household& household) {
  RunEntry& entry = household.entry;
  const std::string id = NewUuid(*parts_.random);
  return parts_.database->Write([&](soci::session& sql) {
    if (entry.state == EntryState::kNotified) {
      if (ApplicationStore::WasPaid(sql, programme->id(),
                                    household.application->members)) {
        entry.state = EntryState::kAlreadyPaid;
      } else {
        ApplicationStore::Insert(sql, id, *household.application,
                                 parts_.clock->Now(), run.run_id);
        entry.application_id = id;
      }
    }
    RunStore::SetEntry(sql, entry);
    return absl::OkStatus();
  });
}

}  // namespace psm
