// strace runs beside the gateway (-D), so that the process which the mesh has
// started is the gateway itself, and writes a file for each thread (-ff), so
// that no line is cut in two by another thread's.
#include "tests/crash/traced_programs.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;

// What changes files: traced whatever is injected.
constexpr char kWriting[] =
    "pwrite64,write,fdatasync,fsync,syncfs,ftruncate,rename";
constexpr int kLooks = 2000;  // for the end of a trace, 1 ms apart

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", text, "'");
}

// A line of strace's: `name(arguments) = result`.
struct Line {
  absl::string_view name;
  absl::string_view arguments;
  absl::string_view result;  // "?" where the process was killed in it
};

Line Parse(absl::string_view text) {
  Line line;
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(") = ");
  if (open == text.npos || close == text.npos || close < open) return line;
  line.name = text.substr(0, open);
  line.arguments = text.substr(open + 1, close - open - 1);
  line.result = text.substr(close + 4);
  return line;
}

// Of "5</path/file>, ...".
std::string FileOf(absl::string_view arguments) {
  const std::size_t open = arguments.find('<');
  const std::size_t close = arguments.find('>');
  if (open == arguments.npos || close == arguments.npos) return "";
  return std::string(arguments.substr(open + 1, close - open - 1));
}

// The names in "..." of the arguments.
std::vector<std::string> Names(absl::string_view arguments) {
  const std::vector<absl::string_view> parts = absl::StrSplit(arguments, '"');
  std::vector<std::string> names;
  for (std::size_t i = 1; i < parts.size(); i += 2)
    names.emplace_back(parts[i]);
  return names;
}

// The numbers at the end of "..., 512, 128".
std::vector<std::uint64_t> Numbers(absl::string_view arguments) {
  std::vector<std::uint64_t> numbers;
  for (absl::string_view part : absl::StrSplit(arguments, ", ")) {
    std::uint64_t number = 0;
    if (absl::SimpleAtoi(part, &number)) numbers.push_back(number);
  }
  return numbers;
}

std::string KindOf(const std::string& file) {
  std::string kind = fs::path(file).filename().string();
  kind.erase(std::remove_if(kind.begin(), kind.end(),
                            [](char c) { return c >= '0' && c <= '9'; }),
             kind.end());
  return kind.empty() ? "tile" : kind;  // whose names are numbers
}

}  // namespace

absl::Status TracedPrograms::Works() {
  // As it is used below: a sibling of the process that kills it.
  const int ended = std::system(
      "exec strace -D -f -qq -e signal=none -o /dev/null -e trace=openat "
      "-e inject=openat:signal=SIGKILL:when=1 cat /dev/null 2>&1");
  if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL) return absl::OkStatus();
  return absl::UnavailableError(
      "strace cannot kill a process here; it must be installed, and ptrace be "
      "allowed (SYS_PTRACE in a container)");
}

TracedPrograms::TracedPrograms(const std::string& built, std::string folder)
    : gateway_(built + "/psm-gateway"), folder_(std::move(folder)) {
  fs::create_directories(folder_ + "/bin");
  for (const auto& program : fs::directory_iterator(built)) {
    const std::string name = program.path().filename().string();
    if (name != "psm-gateway") {
      fs::create_symlink(program.path(), absl::StrCat(folder_, "/bin/", name));
    }
  }
  LeaveAlone();
}

void TracedPrograms::WriteGateway(const std::string& command) {
  const std::string file = folder_ + "/bin/psm-gateway";
  std::ofstream(file) << "#!/bin/sh\nexec " << command << Quoted(gateway_)
                      << " \"$@\"\n";
  EXPECT_EQ(chmod(file.c_str(), 0700), 0);
}

void TracedPrograms::LeaveAlone() { WriteGateway(""); }

void TracedPrograms::Inject(const Injection& injection) {
  injected_ = injection.calls;
  fs::remove_all(folder_ + "/trace");
  fs::create_directory(folder_ + "/trace");
  std::string command =
      absl::StrCat("strace -D -ff -q -y -s 0 -e signal=SIGKILL -o ",
                   Quoted(folder_ + "/trace/thread"), " -e trace=", kWriting,
                   ",", injection.calls, " -e inject=", injection.calls, ":",
                   injection.fault, ":when=", injection.when, " ");
  for (const std::string& path : injection.paths)
    absl::StrAppend(&command, "-P ", Quoted(path), " ");
  WriteGateway(command);
}

std::vector<std::string> TracedPrograms::ReadTrace() const {
  std::vector<std::string> threads;
  bool whole = false;
  for (int look = 0; look < kLooks && !whole; ++look) {
    if (look > 0) poll(nullptr, 0, /*timeout=*/1);  // between two looks
    threads.clear();
    whole = true;
    for (const auto& file : fs::directory_iterator(folder_ + "/trace")) {
      std::ifstream in(file.path());
      std::string text(std::istreambuf_iterator<char>(in), {});
      whole = whole && absl::EndsWith(text, " +++\n");
      threads.push_back(std::move(text));
    }
    whole = whole && !threads.empty();
  }
  EXPECT_TRUE(whole) << "strace has not said how the gateway ended";
  return threads;
}

std::vector<EndedIn> TracedPrograms::Ended() const {
  const std::vector<std::string> injected = absl::StrSplit(injected_, ',');
  std::vector<EndedIn> ended;
  for (const std::string& thread : ReadTrace()) {
    for (absl::string_view text : absl::StrSplit(thread, '\n')) {
      const Line line = Parse(text);
      if (line.result != "?" || std::find(injected.begin(), injected.end(),
                                          line.name) == injected.end()) {
        continue;
      }
      std::string file = FileOf(line.arguments);
      const std::vector<std::string> names = Names(line.arguments);
      if (!names.empty() && !names.back().empty()) file = names.back();
      ended.push_back({std::string(line.name), KindOf(file)});
    }
  }
  return ended;
}

std::vector<Unsynced> TracedPrograms::LeftUnsynced() const {
  std::vector<Unsynced> left;
  for (const std::string& thread : ReadTrace()) {
    // Each file is written by one thread at a time, and synced by it.
    std::map<std::string, std::vector<Unsynced>> written;
    for (absl::string_view text : absl::StrSplit(thread, '\n')) {
      const Line line = Parse(text);
      const std::string file = FileOf(line.arguments);
      const bool done = line.result == "0";
      if (line.name == "pwrite64" && line.result != "?") {
        const std::vector<std::uint64_t> numbers = Numbers(line.arguments);
        if (numbers.size() == 2)
          written[file].push_back({file, numbers[1], numbers[0]});
      } else if (line.name == "write" && absl::EndsWith(file, ".partial")) {
        const std::vector<std::uint64_t> numbers = Numbers(line.arguments);
        if (numbers.size() == 1) written[file] = {{file, 0, numbers[0]}};
      } else if ((line.name == "fdatasync" || line.name == "fsync") && done) {
        written.erase(file);
      } else if (line.name == "ftruncate") {
        written.erase(file);
      } else if (line.name == "syncfs" && done) {
        written.clear();
      } else if (line.name == "rename" && done) {
        const std::vector<std::string> names = Names(line.arguments);
        auto moved = names.size() == 2 ? written.extract(names[0])
                                       : decltype(written)::node_type();
        if (moved.empty()) continue;
        for (Unsynced& part : moved.mapped()) part.file = names[1];
        written[names[1]] = std::move(moved.mapped());
      }
    }
    for (const auto& [file, parts] : written)
      left.insert(left.end(), parts.begin(), parts.end());
  }
  return left;
}

int TracedPrograms::Failed() const {
  int failed = 0;
  for (const std::string& thread : ReadTrace()) {
    for (absl::string_view text : absl::StrSplit(thread, '\n'))
      failed += absl::EndsWith(text, " (INJECTED)");
  }
  return failed;
}

}  // namespace psm::testing
