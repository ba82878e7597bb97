// What the record store bears, on the disk of --folder (default: a temporary
// one; in it, `append` and `grown` are removed):
//   record_store_benchmark [--folder=DIR] [--records=N] [--keep]
//                          [--benchmark_...]
// Append: so many appends of one record each wait at any time. Grow: a log of
// --records (default 1,000,000) is written in ten steps, 1,024 waiting, records
// of a million subjects, and one in sixteen of a thousand busy ones; then
// pages, exchanges, proofs, starts and audits on it. With --records=10000000 it
// takes several minutes and 7 GB; --keep leaves the log for a next run with
// --keep, which then needs no Grow (--benchmark_filter=Page).
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/audit.h"
#include "mesh/records/log_key.h"
#include "mesh/records/record_store.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 10;
constexpr std::uint64_t kSubjects = 1'000'000;
constexpr std::uint64_t kBusySubjects = 1000;
constexpr int kGrowWaiting = 1024;

std::string& Folder() {
  static std::string folder;
  return folder;
}

const SystemClock& TheClock() {
  static const SystemClock clock;
  return clock;
}

// The same for every run in a folder: a log that was kept has its key's heads.
const std::shared_ptr<const tlog::NoteSigner>& Signer() {
  static const auto& signer = *[] {
    const std::string file = Folder() + "/grown.pem";
    const std::string origin = LogOrigin("benchmark");
    CreateLogKey(file, origin).IgnoreError();  // or it is there
    auto key = ReadLogKey(file, origin);
    if (!key.ok()) {
      std::fprintf(stderr, "%s\n", std::string(key.status().message()).c_str());
      std::exit(1);
    }
    return new std::shared_ptr<const tlog::NoteSigner>(*std::move(key));
  }();
  return signer;
}

std::unique_ptr<RecordStore> OpenStore(const std::string& folder, bool index,
                                       const std::string& tiles = "") {
  RecordStoreOptions options;
  options.folder = folder;
  options.tiles = tiles;
  options.index = index;
  options.signer = Signer();
  auto store = RecordStore::Open(options, TheClock(), SystemRandom());
  if (store.ok()) return *std::move(store);
  std::fprintf(stderr, "%s\n", std::string(store.status().message()).c_str());
  std::exit(1);
}

std::string SubjectOf(std::uint64_t number) {
  return absl::StrCat("subject-of-the-benchmark-", number % kSubjects);
}

// Somebody with much more to read than a page holds, in a log of millions.
std::string BusySubjectOf(std::uint64_t number) {
  return absl::StrCat("busy-one-of-the-benchmark-", number % kBusySubjects);
}

std::string ExchangeOf(std::uint64_t number) {
  return absl::StrCat("018f3c5e-0000-4000-8000-",
                      absl::Dec(number, absl::kZeroPad12));
}

// `count` appends of one record each by one thread, `waiting` under way at any
// time; false where one failed. Exchanges are numbered from `next` on.
bool AppendBySelf(RecordStore& store, std::int64_t count, std::int64_t waiting,
                  std::uint64_t next) {
  std::mt19937_64 random(20260401 + next);
  LoopExecutor loop;
  records::v1::Record sample = SampleRecord(1);
  sample.mutable_ask_time()->set_seconds(absl::ToUnixSeconds(TheClock().Now()));
  std::int64_t left = count;
  std::int64_t running = waiting;
  bool failed = false;
  auto run = [&](RecordStore& log) -> Detached {
    while (left > 0 && !failed) {
      --left;
      const std::uint64_t number = random();
      sample.set_subject(number >> 60 == 0 ? BusySubjectOf(number)
                                           : SubjectOf(number));
      sample.set_exchange_id(ExchangeOf(next++));
      Completion<absl::StatusOr<Recorded>> done;
      std::vector<records::v1::Record> records(1, sample);
      log.Append(std::move(records), loop, &done);
      absl::StatusOr<Recorded> recorded = co_await done;
      failed = failed || !recorded.ok();
    }
    --running;
  };
  for (std::int64_t i = 0; i < waiting; ++i) run(store);
  loop.RunUntil([&] { return running == 0; });
  return !failed;
}

// The same by as many threads as a gateway here has workers.
bool Append(RecordStore& store, std::int64_t count, std::int64_t waiting,
            std::uint64_t next) {
  const std::int64_t threads =
      std::clamp<std::int64_t>(std::thread::hardware_concurrency(), 1, waiting);
  std::vector<std::thread> others;
  std::atomic<bool> appended = true;
  // The first takes what does not divide.
  const std::int64_t part = count / threads;
  for (std::int64_t i = 1; i < threads; ++i) {
    others.emplace_back([&, i] {
      const auto first = next + static_cast<std::uint64_t>(count - i * part);
      if (!AppendBySelf(store, part, waiting / threads, first)) {
        appended = false;
      }
    });
  }
  if (!AppendBySelf(store, count - (threads - 1) * part,
                    waiting - (threads - 1) * (waiting / threads), next)) {
    appended = false;
  }
  for (std::thread& other : others) other.join();
  return appended;
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double MemoryMiB() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kib = 0;
  while (status >> word) {
    if (word == "VmRSS:") status >> kib;
  }
  return kib / 1024;
}

double BytesOf(const std::string& folder) {
  double bytes = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    const std::uintmax_t size = entry.file_size(ignored);
    if (!ignored) bytes += static_cast<double>(size);
  }
  return bytes;
}

void DropFromPageCache(const std::string& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const int fd = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
  }
}

void BM_Append(benchmark::State& state) {
  const std::string folder = Folder() + "/append";
  auto store = OpenStore(folder, state.range(1) != 0);
  const std::int64_t waiting = state.range(0);
  const std::int64_t at_a_time = 16 * waiting;
  const double cpu = CpuSeconds();
  while (state.KeepRunningBatch(at_a_time)) {
    if (!Append(*store, at_a_time, waiting, 0)) state.SkipWithError("refused");
  }
  const RecordStore::Figures figures = store->figures();
  const auto appends = static_cast<double>(figures.appended);
  store.reset();
  state.SetItemsProcessed(state.iterations());
  state.counters["cpu_us"] = (CpuSeconds() - cpu) / appends * 1e6;
  state.counters["a_sync"] = appends / static_cast<double>(figures.commits);
  fs::remove_all(folder);
}
BENCHMARK(BM_Append)
    ->ArgNames({"waiting", "index"})
    ->ArgsProduct({{1, 4, 16, 64, 256, 1024, 4096}, {0, 1}})
    ->UseRealTime();

// The log that grows, and what is then asked of it.
struct Grown {
  std::unique_ptr<RecordStore> store;
  std::uint64_t records = 0;
  std::string folder() const { return Folder() + "/grown"; }
  std::string tiles() const { return folder() + "/log"; }
};

// Open, with what an earlier run has kept.
Grown& TheLog() {
  static Grown grown;
  if (grown.store == nullptr) {
    grown.store = OpenStore(grown.folder(), true);
    grown.records = grown.store->figures().records;
  }
  return grown;
}

void BM_Grow(benchmark::State& state) {
  Grown& log = TheLog();
  const double cpu = CpuSeconds();
  while (state.KeepRunningBatch(state.range(0))) {
    if (!Append(*log.store, state.range(0), kGrowWaiting, log.records)) {
      state.SkipWithError("refused");
    }
  }
  state.SetItemsProcessed(state.iterations());
  log.records += static_cast<std::uint64_t>(state.iterations());
  const auto figures = log.store->figures();
  const auto records = static_cast<double>(log.records);
  const double index = BytesOf(log.folder() + "/index");
  state.counters["cpu_us"] =
      (CpuSeconds() - cpu) / static_cast<double>(state.range(0)) * 1e6;
  state.counters["records"] = records;
  state.counters["unindexed"] =
      static_cast<double>(figures.records - figures.indexed);
  state.counters["log_bytes"] = (BytesOf(log.folder()) - index) / records;
  state.counters["index_bytes"] = index / records;
  state.counters["memory_mib"] = MemoryMiB();
}

double ThreadCpuMicros() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 +
         static_cast<double>(time.tv_nsec) / 1e3;
}

// Asks again and again, and says how long the slowest took, and how much CPU:
// on a busy machine the first is mostly waiting for a turn.
template <typename Ask>
void MeasureEach(benchmark::State& state, Ask ask) {
  using Clock = std::chrono::steady_clock;
  std::mt19937_64 random(7);
  std::vector<double> times;
  std::vector<double> cpu;
  std::size_t found = 0;
  for (auto _ : state) {
    const double before = ThreadCpuMicros();
    const Clock::time_point start = Clock::now();
    const std::optional<std::size_t> records = ask(random());
    const std::chrono::duration<double, std::micro> time = Clock::now() - start;
    if (!records.has_value()) state.SkipWithError("cannot be read");
    cpu.push_back(ThreadCpuMicros() - before);
    found += records.value_or(0);
    times.push_back(time.count());
    state.SetIterationTime(time.count() / 1e6);
  }
  std::sort(times.begin(), times.end());
  std::sort(cpu.begin(), cpu.end());
  state.counters["p50_us"] = times[times.size() / 2];
  state.counters["p99_us"] = times[times.size() * 99 / 100];
  state.counters["p99_cpu_us"] = cpu[cpu.size() * 99 / 100];
  state.counters["found"] =
      static_cast<double>(found) / static_cast<double>(times.size());
}

void BM_Page(benchmark::State& state) {
  // Once and outside the time taken: of a large log few pages meet what one
  // before them has read.
  if (state.range(0) != 0) DropFromPageCache(TheLog().folder());
  const bool busy = state.range(1) != 0;
  MeasureEach(state, [&](std::uint64_t number) -> std::optional<std::size_t> {
    RecordQuery query;
    query.subject = busy ? BusySubjectOf(number) : SubjectOf(number);
    auto page = TheLog().store->List(query);
    if (!page.ok()) return std::nullopt;
    return page->records.size();
  });
}

void BM_Exchange(benchmark::State& state) {
  const bool known = state.range(0) != 0;
  MeasureEach(state, [&](std::uint64_t number) -> std::optional<std::size_t> {
    const std::string id =
        known ? ExchangeOf(number % TheLog().records) : absl::StrCat(number);
    auto found = TheLog().store->FindExchange(SampleRecord(1).consumer(), id,
                                              absl::InfinitePast());
    if (!found.ok()) return std::nullopt;
    return found->size();
  });
}

void BM_Start(benchmark::State& state) {
  const bool indexed = state.range(0) != 0;
  Grown& log = TheLog();
  for (auto _ : state) {
    state.PauseTiming();
    log.store.reset();
    if (!indexed) fs::remove_all(log.folder() + "/index");
    state.ResumeTiming();
    log.store = OpenStore(log.folder(), true);
  }
  state.counters["memory_mib"] = MemoryMiB();
}

// Publishes the whole log: the end of a store has.
void Publish(Grown& log) {
  log.store.reset();
  OpenStore(log.folder(), true, log.tiles());
}

void BM_Proof(benchmark::State& state) {
  Grown& log = TheLog();
  log.store.reset();
  log.store = OpenStore(log.folder(), true, log.tiles());
  while (ReasonOf(log.store->Prove(0, log.records).status()) ==
         "LOG_NOT_PUBLISHED") {
    std::this_thread::yield();
  }
  if (state.range(0) != 0) DropFromPageCache(log.folder());
  MeasureEach(state, [&](std::uint64_t number) -> std::optional<std::size_t> {
    auto proved = log.store->Prove(number % log.records, log.records);
    if (!proved.ok()) return std::nullopt;
    return proved->inclusion.size();
  });
}

// An audit of the whole log, published just before.
void BM_Audit(benchmark::State& state) {
  Grown& log = TheLog();
  Publish(log);
  AuditOptions options;
  options.log = log.tiles();
  if (state.range(0) != 0) options.records = log.folder();
  const double cpu = CpuSeconds();
  for (auto _ : state) {
    auto report = AuditLog(options, Signer()->verifier(), TheClock());
    if (!report.ok() || report->finding.has_value() ||
        report->entries != log.records) {
      state.SkipWithError("the log does not hold");
      return;
    }
    state.counters["heads"] = static_cast<double>(report->heads);
    state.counters["signatures"] = static_cast<double>(report->signatures);
  }
  const auto records = static_cast<double>(log.records);
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
  state.counters["cpu_us"] = (CpuSeconds() - cpu) / records * 1e6;
}

void RegisterForLogOf(std::int64_t records) {
  benchmark::RegisterBenchmark("BM_Grow", BM_Grow)
      ->ArgName("step")
      ->Arg(std::max<std::int64_t>(records / kSteps, 1))
      ->Iterations(std::max<std::int64_t>(records / kSteps, 1))
      ->Repetitions(kSteps)
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
  const std::int64_t asks = std::min<std::int64_t>(records, 5000);
  benchmark::RegisterBenchmark("BM_Page", BM_Page)
      ->ArgNames({"cold", "busy"})
      ->ArgsProduct({{0, 1}, {0, 1}})
      ->Iterations(asks)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("BM_Exchange", BM_Exchange)
      ->ArgName("known")
      ->DenseRange(0, 1)
      ->Iterations(asks)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("BM_Proof", BM_Proof)
      ->ArgName("cold")
      ->DenseRange(0, 1)
      ->Iterations(asks)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("BM_Start", BM_Start)
      ->ArgName("indexed")
      ->Arg(1)
      ->Arg(0)
      ->Iterations(1)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("BM_Audit", BM_Audit)
      ->ArgName("records")
      ->Arg(1)
      ->Arg(0)
      ->Iterations(1)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

int Main(int argc, char** argv) {
  std::int64_t records = 1'000'000;
  bool keep = false;
  std::vector<char*> left;
  for (int i = 0; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "--folder=")) {
      Folder() = std::string(argument);
    } else if (absl::ConsumePrefix(&argument, "--records=")) {
      if (!absl::SimpleAtoi(argument, &records) || records < 1) return 64;
    } else if (argument == "--keep") {
      keep = true;
    } else {
      left.push_back(argv[i]);
    }
  }
  std::optional<TempFolder> temporary;
  if (Folder().empty()) Folder() = temporary.emplace().path();
  fs::create_directories(Folder());
  const auto forget = [keep] {
    fs::remove_all(Folder() + "/append");
    for (const char* part : {"/grown", "/grown.pem", "/grown.pem.vkey"}) {
      if (!keep) fs::remove_all(Folder() + part);
    }
  };
  forget();
  RegisterForLogOf(records);
  auto count = static_cast<int>(left.size());
  benchmark::Initialize(&count, left.data());
  if (benchmark::ReportUnrecognizedArguments(count, left.data())) return 64;
  benchmark::RunSpecifiedBenchmarks();
  TheLog().store.reset();
  forget();
  return 0;
}

}  // namespace
}  // namespace psm

int main(int argc, char** argv) { return psm::Main(argc, argv); }
