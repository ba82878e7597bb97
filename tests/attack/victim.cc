#include "tests/attack/victim.h"

#include <algorithm>
#include <utility>

#include "psm/tax/v1/tax.grpc.pb.h"
#include "tests/bench/figures.h"

namespace psm::attack {
namespace {

constexpr char kConsumer[] = "akatsuki/benefits";

}  // namespace

Victim::Victim(testing::Mesh& mesh, int concurrency) : mesh_(mesh) {
  const std::string code = mesh.Person("hanako").CodeAt("akatsuki");
  mesh.Client(kConsumer);  // made once
  for (int i = 0; i < concurrency; ++i)
    threads_.emplace_back([this, code] { Run(code); });
}

Victim::~Victim() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void Victim::Run(const std::string& code) {
  tax::v1::GetTaxStatusRequest request;
  request.set_subject(code);
  while (!stopping_) {
    bool counts = false;
    {
      MutexLock lock(mu_);
      counts = counting_;
      if (counts) ++under_way_;
    }
    const CallReport report = mesh_.Client(kConsumer).Call(
        &tax::v1::TaxService::Stub::GetTaxStatus,
        {.affair = "benefit-tax-exempt", .provider = "yunagi/tax"}, request);
    if (counts) Ended(report);
  }
}

void Victim::Ended(const CallReport& report) {
  MutexLock lock(mu_);
  ++sample_.calls;
  if (report.status.ok()) {
    took_us_.push_back(
        static_cast<std::uint32_t>(absl::ToInt64Microseconds(report.took)));
  } else {
    if (++sample_.failed == 1) sample_.first_failure = report.status.ToString();
  }
  if (--under_way_ == 0) ended_.NotifyAll();
}

void Victim::BeginWindow() {
  MutexLock lock(mu_);
  counting_ = true;
}

Sample Victim::EndWindow() {
  MutexLock lock(mu_);
  counting_ = false;
  while (under_way_ > 0) ended_.Wait(mu_);
  std::sort(took_us_.begin(), took_us_.end());
  sample_.p50_ms = bench::Percentile(took_us_, 0.5) / 1000;
  sample_.p99_ms = bench::Percentile(took_us_, 0.99) / 1000;
  sample_.longest_ms = took_us_.empty() ? 0 : took_us_.back() / 1000.0;
  took_us_.clear();
  return std::exchange(sample_, Sample());
}

}  // namespace psm::attack
