// How many appends a second one worker gets durable, and what each costs:
//   record_store_benchmark FOLDER [SECONDS]
// The folder must be empty or missing, on the disk to be measured.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "mesh/records/record_store.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// `waiters` coroutines on one thread, each with one append under way at a time.
int Measure(RecordStore& store, int waiters, double seconds) {
  using Clock = std::chrono::steady_clock;
  LoopExecutor loop;
  const records::v1::Record sample = SampleRecord(1);
  const RecordStore::Figures before = store.figures();
  const double cpu = CpuSeconds();
  const Clock::time_point start = Clock::now();
  bool stop = false;
  bool failed = false;
  int running = waiters;
  double wait = 0;  // summed over all appends
  auto run = [&](RecordStore& log) -> Detached {
    while (!stop) {
      Completion<absl::StatusOr<Recorded>> done;
      std::vector<records::v1::Record> records(1, sample);
      const Clock::time_point asked = Clock::now();
      log.Append(std::move(records), loop, &done);
      absl::StatusOr<Recorded> status = co_await done;
      const Clock::time_point now = Clock::now();
      wait += std::chrono::duration<double>(now - asked).count();
      failed = failed || !status.ok();
      stop = stop || failed ||
             std::chrono::duration<double>(now - start).count() > seconds;
    }
    --running;
  };
  for (int i = 0; i < waiters; ++i) run(store);
  loop.RunUntil([&] { return running == 0; });
  const double wall =
      std::chrono::duration<double>(Clock::now() - start).count();
  const double used = CpuSeconds() - cpu;
  const RecordStore::Figures after = store.figures();
  const auto appends = static_cast<double>(after.appended - before.appended);
  std::printf(
      "%4d waiting: %8.0f appends/s, %6.1f us CPU each, %6.0f us mean wait, "
      "%5.1f appends a sync\n",
      waiters, appends / wall, used / appends * 1e6, wait / appends * 1e6,
      appends / static_cast<double>(after.commits - before.commits));
  return failed ? 1 : 0;
}

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [SECONDS]\n", argv[0]);
    return 64;
  }
  RecordStoreOptions options;
  options.folder = argv[1];
  options.signer = NewTestSigner();
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  SystemClock clock;
  auto store = RecordStore::Open(options, clock, SystemRandom());
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", std::string(store.status().message()).c_str());
    return 1;
  }
  std::printf("a record of %zu bytes\n", SampleRecord(1).ByteSizeLong());
  int failed = 0;
  for (int waiters : {1, 4, 16, 64, 256}) {
    failed += Measure(**store, waiters, seconds);
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace psm

int main(int argc, char** argv) { return psm::Main(argc, argv); }
