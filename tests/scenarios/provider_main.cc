// A town's office, of taxes, of residents' basic items and of households, that
// hands out everything it has, whatever was agreed, and writes down what it
// sees: only the gateway stands between it and a leak.
#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "grpcpp/server_context.h"
#include "mesh/agency/agency.h"
#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "psm/identity/v1/basic_items.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "tests/scenarios/provider_behaviour.h"

namespace psm {
namespace {

// What came, one line for each call. Thread-safe.
class Journal {
 public:
  explicit Journal(const std::string& folder)
      : calls_(folder + "/calls.jsonl", std::ios::app) {}

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

 private:
  Mutex mu_;
  std::ofstream calls_ PSM_GUARDED_BY(mu_);
};

class OpenHandedTaxService final : public tax::v1::TaxService::Service {
 public:
  explicit OpenHandedTaxService(Journal* journal) : journal_(*journal) {}

  grpc::Status GetTaxStatus(grpc::ServerContext* context,
                            const tax::v1::GetTaxStatusRequest* request,
                            tax::v1::GetTaxStatusResponse* response) override {
    journal_.WriteDown("called", *context, request->subject());
    if (request->fiscal_year() == testing::kAnswerWhenCancelled) {
      while (!context->IsCancelled()) {
        absl::SleepFor(absl::Milliseconds(2));  // gRPC has nothing to wait on
      }
      journal_.WriteDown("cancelled", *context, request->subject());
      return grpc::Status::CANCELLED;
    }
    response->set_fiscal_year(2026);
    response->set_category(tax::v1::GetTaxStatusResponse::TAXED);
    response->set_income_yen(4'321'000);
    response->set_arrears_yen(98'700);
    return grpc::Status::OK;
  }

 private:
  Journal& journal_;
};

class OpenHandedItemsService final
    : public identity::v1::BasicItemsService::Service {
 public:
  explicit OpenHandedItemsService(Journal* journal) : journal_(*journal) {}

  grpc::Status GetBasicItems(
      grpc::ServerContext* context,
      const identity::v1::GetBasicItemsRequest* request,
      identity::v1::GetBasicItemsResponse* response) override {
    journal_.WriteDown("called", *context, request->subject());
    response->set_name("みなと　太郎");
    response->set_address("みなと町1番地");
    return grpc::Status::OK;
  }

 private:
  Journal& journal_;
};

// Says of everybody whom it was ever asked about that they live together: of
// households that grow as large as a test wants them.
class OpenHandedResidentsService final
    : public residents::v1::ResidentsService::Service {
 public:
  grpc::Status GetHousehold(
      grpc::ServerContext*, const residents::v1::GetHouseholdRequest* request,
      residents::v1::GetHouseholdResponse* response) override {
    MutexLock lock(mu_);
    if (std::find(asked_.begin(), asked_.end(), request->subject()) ==
        asked_.end())
      asked_.push_back(request->subject());
    for (const std::string& code : asked_) {
      response->add_members()->set_subject(code);
      response->mutable_members()->rbegin()->set_name("みなと　太郎");
    }
    return grpc::Status::OK;
  }

 private:
  Mutex mu_;
  std::vector<std::string> asked_ PSM_GUARDED_BY(mu_);
};

}  // namespace
}  // namespace psm

int main(int argc, char** argv) {
  return psm::agency::Main(
      argc, argv, [](psm::agency::Agency& agency) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(std::string folder, agency.FilesFolder());
        auto* journal = agency.Own(std::make_unique<psm::Journal>(folder));
        agency.Serve(std::make_unique<psm::OpenHandedTaxService>(journal));
        agency.Serve(std::make_unique<psm::OpenHandedItemsService>(journal));
        agency.Serve(std::make_unique<psm::OpenHandedResidentsService>());
        return absl::OkStatus();
      });
}
