#include "tests/scenarios/certificate_load.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/async_unary_call.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/credentials.h"
#include "mesh/directory/directory.h"

namespace psm::testing {
namespace {

using tax::v1::GetTaxStatusResponse;
using tax::v1::TaxService;

constexpr std::size_t kFailuresKept = 10;
constexpr int kInFlight = 64;
// A pause is made up for where it was no longer than this.
constexpr absl::Duration kMadeUpFor = absl::Seconds(1);
// How soon a stop is seen.
constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr int kDialers = 2;
constexpr absl::Duration kDialerEvery = absl::Milliseconds(200);

// As anybody would write it who does not link psm::agency: gRPC reads the files
// once a second, and repeats what the server has certainly not seen.
std::shared_ptr<grpc::Channel> StockChannel(const Mesh& mesh) {
  const auto files =
      agency::CredentialFiles::In(mesh.folder().root(), kBenefits);
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.identity, files.identity, files.trust, 1));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return grpc::CreateChannel(mesh.Endpoint(kGatewaySystem),
                             grpc::experimental::TlsCredentials(options));
}

CallOptions Asked() {
  CallOptions options;
  options.affair = kBenefitAffair;
  options.provider = kYunagiTax;
  return options;
}

}  // namespace

// One call under way.
struct CertificateLoad::Flight {
  std::unique_ptr<TaxService::Stub> stub;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<GetTaxStatusResponse>> reader;
  GetTaxStatusResponse response;
  grpc::Status status;
};

CertificateLoad::CertificateLoad(Mesh& mesh, Options options)
    : mesh_(mesh), request_(TaxRequest(mesh, "hanako")) {
  const auto dial = [this] {
    SystemCaller caller(mesh_.folder().root(), kBenefits, mesh_.clock());
    return caller.Call(&TaxService::Stub::GetTaxStatus, Asked(), request_)
        .status;
  };
  for (int i = 0; i < kDialers; ++i)
    threads_.emplace_back(
        [this, dial] { AskOneByOne("new connection", kDialerEvery, dial); });
  threads_.emplace_back([this, per_second = options.kept] {
    AskSteadily("kept connection", per_second,
                [this] { return mesh_.Client(kBenefits).Channel(); });
  });
  threads_.emplace_back(
      [this, per_second = options.stock, stock = StockChannel(mesh)] {
        AskSteadily("gRPC's own client", per_second, [&] { return stock; });
      });
}

void CertificateLoad::AskOneByOne(const char* who, absl::Duration every,
                                  const Ask& ask) {
  const Clock& clock = mesh_.clock();
  absl::Duration next = clock.Monotonic();
  while (!stop_) {
    Ended(who, ask());
    next += every;
    const absl::Duration left = next - clock.Monotonic();
    // Who is late is not made up for: the load is bounded.
    if (left < absl::ZeroDuration()) next = clock.Monotonic();
    if (left >= absl::Milliseconds(1))
      poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(left)));
  }
}

void CertificateLoad::AskSteadily(const char* who, int per_second,
                                  const Dial& channel) {
  const Clock& clock = mesh_.clock();
  const SystemClock wall;
  const absl::Duration between = absl::Seconds(1) / per_second;
  grpc::CompletionQueue queue;
  int in_flight = 0;
  absl::Duration next = clock.Monotonic();
  while (!stop_ || in_flight > 0) {
    const absl::Duration now = clock.Monotonic();
    next = std::max(next, now - kMadeUpFor);
    for (; !stop_ && next <= now && in_flight < kInFlight; next += between) {
      auto* flight = new Flight;
      flight->stub = TaxService::NewStub(channel());
      flight->context = mesh_.Client(kBenefits).Context(Asked());
      flight->reader = flight->stub->AsyncGetTaxStatus(flight->context.get(),
                                                       request_, &queue);
      flight->reader->Finish(&flight->response, &flight->status, flight);
      ++in_flight;
    }
    const bool full = stop_ || in_flight == kInFlight;
    absl::Time until =
        wall.Now() + (full ? kLook : std::min(kLook, next - clock.Monotonic()));
    void* tag = nullptr;
    bool taken = false;
    while (queue.AsyncNext(&tag, &taken, absl::ToChronoTime(until)) ==
           grpc::CompletionQueue::GOT_EVENT) {
      const std::unique_ptr<Flight> flight(static_cast<Flight*>(tag));
      Ended(who, agency::FromGrpc(flight->status));
      --in_flight;
      until = wall.Now();  // whatever else has ended by now
    }
  }
  queue.Shutdown();
  void* tag = nullptr;
  bool taken = false;
  while (queue.Next(&tag, &taken)) {
  }
}

void CertificateLoad::Ended(const char* who, const absl::Status& how) {
  if (!how.ok()) {
    ++not_ok_;
    MutexLock lock(mu_);
    if (failures_.size() < kFailuresKept)
      failures_.push_back(absl::StrCat(who, ": ", how.ToString()));
  }
  ++calls_;
}

bool CertificateLoad::Goes(int calls) {
  const int until = calls_ + calls;
  const absl::Duration deadline = mesh_.clock().Monotonic() + absl::Seconds(20);
  while (calls_ < until) {
    if (mesh_.clock().Monotonic() > deadline) return false;
    poll(nullptr, 0, /*timeout=*/5);  // between two looks
  }
  return true;
}

void CertificateLoad::Stop() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

CallCount CertificateLoad::Count() const {
  // In this order: a call that is counted as failed is counted.
  CallCount count;
  count.not_ok = not_ok_;
  count.calls = calls_;
  count.at = mesh_.clock().Monotonic();
  return count;
}

std::vector<std::string> CertificateLoad::Failures() {
  MutexLock lock(mu_);
  return failures_;
}

}  // namespace psm::testing
