// A town's tax office that hands out everything it has, whatever was agreed,
// and writes down what it sees: only the gateway stands between it and a leak.
#include <fstream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "grpcpp/server_context.h"
#include "mesh/agency/agency.h"
#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "tests/scenarios/provider_behaviour.h"

namespace psm {
namespace {

class OpenHandedTaxService final : public tax::v1::TaxService::Service {
 public:
  explicit OpenHandedTaxService(const std::string& folder)
      : calls_(folder + "/calls.jsonl", std::ios::app) {}

  grpc::Status GetTaxStatus(grpc::ServerContext* context,
                            const tax::v1::GetTaxStatusRequest* request,
                            tax::v1::GetTaxStatusResponse* response) override {
    WriteDown("called", *context, request->subject());
    if (request->fiscal_year() == testing::kAnswerWhenCancelled) {
      while (!context->IsCancelled()) {
        absl::SleepFor(absl::Milliseconds(2));  // gRPC has nothing to wait on
      }
      WriteDown("cancelled", *context, request->subject());
      return grpc::Status::CANCELLED;
    }
    response->set_fiscal_year(2026);
    response->set_category(tax::v1::GetTaxStatusResponse::TAXED);
    response->set_income_yen(4'321'000);
    response->set_arrears_yen(98'700);
    return grpc::Status::OK;
  }

 private:
  void WriteDown(const char* event, const grpc::ServerContext& context,
                 const std::string& subject) {
    nlohmann::json line;
    for (const auto& [key, value] : context.client_metadata())
      line[std::string(key.data(), key.size())] =
          std::string(value.data(), value.size());
    line["event"] = event;
    line["subject"] = subject;
    MutexLock lock(mu_);
    calls_ << line.dump() << std::endl;
  }

  Mutex mu_;
  std::ofstream calls_ PSM_GUARDED_BY(mu_);
};

}  // namespace
}  // namespace psm

int main(int argc, char** argv) {
  return psm::agency::Main(
      argc, argv, [](psm::agency::Agency& agency) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(std::string folder, agency.FilesFolder());
        agency.Serve(std::make_unique<psm::OpenHandedTaxService>(folder));
        return absl::OkStatus();
      });
}
