// What the scenarios of holdings and life events share: a pension office that
// may ask any municipality, and persons whom nobody knows yet.
#ifndef PSM_TESTS_SCENARIOS_LIFE_SCENARIO_H_
#define PSM_TESTS_SCENARIOS_LIFE_SCENARIO_H_

#include <csignal>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/subjects/subject_code.h"
#include "psm/holdings/v1/holdings.grpc.pb.h"
#include "psm/records/v1/records_service.grpc.pb.h"
#include "psm/subjects/v1/subjects.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {

inline constexpr char kPension[] = "pension/desk";
inline constexpr char kAkatsuki[] = "akatsuki/residents";
inline constexpr char kYunagi[] = "yunagi/residents";

// The two municipalities, "akatsuki" and "yunagi", publish, too.
inline constexpr char kLifeConfiguration[] = R"text(
agencies {
  id: "pension" name { ja: "年金事務所" en: "Pension office" }
  kind: ADMINISTRATIVE
}
systems { id: "pension/desk" name { ja: "窓口" en: "desk" } }
systems {
  id: "akatsuki/life" name { ja: "届出" en: "notifications" }
  publishes: "moved_in"
}
systems { id: "yunagi/life" name { ja: "届出" en: "notifications" } }
agreements {
  id: "pension-life"
  version: 1
  consumer: "pension/desk"
  affair: "benefit-tax-exempt"
  statute { ja: "年金法(架空)" en : "Pension Act (fictitious)"
}
grants{
  method : "psm.residents.v1.ResidentsService/GetHousehold" attributes : "name"
} events{types : "moved_in"} valid_from : "2026-01-01"
}
agreements {
  id: "yunagi-life"
  version: 1
  consumer: "yunagi/life"
  affair: "benefit-tax-exempt"
  statute { ja: "住民基本台帳法" en: "Basic Resident Register Act" }
  events { types: "moved_in" }
  valid_from: "2026-01-01"
}
)text";

class LifeScenario : public ::testing::Test {
 protected:
  void SetUp() override {
    MeshOptions options;
    options.agreements = kLifeConfiguration;
    auto mesh = Mesh::Start(options);
    ASSERT_TRUE(mesh.ok()) << mesh.status();
    mesh_ = *std::move(mesh);
    auto key =
        ReadMasterKey(absl::StrCat(mesh_->folder().root(), "/keys/master.key"));
    ASSERT_TRUE(key.ok()) << key.status();
    scopes_ = SubjectScopes::Create(*key).value();
  }

  // Somebody whom no register knows, by akatsuki's code.
  std::string NewPerson() {
    const auto reply = mesh_->Client(kAkatsuki).Call(
        &subjects::v1::SubjectsService::Stub::Enrol, {},
        subjects::v1::EnrolRequest());
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    return reply->subject();
  }
  // The same person's at another agency.
  std::string CodeAt(const std::string& agency, const std::string& akatsukis) {
    const auto person =
        scopes_->For(SubjectScopeKind::kAgency, "akatsuki").Decode(akatsukis);
    EXPECT_TRUE(person.ok()) << person.status();
    return scopes_->For(SubjectScopeKind::kAgency, agency).Encode(*person);
  }
  absl::Status Protect(const std::string& system, const std::string& code,
                       bool is = true) {
    holdings::v1::SetProtectionRequest request;
    request.set_subject(code);
    request.set_protected_(is);
    return mesh_->Client(system)
        .Call(&holdings::v1::HoldingsService::Stub::SetProtection,
              {.exchange_id = NewExchangeId()}, request)
        .status;
  }
  // As the person sees it, newest first.
  records::v1::ListRecordsResponse History(const std::string& akatsukis) {
    records::v1::ListRecordsRequest request;
    request.set_subject(CodeAt("identity", akatsukis));
    const auto reply =
        mesh_->Client("identity/identity")
            .Call(&records::v1::RecordsService::Stub::ListRecords,
                  {.affair = "disclose-records"}, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    return reply.message;
  }
  void KillGateway();

  std::unique_ptr<Mesh> mesh_;
  std::unique_ptr<SubjectScopes> scopes_;
};

inline void LifeScenario::KillGateway() {
  const std::string gateway(kGatewaySystem);
  ASSERT_TRUE(mesh_->KillSystem(gateway, SIGKILL).ok());
  ASSERT_TRUE(mesh_->StartSystem(gateway).ok());
}

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_LIFE_SCENARIO_H_
