#include "mesh/gateway/tls_keeper.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/file_fingerprint.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"
#include "nlohmann/json.hpp"

namespace psm {
TlsKeeper::TlsKeeper(const std::string& run, const Clock& clock,
                     PutInForce put_in_force)
    : clock_(clock),
      files_(edge::TlsFilesOf(run, kGatewaySystem)),
      report_file_(absl::StrCat(run, "/in-force/", kGatewaySystem)),
      put_in_force_(std::move(put_in_force)),
      files_follower_([this] { return Fingerprint(); }, [this] { Reload(); }),
      report_follower_([this] { return Report(); }, [this] { WriteReport(); }) {
}

absl::StatusOr<std::shared_ptr<const edge::TlsConfig>> TlsKeeper::Load() {
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const edge::TlsConfig> config,
                       edge::TlsConfig::Load(files_, clock_.Now()));
  MutexLock lock(mu_);
  config_ = config;
  return config;
}

void TlsKeeper::Start() {
  started_ = true;
  files_follower_.Start();
  WriteReport();
  report_follower_.Start();
}

void TlsKeeper::Stop() {
  if (!std::exchange(started_, false)) return;
  files_follower_.Stop();
  report_follower_.Stop();
  std::remove(report_file_.c_str());
}

std::string TlsKeeper::Fingerprint() {
  std::string fingerprint =
      FingerprintOf({files_.identity, files_.trust, files_.crl});
  MutexLock lock(mu_);
  // What cannot be read for want of descriptors, say, may be read later.
  if (!problem_.ok())
    absl::StrAppend(&fingerprint, absl::ToInt64Seconds(clock_.Monotonic()));
  return fingerprint;
}

void TlsKeeper::Reload() {
  std::shared_ptr<const edge::TlsConfig> before;
  {
    MutexLock lock(mu_);
    before = config_;
  }
  edge::TlsConfig::Reloaded reloaded =
      edge::TlsConfig::Reload(files_, *before, clock_.Now());
  {
    MutexLock lock(mu_);
    const bool said = !problem_.ok() && problem_ == reloaded.problem;
    problem_ = reloaded.problem;
    config_ = reloaded.config;
    if (!said) LogChange(*config_, problem_);
  }
  put_in_force_(reloaded.config);
}

void TlsKeeper::LogChange(const edge::TlsConfig& config,
                          const absl::Status& problem) {
  const bool refuses = config.lists_expire_time() == absl::InfinitePast();
  if (!problem.ok()) {
    LogError(
        "certificates_refused",
        {{"reason", ReasonOf(problem)},
         {"error", std::string(problem.message())},
         {"in_force",
          refuses ? "nothing: nobody is served until this is mended; psm-pki "
                    "writes the files anew at its next command"
                  : "the identity before, with the new roots and lists"}});
    return;
  }
  stale_ = false;
  LogInfo("certificates_in_force",
          {{"serial", config.certificate().serial()},
           {"not_after", absl::FormatTime(config.not_after())},
           {"list_number", absl::StrCat(config.list_number())}});
}

std::string TlsKeeper::Report() {
  MutexLock lock(mu_);
  if (config_ == nullptr) return "";  // before Load
  const absl::Time until = config_->lists_expire_time();
  std::string refuses;
  if (until == absl::InfinitePast()) {
    refuses = std::string(problem_.message());
  } else if (clock_.Now() >= until) {
    refuses = "the revocation lists have expired; renew the lists";
    if (!std::exchange(stale_, true)) {
      LogError("revocation_lists_expired",
               {{"not_after", absl::FormatTime(until)},
                {"in_force",
                 "nothing: nobody is served until there are new lists; run: "
                 "psm-pki renew"}});
    }
  }
  nlohmann::ordered_json report;
  report["pid"] = getpid();
  report["certificate"] = config_->certificate().serial();
  report["list_number"] = config_->list_number();
  report["refuses"] = refuses;
  report["peers"] = nlohmann::ordered_json::object();
  for (const auto& [authority, systems] : config_->peers_in_use().Snapshot())
    report["peers"][authority] = systems;
  return report.dump() + "\n";
}

void TlsKeeper::WriteReport() {
  absl::Status written = MakeFolder(FolderOf(report_file_), Outlives::kProcess);
  written.Update(
      WriteWholeFile(report_file_, Report(), kPrivate, Outlives::kProcess));
  if (!written.ok())
    LogWarning("report_not_written",
               {{"error", std::string(written.message())}});
}

}  // namespace psm
