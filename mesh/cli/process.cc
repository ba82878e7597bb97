#include "mesh/cli/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mesh/base/clock.h"
#include "mesh/base/descriptor.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// State letter and start time of a process; nullopt where it is gone.
struct Stat {
  char state;
  std::uint64_t start_time;
};

absl::StatusOr<Stat> StatOf(pid_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/stat"));
  std::string line;
  if (!std::getline(in, line)) return absl::NotFoundError("no such process");
  // The program's name is in parentheses and may hold anything: fields count
  // from the last one.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos)
    return absl::InternalError("cannot read /proc");
  std::vector<std::string> fields =
      absl::StrSplit(line.substr(name_end + 2), ' ');
  constexpr std::size_t kStartTime = 19;  // field 22; the state is field 3
  Stat stat{fields.at(0)[0], 0};
  if (fields.size() <= kStartTime ||
      !absl::SimpleAtoi(fields[kStartTime], &stat.start_time)) {
    return absl::InternalError("cannot read /proc");
  }
  return stat;
}

// A descriptor that becomes readable when the process ends; -1 where it is
// gone.
int OpenPidFd(const ProcessName& process) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));
  if (fd < 0) return -1;
  // The pid may have been recycled before the descriptor was opened.
  if (!IsRunning(process)) {
    close(fd);
    return -1;
  }
  return fd;
}

int MillisecondsLeft(absl::Duration deadline) {
  const absl::Duration left = deadline - SystemClock().Monotonic();
  return static_cast<int>(
      std::clamp<std::int64_t>(absl::ToInt64Milliseconds(left) + 1, 0, 1000));
}

[[noreturn]] void Exec(const SpawnOptions& options, int log, pid_t parent) {
  if (options.dies_with_parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it ended in between
  }
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  for (const auto& [name, value] : options.environment)
    setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : options.command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  dprintf(STDERR_FILENO, "cannot execute %s\n", arguments[0]);
  _exit(127);
}

}  // namespace

absl::StatusOr<ProcessName> Spawn(const SpawnOptions& options) {
  const std::string& program = options.command.front();
  if (access(program.c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat(
        program, " is not there or cannot be executed; build it first"));
  }
  Descriptor log(open(options.log.c_str(),
                      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (log.get() < 0)
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("cannot write ", options.log));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "cannot start a process");
  if (pid == 0) Exec(options, log.get(), parent);
  PSM_ASSIGN_OR_RETURN(Stat stat, StatOf(pid));
  return ProcessName{pid, stat.start_time};
}

bool IsRunning(const ProcessName& process) {
  absl::StatusOr<Stat> stat = StatOf(process.pid);
  if (!stat.ok() || stat->start_time != process.start_time) return false;
  if (stat->state != 'Z') return true;
  // A first thread that has ended while others are still ending: its files and
  // locks are still held.
  std::error_code gone;
  std::size_t threads = 0;
  for (std::filesystem::directory_iterator task(
           absl::StrCat("/proc/", process.pid, "/task"), gone);
       !gone && task != std::filesystem::directory_iterator();
       task.increment(gone)) {
    ++threads;
  }
  return threads > 1;
}

absl::Status SignalProcess(const ProcessName& process, int signal) {
  Descriptor pidfd(OpenPidFd(process));
  if (pidfd.get() < 0 ||
      syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) != 0) {
    return absl::NotFoundError(
        absl::StrCat("process ", process.pid, " does not run"));
  }
  return absl::OkStatus();
}

absl::Status StopProcess(const ProcessName& process, absl::Duration patience) {
  Descriptor pidfd(OpenPidFd(process));
  if (pidfd.get() >= 0) {
    syscall(SYS_pidfd_send_signal, pidfd.get(), SIGTERM, nullptr, 0);
    const absl::Duration deadline = SystemClock().Monotonic() + patience;
    pollfd ended{pidfd.get(), POLLIN, 0};
    while (poll(&ended, 1, MillisecondsLeft(deadline)) == 0) {
      if (SystemClock().Monotonic() < deadline) continue;
      syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
      poll(&ended, 1, -1);
      break;
    }
  }
  waitpid(process.pid, nullptr, WNOHANG);  // where it was our own child
  return absl::OkStatus();
}

absl::StatusOr<std::string> AwaitFile(const std::string& file,
                                      const ProcessName& process,
                                      absl::Duration patience) {
  const absl::Duration deadline = SystemClock().Monotonic() + patience;
  Descriptor notify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  const std::string folder = file.substr(0, file.rfind('/'));
  // Watched before the first look, so that no change falls in between.
  if (inotify_add_watch(notify.get(), folder.c_str(),
                        IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot watch ", folder));
  }
  Descriptor pidfd(OpenPidFd(process));
  for (;;) {
    std::ifstream in(file);
    std::string line;
    if (std::getline(in, line) && !line.empty()) return line;
    if (pidfd.get() < 0 || !IsRunning(process))
      return absl::FailedPreconditionError("the process has ended");
    if (SystemClock().Monotonic() >= deadline)
      return absl::DeadlineExceededError("the process does not serve yet");
    pollfd events[] = {{notify.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
    poll(events, 2, MillisecondsLeft(deadline));
    char drained[4096];
    while (read(notify.get(), drained, sizeof(drained)) > 0) {
    }
  }
}

absl::Status RunProgram(const SpawnOptions& options) {
  PSM_ASSIGN_OR_RETURN(ProcessName process, Spawn(options));
  int result = 0;
  while (waitpid(process.pid, &result, 0) < 0) {
    if (errno != EINTR)
      return absl::ErrnoToStatus(errno, "cannot wait for a program");
  }
  if (WIFEXITED(result) && WEXITSTATUS(result) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(options.command.front(), " failed:\n",
                                          LastLines(options.log, 5)));
}

absl::Status WriteProcessName(const std::string& file,
                              const ProcessName& process) {
  return WriteWholeFile(
      file, absl::StrCat(process.pid, " ", process.start_time, "\n"), kPrivate,
      Outlives::kProcess);
}

absl::StatusOr<ProcessName> ReadProcessName(const std::string& file) {
  std::ifstream in(file);
  ProcessName process;
  if (!(in >> process.pid >> process.start_time))
    return absl::NotFoundError(absl::StrCat("no process in ", file));
  return process;
}

std::string LastLines(const std::string& file, int lines) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  std::vector<std::string> all =
      absl::StrSplit(text.str(), '\n', absl::SkipEmpty());
  const std::size_t first = all.size() > static_cast<std::size_t>(lines)
                                ? all.size() - static_cast<std::size_t>(lines)
                                : 0;
  return absl::StrJoin(all.begin() + static_cast<std::ptrdiff_t>(first),
                       all.end(), "\n");
}

}  // namespace psm
