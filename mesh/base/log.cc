#include "mesh/base/log.h"

#include <memory>

#include "mesh/base/clock.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace psm {
namespace {

std::string& SystemName() {
  static std::string& name = *new std::string("psm");
  return name;
}

// spdlog brings the locked, line-buffered sink; its JSON patterns do not
// escape, so the line is built here.
spdlog::logger& Logger() {
  static spdlog::logger& logger = [&]() -> spdlog::logger& {
    auto* made = new spdlog::logger(
        "psm", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::info);
    return *made;
  }();
  return logger;
}

void Write(const char* level, spdlog::level::level_enum severity,
           absl::string_view event, LogFields fields) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", SystemClock().Now(),
                                  absl::UTCTimeZone());
  line["level"] = level;
  line["system"] = SystemName();
  line["event"] = std::string(event);
  for (const auto& [key, value] : fields) line[std::string(key)] = value;
  Logger().log(severity, line.dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace));
}

}  // namespace

void InitLog(absl::string_view system) { SystemName() = std::string(system); }

void LogInfo(absl::string_view event, LogFields fields) {
  Write("info", spdlog::level::info, event, fields);
}
void LogWarning(absl::string_view event, LogFields fields) {
  Write("warning", spdlog::level::warn, event, fields);
}
void LogError(absl::string_view event, LogFields fields) {
  Write("error", spdlog::level::err, event, fields);
}

}  // namespace psm
