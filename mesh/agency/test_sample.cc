// A whole agency's process, as small as it gets, for process_test.cc: answers
// with the name of the business that its seed file says.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "psm/gbizid/v1/gbizid.grpc.pb.h"
#include "psm/seed/v1/seed.pb.h"

namespace psm::agency {
namespace {

const Migration kMigrations[] = {{1, "CREATE TABLE businesses (name TEXT);"}};

class Sample final : public gbizid::v1::BusinessService::Service {
 public:
  explicit Sample(Database* database) : database_(*database) {}

  grpc::Status GetBusiness(grpc::ServerContext*,
                           const gbizid::v1::GetBusinessRequest*,
                           gbizid::v1::GetBusinessResponse* response) override {
    return ToGrpc(database_.Read([&](soci::session& sql) {
      std::string name;
      sql << "SELECT name FROM businesses", soci::into(name);
      response->set_name(name);
      return absl::OkStatus();
    }));
  }

 private:
  Database& database_;
};

absl::Status Wire(Agency& agency) {
  PSM_ASSIGN_OR_RETURN(Database * database, agency.OpenDatabase(kMigrations));
  PSM_RETURN_IF_ERROR(agency.ForEachSeed<seed::v1::Business>(
      [&](const seed::v1::Business& business) {
        return database->Write([&](soci::session& sql) {
          sql << "INSERT INTO businesses VALUES (:name)",
              soci::use(business.name());
          return absl::OkStatus();
        });
      }));
  agency.Serve(std::make_unique<Sample>(database));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::agency

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::agency::Wire);
}
