// For the tests of payment runs and of what they ask. Never linked into a
// program.
#ifndef PSM_SERVICES_BENEFITS_TEST_RUNS_H_
#define PSM_SERVICES_BENEFITS_TEST_RUNS_H_

#include <initializer_list>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/base/clock.h"
#include "services/benefits/payment_run.h"

namespace psm {

// Serves what stands in for the mesh, on 127.0.0.1 without TLS, as long as it
// lives. The services must outlive it.
class MeshStandIn {
 public:
  explicit MeshStandIn(std::initializer_list<grpc::Service*> services) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port),
                                   grpc::InsecureChannelCredentials());
  }
  ~MeshStandIn() { Stop(); }
  MeshStandIn(const MeshStandIn&) = delete;
  MeshStandIn& operator=(const MeshStandIn&) = delete;

  // From here on it answers nobody.
  void Stop() { server_->Shutdown(); }
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }

 private:
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// What there is once every household was looked at.
inline benefits::v1::GetPaymentRunResponse AwaitRun(PaymentRuns& runs,
                                                    const std::string& id) {
  benefits::v1::GetPaymentRunRequest request;
  request.set_run_id(id);
  const SystemClock clock;
  const absl::Duration deadline = clock.Monotonic() + absl::Seconds(20);
  for (;;) {
    const auto run = runs.Get(request);
    EXPECT_TRUE(run.ok()) << run.status();
    if (!run.ok() || run->has_pay_after_time() || clock.Monotonic() > deadline)
      return run.ok() ? *run : benefits::v1::GetPaymentRunResponse();
    std::this_thread::yield();
  }
}

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_TEST_RUNS_H_
