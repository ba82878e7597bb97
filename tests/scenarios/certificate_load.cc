#include "tests/scenarios/certificate_load.h"

#include <poll.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/credentials.h"
#include "mesh/directory/directory.h"

namespace psm::testing {
namespace {

using tax::v1::TaxService;

constexpr std::size_t kFailuresKept = 10;
constexpr absl::Duration kKeeperEvery = absl::Milliseconds(7);
constexpr absl::Duration kDialerEvery = absl::Milliseconds(60);

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

CertificateLoad::CertificateLoad(Mesh& mesh, Options options)
    : mesh_(mesh), request_(TaxRequest(mesh, "hanako")) {
  const auto keeper = [this] {
    return mesh_.Client(kBenefits)
        .Call(&TaxService::Stub::GetTaxStatus, Asked(), request_)
        .status;
  };
  for (int i = 0; i < 5; ++i) Add("kept connection", kKeeperEvery, keeper);
  const auto dialer = [this] {
    SystemCaller caller(mesh_.folder().root(), kBenefits, mesh_.clock());
    return caller.Call(&TaxService::Stub::GetTaxStatus, Asked(), request_)
        .status;
  };
  for (int i = 0; i < 2; ++i) Add("new connection", kDialerEvery, dialer);
  if (!options.stock_client) return;
  stock_ = StockChannel(mesh);
  const auto stock = [this] {
    const auto context = mesh_.Client(kBenefits).Context(Asked());
    tax::v1::GetTaxStatusResponse response;
    return agency::FromGrpc(TaxService::Stub(stock_).GetTaxStatus(
        context.get(), request_, &response));
  };
  for (int i = 0; i < 2; ++i) Add("gRPC's own client", kKeeperEvery, stock);
}

void CertificateLoad::Add(const char* who, absl::Duration every, Ask ask) {
  threads_.emplace_back(
      [this, who, every, ask = std::move(ask)] { Run(who, every, ask); });
}

void CertificateLoad::Run(const char* who, absl::Duration every,
                          const Ask& ask) {
  const Clock& clock = mesh_.clock();
  absl::Duration next = clock.Monotonic();
  while (!stop_) {
    const absl::Status status = ask();
    ++calls_;
    if (!status.ok()) {
      MutexLock lock(mu_);
      if (failures_.size() < kFailuresKept)
        failures_.push_back(absl::StrCat(who, ": ", status.ToString()));
    }
    next += every;
    const absl::Duration left = next - clock.Monotonic();
    // Who is late is not made up for: the load is bounded.
    if (left < absl::ZeroDuration()) next = clock.Monotonic();
    if (left >= absl::Milliseconds(1))
      poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(left)));
  }
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

std::vector<std::string> CertificateLoad::Failures() {
  MutexLock lock(mu_);
  return failures_;
}

}  // namespace psm::testing
