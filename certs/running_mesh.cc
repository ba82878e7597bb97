#include "certs/running_mesh.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"
#include "nlohmann/json.hpp"

namespace psm::pki {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kAskPatience = absl::Seconds(5);
constexpr std::chrono::milliseconds kPause(100);

}  // namespace

std::vector<std::string> RunFolderMesh::Serving() {
  std::vector<std::string> systems;
  std::error_code none;
  const fs::path folder = run_ + "/endpoints";
  for (fs::recursive_directory_iterator at(folder, none);
       !none && at != fs::recursive_directory_iterator(); at.increment(none)) {
    std::string id = fs::relative(at->path(), folder, none).string();
    if (IsSystemId(id) && at->is_regular_file(none))
      systems.push_back(std::move(id));
  }
  std::sort(systems.begin(), systems.end());
  return systems;
}

absl::StatusOr<EndpointAnswer> RunFolderMesh::Ask(absl::string_view system,
                                                  const SystemIdentity& as) {
  PSM_ASSIGN_OR_RETURN(const std::string endpoint,
                       ReadFile(absl::StrCat(run_, "/endpoints/", system)));
  return AskEndpoint(std::string(absl::StripAsciiWhitespace(endpoint)), as,
                     kAskPatience);
}

absl::StatusOr<GatewayInForce> RunFolderMesh::Gateway() {
  const std::string file = absl::StrCat(run_, "/in-force/", kGatewaySystem);
  PSM_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  // The library throws where a value has another type.
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    // One that was killed left it behind.
    if (kill(json.at("pid").get<pid_t>(), 0) != 0 && errno == ESRCH)
      return absl::NotFoundError("the gateway does not run");
    GatewayInForce gateway;
    gateway.certificate = json.at("certificate").get<std::string>();
    gateway.list_number = json.at("list_number").get<std::uint64_t>();
    gateway.refuses = json.at("refuses").get<std::string>();
    gateway.peers =
        json.at("peers").get<std::map<std::string, std::vector<std::string>>>();
    return gateway;
  } catch (const nlohmann::json::exception&) {
    return absl::DataLossError(absl::StrCat(file, " cannot be understood"));
  }
}

void RunFolderMesh::Pause() { std::this_thread::sleep_for(kPause); }

}  // namespace psm::pki
