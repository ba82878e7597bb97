// watch.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "mesh/cli/follow_file.h"
#include "mesh/cli/interrupt.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

std::string Shortened(const std::string& code) {
  if (code.empty()) return "-";
  return code.size() <= 8 ? code : code.substr(0, 6) + "..";
}

void ShowLeg(absl::string_view text) {
  nlohmann::json leg = nlohmann::json::parse(text.begin(), text.end(), nullptr,
                                             /*allow_exceptions=*/false);
  if (!leg.is_object()) return;
  auto word = [&](const char* key) { return leg.value(key, std::string()); };
  const std::string provider = word("provider");
  // Of "2026-11-22T04:05:59.750Z".
  const std::string time =
      word("time").size() < 23 ? word("time") : word("time").substr(11, 12);
  std::string items =
      absl::StrJoin(leg.value("released", std::vector<std::string>()), ",");
  const std::vector<std::string> withheld =
      leg.value("withheld", std::vector<std::string>());
  if (!withheld.empty())
    absl::StrAppend(&items, " (withheld ", absl::StrJoin(withheld, ","), ")");
  const std::string whom =
      word("corporation").empty()
          ? absl::StrCat(Shortened(word("consumer_code")), " > ",
                         Shortened(word("provider_code")))
          : word("corporation");
  const std::string outcome =
      word("outcome") == "OK"
          ? "OK"
          : absl::StrCat("REFUSED ", word("reason").empty() ? word("outcome")
                                                            : word("reason"));
  const std::string ends =
      absl::StrCat(word("consumer"), " > ", provider.empty() ? "-" : provider);
  const std::string method =
      word("method").substr(word("method").find('/') + 1);
  const std::string took = absl::StrFormat("%.1f ms", leg.value("ms", 0.0));
  const std::string done =
      absl::StrCat(outcome, items.empty() ? "" : "  ", items);
  // A pipe gets one line a leg; so does a terminal that has room for it.
  constexpr std::size_t kRoom = 120;
  if (TerminalWidth(kRoom) >= kRoom) {
    std::printf("%s  %s  %s  %s  %s  %9s  %s\n", time.c_str(),
                Pad(ends, 40).c_str(), Pad(word("affair"), 20).c_str(),
                Pad(whom, 20).c_str(), method.c_str(), took.c_str(),
                done.c_str());
  } else {
    const std::vector<std::string> lines = {
        absl::StrCat(time, "  ", ends),
        absl::StrCat("  ", word("affair"), "  ", method),
        absl::StrCat("  ", whom, "  ", took, "  ", done)};
    for (const std::string& whole : lines) {
      for (const std::string& part : Wrap(whole, TerminalWidth()))
        std::printf("%s\n", part.c_str());
    }
  }
  std::fflush(stdout);
}

}  // namespace

void AddWatch(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "watch",
      "One line for each exchange, live (development only); Ctrl-C ends it");
  verb->footer(
      "Shows agencies, affair, the subject's code at both ends, method, time "
      "taken, outcome, items.\n"
      "Examples:\n  ./psm watch\n  ./psm watch --json | jq .");
  auto* json = new bool(false);
  verb->add_flag("--json", *json, "The lines as they are");
  verb->callback([&line, json] {
    line.chosen = [&line, json]() -> absl::Status {
      absl::StatusOr<LaunchOptions> settings = ReadSettings(line.run);
      if (!settings.ok()) return settings.status();
      ListenForInterrupts();
      return FollowFile(RunFolder(line.run).Legs(), interrupted,
                        [&](absl::string_view text) {
                          if (!*json) return ShowLeg(text);
                          std::printf("%s\n", std::string(text).c_str());
                          std::fflush(stdout);
                        });
    };
  });
}

}  // namespace psm
