#include "tests/bench/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm::bench {
namespace {

constexpr absl::Duration kStartPatience = absl::Seconds(10);

sockaddr_in Local(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// Whether somebody accepts connections there.
bool Listens(int port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return false;
  const sockaddr_in address = Local(port);
  const bool connected =
      connect(socket_fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0;
  close(socket_fd);
  return connected;
}

// Debian puts daemons where only root looks.
std::string Find(absl::string_view program) {
  const char* path = std::getenv("PATH");
  const std::string folders =
      absl::StrCat(path == nullptr ? "" : path, ":/usr/sbin:/usr/bin");
  for (absl::string_view folder : absl::StrSplit(folders, ':')) {
    std::string file = absl::StrCat(folder, "/", program);
    if (!folder.empty() && access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

absl::StatusOr<std::string> ProgramOf(absl::string_view proxy) {
  std::string program = Find(proxy);
  if (!program.empty()) return program;
  return absl::NotFoundError(
      absl::StrCat(proxy, " is not installed (Debian's package ",
                   PackageOf(proxy), "); ./psm bench installs it"));
}

}  // namespace

const std::vector<std::string>& ProxyNames() {
  static const auto* const names =
      new std::vector<std::string>{"haproxy", "nginx", "nghttpx"};
  return *names;
}

absl::string_view PackageOf(absl::string_view proxy) {
  return proxy == "nginx"     ? "nginx-light"
         : proxy == "nghttpx" ? "nghttp2-proxy"
                              : "haproxy";
}

absl::StatusOr<std::string> ProxyVersion(absl::string_view proxy) {
  PSM_ASSIGN_OR_RETURN(const std::string program, ProgramOf(proxy));
  FILE* pipe = popen(
      absl::StrCat(program, proxy == "nghttpx" ? " --version" : " -v", " 2>&1")
          .c_str(),
      "r");
  if (pipe == nullptr)
    return absl::UnavailableError(absl::StrCat("cannot run ", program));
  char line[256] = "";
  const bool said = fgets(line, sizeof line, pipe) != nullptr;
  pclose(pipe);
  if (!said)
    return absl::UnavailableError(absl::StrCat(program, " says nothing"));
  const std::string version = line;
  return version.substr(0, version.find_last_not_of("\r\n ") + 1);
}

absl::StatusOr<ProcessName> StartProxy(absl::string_view proxy,
                                       const ProxyPlace& place) {
  PSM_ASSIGN_OR_RETURN(const std::string program, ProgramOf(proxy));
  const std::string file = absl::StrCat(place.folder, "/", proxy, ".conf");
  PSM_RETURN_IF_ERROR(WriteWholeFile(file, ProxyConfiguration(proxy, place),
                                     kPrivate, Outlives::kProcess));
  SpawnOptions spawn;
  spawn.log = place.folder + "/log";
  spawn.dies_with_parent = true;
  if (proxy == "haproxy") {
    spawn.command = {program, "-db", "-f", file};
  } else if (proxy == "nginx") {
    spawn.command = {program, "-p", place.folder,         "-c",
                     file,    "-e", place.folder + "/log"};
    // Its workers need to get at keys of mode 0600.
    if (geteuid() == 0) {
      spawn.command.push_back("-g");
      spawn.command.push_back("user root;");
    }
  } else {
    spawn.command = {program, absl::StrCat("--conf=", file)};
  }
  PSM_ASSIGN_OR_RETURN(const ProcessName process, Spawn(spawn));

  const SystemClock clock;
  const absl::Duration deadline = clock.Monotonic() + kStartPatience;
  while (!Listens(place.port)) {
    if (!IsRunning(process) || clock.Monotonic() >= deadline) {
      StopProcess(process, absl::ZeroDuration()).IgnoreError();
      return absl::UnavailableError(
          absl::StrCat(proxy, " does not listen; its log ", spawn.log,
                       " ends with:\n", LastLines(spawn.log, 5)));
    }
    poll(nullptr, 0, /*timeout=*/5);  // between two attempts
  }
  return process;
}

absl::StatusOr<int> FreePort() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Local(0);
  socklen_t size = sizeof address;
  const bool bound =
      socket_fd >= 0 &&
      bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
      getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (socket_fd >= 0) close(socket_fd);
  if (!bound) return absl::UnavailableError("no port is free");
  return ntohs(address.sin_port);
}

}  // namespace psm::bench
