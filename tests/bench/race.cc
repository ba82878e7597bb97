#include "tests/bench/race.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/launcher.h"
#include "tests/bench/load.h"
#include "tests/bench/process_cost.h"

namespace psm::bench {
namespace {

void Pass(absl::Duration time) {
  std::this_thread::sleep_for(absl::ToChronoNanoseconds(time));
}

absl::StatusOr<Figures> Run(Stage& stage, edge::Worker& worker,
                            const Course& course, const RaceOptions& options) {
  const Stage::Target& target = stage.Via(course.via);
  LoadOptions calls = stage.Calls(course.scenario);
  calls.endpoint = target.endpoint;
  calls.concurrency = course.concurrency;
  calls.connections = course.connections;
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Load> load,
                       Load::Start(worker, stage.Caller(0), calls));
  // Now all of them are there, workers included.
  const std::vector<pid_t> processes =
      target.process == 0 ? std::vector<pid_t>() : ProcessTree(target.process);
  Pass(options.warm_up);
  ResetPeakMemory(processes);
  PSM_RETURN_IF_ERROR(CpuTime(processes).status());
  load->BeginWindow([processes] {
    return CpuTime(processes).value_or(absl::ZeroDuration());
  });
  Pass(options.measured);
  PSM_ASSIGN_OR_RETURN(LoadSample sample, load->EndWindow());
  // Where one has ended, there is an error here.
  PSM_ASSIGN_OR_RETURN(const std::int64_t peak, PeakMemoryKib(processes));
  if (sample.latencies_us.empty())
    return absl::DeadlineExceededError("no call ended in time");

  std::vector<std::uint32_t>& latencies = sample.latencies_us;
  std::sort(latencies.begin(), latencies.end());
  Figures figures;
  figures.calls = static_cast<double>(latencies.size());
  figures.cpu_us_per_call =
      absl::ToDoubleMicroseconds(sample.metered) / figures.calls;
  figures.calls_per_s = figures.calls / absl::ToDoubleSeconds(sample.took);
  figures.p50_us = Percentile(latencies, 0.5);
  figures.p99_us = Percentile(latencies, 0.99);
  figures.peak_rss_kib = static_cast<double>(peak);
  return figures;
}

std::string NameOf(const Course& course) {
  return absl::StrCat(course.scenario, " via ", course.via, ", ",
                      course.concurrency, " calls over ", course.connections);
}

}  // namespace

std::vector<Course> CoursesOf(const RaceOptions& options) {
  std::vector<Course> courses;
  for (const int connections : options.connections) {
    for (const int concurrency : options.concurrency) {
      const auto add = [&](const char* scenario, const std::string& via) {
        courses.push_back({scenario, via, concurrency, connections});
      };
      add("direct", "none");
      add("forward", "psm");
      for (const std::string& proxy : options.proxies) add("forward", proxy);
      add("exchange", "psm");
    }
  }
  return courses;
}

absl::StatusOr<Results> RunRace(
    Stage& stage, const Clock& clock, const RaceOptions& options,
    const std::atomic<bool>& interrupted,
    absl::FunctionRef<void(absl::string_view)> progress) {
  edge::Worker worker(clock, 0);
  worker.Start();
  Results results;
  for (int round = 1; round <= options.rounds; ++round) {
    progress(absl::StrCat("round ", round, " of ", options.rounds));
    for (const Course& course : CoursesOf(options)) {
      if (interrupted) return absl::CancelledError("interrupted");
      absl::StatusOr<Figures> figures = Run(stage, worker, course, options);
      if (!figures.ok()) {
        return absl::Status(
            figures.status().code(),
            absl::StrCat(NameOf(course), ": ", figures.status().message()));
      }
      results.Add(course, *figures);
    }
  }
  return results;
}

absl::StatusOr<std::int64_t> MemoryWithConnections(Stage& stage,
                                                   const Clock& clock,
                                                   int connections) {
  PSM_RETURN_IF_ERROR(stage.RestartGateway());
  const Stage::Target& gateway = stage.Via("psm");
  edge::Worker worker(clock, 0);
  worker.Start();
  std::vector<std::unique_ptr<Load>> loads;
  for (int i = 0; i < kCallers; ++i) {
    LoadOptions calls = stage.Calls("forward");
    calls.endpoint = gateway.endpoint;
    calls.connections = connections / kCallers;
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<Load> load,
                         Load::Start(worker, stage.Caller(i), calls));
    load->BeginWindow();
    loads.push_back(std::move(load));
  }
  // Calls wander over the connections of each caller, one at a time.
  for (auto& load : loads) {
    PSM_RETURN_IF_ERROR(
        load->AwaitCalls(static_cast<std::size_t>(connections / kCallers)));
    PSM_RETURN_IF_ERROR(load->EndWindow().status());
  }
  return PeakMemoryKib({gateway.process});
}

absl::StatusOr<MeshUp> TimeMeshUp(const std::string& folder,
                                  const std::string& programs,
                                  const std::string& source_root,
                                  const Clock& clock) {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  LaunchOptions launch;
  launch.run = folder;
  launch.configuration = {source_root + "/services",
                          programs + "/../contracts"};
  launch.programs = programs;
  launch.port = 0;
  launch.dies_with_parent = true;
  const auto up = [&]() -> absl::StatusOr<absl::Duration> {
    const auto silent = [](absl::string_view) {};
    const absl::Duration began = clock.Monotonic();
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher,
                         Launcher::Create(launch));
    PSM_RETURN_IF_ERROR(launcher->Prepare(silent));
    PSM_RETURN_IF_ERROR(launcher->Start(silent));
    const absl::Duration took = clock.Monotonic() - began;
    PSM_RETURN_IF_ERROR(launcher->Stop());
    return took;
  };
  MeshUp times;
  PSM_ASSIGN_OR_RETURN(times.first, up());
  PSM_ASSIGN_OR_RETURN(times.again, up());
  return times;
}

}  // namespace psm::bench
