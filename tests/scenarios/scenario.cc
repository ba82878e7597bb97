#include "tests/scenarios/scenario.h"

#include <unistd.h>

#include <chrono>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "mesh/cli/process.h"
#include "mesh/crypto/digest.h"
#include "mesh/directory/directory.h"
#include "psm/identity/v1/history.grpc.pb.h"

namespace psm::testing {

using accounts::v1::AccountsService;
using tax::v1::TaxService;

tax::v1::GetTaxStatusRequest TaxRequest(const Mesh& mesh,
                                        const std::string& person) {
  tax::v1::GetTaxStatusRequest request;
  request.set_subject(mesh.Person(person).CodeAt("akatsuki"));
  return request;
}

TaxReply AskTax(Mesh& mesh, const std::string& person, CallOptions options) {
  if (options.affair.empty()) options.affair = kBenefitAffair;
  if (options.provider.empty()) options.provider = kYunagiTax;
  return mesh.Client(kBenefits).Call(&TaxService::Stub::GetTaxStatus, options,
                                     TaxRequest(mesh, person));
}

AccountReply AskAccount(Mesh& mesh, const std::string& consumer,
                        const std::string& code, const std::string& affair) {
  accounts::v1::GetAccountRequest request;
  request.set_subject(code);
  return mesh.Client(consumer).Call(&AccountsService::Stub::GetAccount,
                                    {.affair = affair}, request);
}

std::string NewExchangeId() { return NewUuid(SystemRandom()); }

absl::Status AskTaxUntilAnswered(Mesh& mesh) {
  const absl::Duration deadline = mesh.clock().Monotonic() + absl::Seconds(10);
  absl::Status status = AskTax(mesh).status;
  while (!status.ok() && mesh.clock().Monotonic() < deadline) {
    // Calls that fail at once leave gRPC nobody to shake hands by: a connection
    // in the making stands still between them.
    mesh.Client(kBenefits).Channel()->WaitForConnected(
        std::chrono::system_clock::now() + std::chrono::milliseconds(500));
    status = AskTax(mesh).status;
  }
  return status;
}

Record OnlyRecord(const Mesh& mesh, const RecordFilter& filter) {
  absl::StatusOr<std::vector<Record>> records = mesh.AwaitRecords(filter);
  if (!records.ok()) {
    ADD_FAILURE() << records.status();
    return Record();
  }
  EXPECT_EQ(records->size(), 1u) << records->back().DebugString();
  return records->back();
}

std::vector<Record> OwnHistory(Mesh& mesh, const std::string& person) {
  identity::v1::ListHistoryRequest request;
  request.set_subject(mesh.Person(person).CodeAt("portal"));
  request.set_page_size(1000);
  const auto reply = mesh.Client("portal/terminal")
                         .Call(&identity::v1::HistoryService::Stub::ListHistory,
                               {.affair = "own-request"}, request);
  EXPECT_TRUE(reply.status.ok()) << reply.status;
  return {reply->records().begin(), reply->records().end()};
}

std::set<std::string> ToldOf(const Mesh& mesh, const std::string& person,
                             const std::string& type) {
  std::set<std::string> told;
  const auto records = mesh.Records(
      {.method = "Subscribe", .person = person, .kind = Record::EXCHANGE});
  EXPECT_TRUE(records.ok()) << records.status();
  if (!records.ok()) return told;
  for (const Record& record : *records) {
    if (Released(record) == std::vector<std::string>{type})
      told.insert(record.consumer());
  }
  return told;
}

std::size_t GatewayMemory(const Mesh& mesh) {
  const absl::StatusOr<ProcessName> gateway =
      ReadProcessName(mesh.folder().ProcessId(kGatewaySystem));
  EXPECT_TRUE(gateway.ok()) << gateway.status();
  if (!gateway.ok()) return 0;
  std::ifstream statm(absl::StrCat("/proc/", gateway->pid, "/statm"));
  std::size_t all = 0;
  std::size_t resident = 0;
  EXPECT_TRUE(statm >> all >> resident);
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::vector<std::string> Released(const Record& record) {
  return {record.released().begin(), record.released().end()};
}
std::vector<std::string> Withheld(const Record& record) {
  return {record.withheld().begin(), record.withheld().end()};
}

LogWatch WatchMinato(const Mesh& mesh) {
  return LogWatch(mesh.folder().root() + "/files/minato/tax/calls.jsonl");
}

std::unique_ptr<Mesh> Scenario::mesh_;

void Scenario::StartMesh(MeshOptions options) {
  options.configuration.push_back(PSM_SCENARIO_CONFIGURATION);
  absl::StatusOr<std::unique_ptr<Mesh>> started =
      Mesh::Start(std::move(options));
  ASSERT_TRUE(started.ok()) << started.status();
  mesh_ = *std::move(started);
}

}  // namespace psm::testing
