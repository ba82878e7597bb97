#include "tests/support/mesh_template.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/renewal_process.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;

// Changes with every build of a program and with the configuration: what a
// first start makes may then be different.
std::string FingerprintOf(const LaunchOptions& options) {
  std::vector<std::string> programs;
  std::error_code ignored;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(options.programs, ignored)) {
    struct stat info = {};
    if (stat(entry.path().c_str(), &info) != 0) continue;
    programs.push_back(absl::StrCat(entry.path().string(), " ", info.st_size,
                                    " ", info.st_mtim.tv_sec, ".",
                                    info.st_mtim.tv_nsec));
  }
  std::sort(programs.begin(), programs.end());
  std::string text = ConfigurationFingerprint(options.configuration) + "\n";
  for (const std::string& program : programs)
    absl::StrAppend(&text, program, "\n");
  return absl::BytesToHexString(Sha256(text)).substr(0, 16);
}

absl::Status MakeAt(const std::string& run, LaunchOptions options) {
  options.run = run;
  options.port = 0;
  options.dies_with_parent = true;
  options.without = {kRenewalProcess};
  auto silent = [](absl::string_view) {};
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher,
                       Launcher::Create(std::move(options)));
  PSM_RETURN_IF_ERROR(launcher->Prepare(silent));
  PSM_RETURN_IF_ERROR(launcher->Start(silent));
  PSM_RETURN_IF_ERROR(launcher->Stop());
  for (const char* trace : {"/endpoints", "/in-force", "/kept", "/logs",
                            "/pids", "/records", "/settings.json"})
    fs::remove_all(run + trace);
  return absl::OkStatus();
}

}  // namespace

absl::Status CopyMeshTemplate(const std::string& cache,
                              const LaunchOptions& options) {
  PSM_RETURN_IF_ERROR(MakeFolder(cache));
  // Kept while copying, so that nobody removes what is being copied. Goes with
  // the process that holds it, however that ends.
  PSM_ASSIGN_OR_RETURN(const FolderLock lock, FolderLock::Take(cache));
  const std::string kind = absl::StrCat(
      options.residents, "-", options.businesses, "-", options.seed, "-");
  const std::string folder =
      absl::StrCat(cache, "/", kind, FingerprintOf(options));
  std::error_code error;
  if (!fs::exists(folder)) {
    // Older ones belong to programs that are no more.
    std::vector<fs::path> old;
    for (const fs::directory_entry& entry : fs::directory_iterator(cache)) {
      if (absl::StartsWith(entry.path().filename().string(), kind))
        old.push_back(entry.path());
    }
    for (const fs::path& path : old) fs::remove_all(path, error);
    const std::string draft = folder + ".new";
    PSM_RETURN_IF_ERROR(MakeAt(draft, options));
    fs::rename(draft, folder, error);
    if (error)
      return absl::UnavailableError(
          absl::StrCat("cannot make ", folder, ": ", error.message()));
  }
  fs::copy(folder, options.run, fs::copy_options::recursive, error);
  if (error)
    return absl::UnavailableError(absl::StrCat(
        "cannot copy ", folder, " to ", options.run, ": ", error.message()));
  return absl::OkStatus();
}

}  // namespace psm::testing
