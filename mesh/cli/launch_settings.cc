#include "mesh/cli/launch_settings.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/cli/run_folder.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

// Counted up when a version keeps its state in a way that an older one, or a
// newer one, does not understand.
constexpr int kRunFolderFormat = 1;

}  // namespace

absl::Status WriteSettings(const LaunchOptions& options, int port) {
  nlohmann::ordered_json settings;
  settings["format"] = kRunFolderFormat;
  settings["configuration"] = options.configuration;
  settings["programs"] = options.programs;
  settings["port"] = port;
  settings["admin_port"] = options.admin_port;
  settings["without"] = options.without;
  settings["residents"] = options.residents;
  settings["businesses"] = options.businesses;
  settings["seed"] = options.seed;
  return WriteWholeFile(RunFolder(options.run).Settings(),
                        settings.dump(2) + "\n", kPrivate, Outlives::kProcess);
}

absl::StatusOr<LaunchOptions> ReadSettings(const std::string& run) {
  const std::string file = RunFolder(run).Settings();
  std::ifstream in(file);
  if (!in) {
    return absl::NotFoundError(
        absl::StrCat("no mesh was started in ", run, "; ./psm up starts one"));
  }
  LaunchOptions options;
  options.run = run;
  // The library throws where a value has another type.
  try {
    const nlohmann::json settings = nlohmann::json::parse(in);
    options.configuration =
        settings.value("configuration", std::vector<std::string>());
    options.programs = settings.value("programs", "");
    options.port = settings.value("port", options.port);
    options.admin_port = settings.value("admin_port", options.admin_port);
    options.without = settings.value("without", std::vector<std::string>());
    options.residents = settings.value("residents", options.residents);
    options.businesses = settings.value("businesses", options.businesses);
    options.seed = settings.value("seed", options.seed);
  } catch (const nlohmann::json::exception&) {
    return absl::FailedPreconditionError(
        absl::StrCat(file, " cannot be understood; ./psm down && rm -r ", run,
                     " to start afresh"));
  }
  return options;
}

absl::Status CheckRunFolderFormat(const std::string& run) {
  std::ifstream in(RunFolder(run).Settings());
  if (!in) return absl::OkStatus();  // nothing was started here yet
  nlohmann::json settings =
      nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  const bool known = settings.is_object() && settings.contains("format") &&
                     settings["format"].is_number_integer();
  const int format = known ? settings["format"].get<int>() : 0;
  if (format == kRunFolderFormat) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the run folder ", run, " is of another version of psm (format ", format,
      ", not ", kRunFolderFormat,
      "); ./psm down && rm -r it to start afresh, or choose another with "
      "--run"));
}

}  // namespace psm
