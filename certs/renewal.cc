#include "certs/renewal.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "certs/rotation.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/file_fingerprint.h"
#include "mesh/base/log.h"
#include "mesh/directory/renewal_process.h"
#include "nlohmann/json.hpp"

namespace psm::pki {
namespace {

constexpr absl::Duration kLookAtLeast = absl::Minutes(10);
constexpr absl::Duration kFirstRetry = absl::Seconds(5);
constexpr absl::Duration kLastRetry = absl::Minutes(5);
// Between two looks at whether anything has changed.
constexpr absl::Duration kSlice = absl::Milliseconds(200);
// A new authority does not issue before it has been trusted for so long, unless
// a certificate is about to expire: somebody is rotating by hand just now.
constexpr absl::Duration kSettle = absl::Minutes(1);

std::string ReportFile(const std::string& run) {
  return absl::StrCat(run, "/in-force/", kRenewalProcess);
}

absl::Time IssueTime(const Certificate& certificate) {
  return certificate.not_before() + kBackdating;
}

}  // namespace

absl::Time RenewTime(const Certificate& certificate) {
  // Serials are random. The middle, where one is none of ours.
  const std::string& serial = certificate.serial();
  std::uint32_t draw = 0;
  if (serial.size() < 8 ||
      !absl::SimpleHexAtoi(serial.substr(serial.size() - 8), &draw))
    draw = 1u << 31;
  const double share = 0.45 + 0.1 * (draw / 4294967296.0);
  const absl::Time issued = IssueTime(certificate);
  return issued + share * (certificate.not_after() - issued);
}

Renewal::Renewal(std::string run, const Clock& clock, RunningMesh& mesh)
    : run_(std::move(run)), clock_(clock), mesh_(mesh) {}

absl::Time Renewal::Look() {
  absl::Time next = clock_.Now() + kLookAtLeast;
  bool good = false;
  {
    absl::StatusOr<std::unique_ptr<MeshAuthority>> authority =
        MeshAuthority::Open(run_, clock_);
    if (!authority.ok()) {
      LogError("renewal_failed",
               {{"error", std::string(authority.status().message())}});
    } else {
      const std::uint64_t number = (*authority)->index().list_number();
      if (std::exchange(list_number_, number) != number)
        LogInfo("lists_in_place", {{"list_number", absl::StrCat(number)}});
      next = std::min(next, (*authority)->lists_expire_time() - kListLife / 2);
      good = RenewSystems(**authority, &next);
    }
  }
  if (good) good = RotateIfDue(&next);
  if (good) {
    errors_ = 0;
  } else {
    next = clock_.Now() +
           std::min(kLastRetry, kFirstRetry * (1 << std::min(errors_++, 8)));
  }
  return next;
}

bool Renewal::RenewSystems(MeshAuthority& authority, absl::Time* next) {
  const absl::Time now = clock_.Now();
  const absl::Time settled =
      IssueTime(authority.issuer().certificate()) +
      (authority.rotating() ? kSettle : absl::ZeroDuration());
  bool good = true;
  for (const IdentityStatus& status : authority.StatusOfAll()) {
    if (status.state == IdentityState::kMissing ||
        status.state == IdentityState::kRevoked)
      continue;
    if (status.state == IdentityState::kGood ||
        status.state == IdentityState::kDue) {
      absl::Time due = RenewTime(*status.leaf);
      const absl::Duration life =
          status.leaf->not_after() - IssueTime(*status.leaf);
      due =
          std::max(due, std::min(settled, status.leaf->not_after() - life / 4));
      if (now < due) {
        *next = std::min(*next, due);
        continue;
      }
    }
    const absl::StatusOr<IssueOutcome> outcome =
        authority.Renew(status.system, /*force=*/true);
    if (!outcome.ok()) {
      good = false;
      LogError("renewal_failed",
               {{"subject", status.system},
                {"error", std::string(outcome.status().message())}});
      continue;
    }
    const IdentityStatus renewed = authority.StatusOf(status.system);
    if (!renewed.leaf.has_value()) continue;
    *next = std::min(*next, RenewTime(*renewed.leaf));
    LogInfo("renewed",
            {{"subject", status.system},
             {"serial", renewed.leaf->serial()},
             {"not_after", absl::FormatTime(renewed.leaf->not_after())}});
  }
  return good;
}

bool Renewal::RotateIfDue(absl::Time* next) {
  RotationOptions options;
  options.run = run_;
  {
    absl::StatusOr<std::unique_ptr<MeshAuthority>> authority =
        MeshAuthority::Open(run_, clock_);
    if (!authority.ok()) return false;  // it could be opened a moment ago
    const AuthorityFolder& all = (*authority)->authorities();
    const absl::Time root =
        RenewTime(all.roots().back().authority->certificate());
    const absl::Time intermediate =
        RenewTime((*authority)->issuer().certificate());
    const absl::Time now = clock_.Now();
    if (!rotation_begun_ && now < std::min(root, intermediate)) {
      *next = std::min({*next, root, intermediate});
      return true;
    }
    options.keep_root = now < root;
  }
  rotation_begun_ = true;
  const absl::Status rotated =
      RotateAll(options, clock_, mesh_, [](absl::string_view line) {
        LogInfo("rotation", {{"step", std::string(line)}});
      });
  if (rotated.ok()) {
    rotation_begun_ = false;
  } else {
    LogError("rotation_failed", {{"error", std::string(rotated.message())}});
  }
  return rotated.ok();
}

// Of everything that Look depends on and others change.
std::string Renewal::Fingerprint() const {
  return FingerprintOf({run_ + "/pki/ca/index", run_ + "/pki/ca",
                        run_ + "/pki/trust.pem", run_ + "/pki/crl.pem"});
}

void Renewal::Follow(absl::FunctionRef<bool(absl::Duration)> wait) {
  absl::Time next = absl::InfinitePast();
  std::string looked_at;
  do {
    // Before the look, so that nothing is missed. Our own changes make for one
    // look more.
    const std::string now_there = Fingerprint();
    const bool changed = errors_ == 0 && now_there != looked_at;
    if (clock_.Now() < next && !changed) continue;
    looked_at = now_there;
    next = Look();
    WriteReport(next);
  } while (!wait(kSlice));
  std::remove(ReportFile(run_).c_str());
}

// For people, and for whoever waits for the first look.
void Renewal::WriteReport(absl::Time next) const {
  const std::string file = ReportFile(run_);
  nlohmann::ordered_json report;
  report["looked"] = absl::FormatTime(clock_.Now());
  report["next"] = absl::FormatTime(next);
  report["errors"] = errors_;
  absl::Status written = MakeFolder(FolderOf(file), Outlives::kProcess);
  written.Update(
      WriteWholeFile(file, report.dump() + "\n", kPrivate, Outlives::kProcess));
  if (!written.ok())
    LogWarning("report_not_written",
               {{"error", std::string(written.message())}});
}

}  // namespace psm::pki
