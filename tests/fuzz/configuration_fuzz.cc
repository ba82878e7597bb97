// A file of the configuration, as an editor, a broken disk or an attacker of
// the deployment may leave it: loaded and checked without a crash, and whatever
// is wrong is said with its file.
#include "absl/strings/match.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/directory.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const psm::TempFolder& folder = *new psm::TempFolder;
  folder.Write("config.textproto", psm::AsText(data, size));
  const auto configuration = psm::LoadConfiguration({folder.path()});
  if (!configuration.ok()) {
    psm::Require(
        psm::ReasonOf(configuration.status()) == "CONFIGURATION_INVALID" &&
            absl::StrContains(configuration.status().message(),
                              "config.textproto"),
        "an error names the file");
    return 0;
  }
  const auto directory = psm::Directory::Create(*configuration);
  if (!directory.ok()) {
    psm::Require(
        absl::StrContains(directory.status().message(), "config.textproto:"),
        "an error names file and line");
    return 0;
  }
  for (const psm::System* system : (*directory)->systems())
    psm::Require(psm::IsSystemId(system->id), "a system has an id");
  return 0;
}
