// 42. Every text field of every method that an agreement opens, filled with
// what breaks careless programs: each answer is one that the contract has, no
// process falls over, and what is kept stays what it was.
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/dynamic_message.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/kept_call.h"
#include "mesh/base/error.h"
#include "mesh/cli/launch_settings.h"
#include "mesh/gateway/policy_loader.h"
#include "soci/soci.h"
#include "soci/sqlite3/soci-sqlite3.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What ends a statement, a line, a tag, a path, a number, or a buffer.
const std::vector<std::string>& Samples() {
  static const auto* const samples = new std::vector<std::string>{
      "'); DROP TABLE assessments; --",
      "\" OR \"\" = \"",
      "<script>alert(1)</script>",
      "../../../../etc/passwd",
      std::string("a\0b", 3),
      "line\r\nGrpc-Status: 0\r\n",
      "%s%n%99999999d",
      "\u202e\u2066㍿𠮷",
      "99999999999999999999999999",
      "-1",
      "2026-02-30",
      "00000000-0000-4000-8000-000000000000",
      std::string(20'000, 'x'),
  };
  return *samples;
}

// Every field that a sample can stand in, how deep it may lie; nothing of
// `subject`, which the mesh translates.
void Fill(Message& message, const FieldDescriptor* subject,
          const std::string& sample, int depth = 0) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field == subject) continue;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        if (field->is_repeated())
          reflection->AddString(&message, field, sample);
        else
          reflection->SetString(&message, field, sample);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth == 4) break;
        Fill(field->is_repeated()
                 ? *reflection->AddMessage(&message, field)
                 : *reflection->MutableMessage(&message, field),
             subject, sample, depth + 1);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (!field->is_repeated() && field->enum_type()->value_count() > 1)
          reflection->SetEnumValue(&message, field,
                                   field->enum_type()->value(1)->number());
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        if (!field->is_repeated()) reflection->SetInt32(&message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        if (!field->is_repeated()) reflection->SetInt64(&message, field, 1);
        break;
      default:
        break;
    }
  }
}

class EveryTextField : public Scenario {
 protected:
  static void SetUpTestSuite() {
    StartMesh({});
    const auto settings = ReadSettings(mesh().folder().root());
    ASSERT_TRUE(settings.ok()) << settings.status();
    auto policy = LoadPolicy(settings->configuration);
    ASSERT_TRUE(policy.ok()) << policy.status();
    policy_ = *std::move(policy);
  }
  static void TearDownTestSuite() {
    policy_.reset();
    Scenario::TearDownTestSuite();
  }

  // What one call of the method was answered, with `sample` in each field.
  static absl::Status Call(const CompiledAgreement& agreement,
                           const CompiledGrant& grant,
                           const std::string& sample) {
    std::string dotted = grant.plan->name;
    dotted[dotted.find('/')] = '.';
    const auto* method = policy_->contracts().pool().FindMethodByName(dotted);
    google::protobuf::DynamicMessageFactory factory(
        &policy_->contracts().pool());
    const std::unique_ptr<Message> request(
        factory.GetPrototype(method->input_type())->New());
    const std::string consumer = agreement.consumer->agency->id;
    const FieldDescriptor* whom = nullptr;
    if (grant.plan->request_subject_field != 0) {
      whom = method->input_type()->FindFieldByNumber(
          grant.plan->request_subject_field);
      request->GetReflection()->SetString(
          request.get(), whom, mesh().Person("kenji").CodeAt(consumer));
    }
    Fill(*request, whom, sample);
    CallOptions options{.affair = agreement.affair->id};
    if (!grant.providers.empty()) options.provider = grant.providers[0]->id;
    SystemCaller& caller = mesh().Client(agreement.consumer->id);
    const std::unique_ptr<grpc::ClientContext> context =
        caller.Context(options);
    return agency::FromGrpc(agency::CallRaw(caller.Channel(), context.get(),
                                            grant.plan->name,
                                            request->SerializeAsString())
                                .status);
  }

  // Tables and columns of every agency's database.
  static std::map<std::string, std::set<std::string>> Schemas() {
    std::map<std::string, std::set<std::string>> schemas;
    for (const System* system : policy_->directory().systems()) {
      const std::string file = mesh().folder().Database(system->id);
      if (!std::ifstream(file)) continue;
      soci::session sql(soci::sqlite3, absl::StrCat("db=", file));
      const soci::rowset<std::string> rows =
          (sql.prepare
           << "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL");
      schemas[system->id] = {rows.begin(), rows.end()};
    }
    return schemas;
  }

  static std::shared_ptr<const PolicyEngine> policy_;
};

std::shared_ptr<const PolicyEngine> EveryTextField::policy_;

TEST_F(EveryTextField, IsTakenOrRefusedAndNothingElse) {
  const auto schemas = Schemas();
  EXPECT_GT(schemas.size(), 8U);
  const TaxReply before = AskTax(mesh());
  ASSERT_TRUE(before.status.ok()) << before.status;
  std::map<std::string, std::string> endpoints;
  for (const auto& [system, schema] : schemas)
    endpoints[system] = mesh().Endpoint(system);

  int methods = 0, at_provider = 0;
  for (const CompiledAgreement* agreement : policy_->agreements()) {
    // What somebody has to agree to, or does for another, is refused before.
    if (agreement->by_consent ||
        agreement->affair->representative != Representative::kNone)
      continue;
    for (const CompiledGrant& grant : agreement->grants) {
      // The town that this folder adds answers as its tests tell it.
      if (!grant.providers.empty() &&
          grant.providers[0]->agency->id == "minato")
        continue;
      ++methods;
      for (const std::string& sample : Samples()) {
        const absl::Status status = Call(*agreement, grant, sample);
        const std::string what =
            absl::StrCat(agreement->id, " ", grant.plan->name, " ",
                         sample.substr(0, 30), ": ", status.ToString());
        switch (status.code()) {
          case absl::StatusCode::kUnknown:
          case absl::StatusCode::kInternal:
          case absl::StatusCode::kDataLoss:
          case absl::StatusCode::kDeadlineExceeded:
            ADD_FAILURE() << what;
            break;
          default:
            EXPECT_TRUE(status.ok() || !ReasonOf(status).empty()) << what;
            EXPECT_FALSE(absl::StrContains(status.ToString(), "DROP TABLE"))
                << what;
            at_provider +=
                status.ok() || DetailOf(status)->party == Party::kProvider;
        }
      }
    }
  }
  EXPECT_GT(methods, 100);
  EXPECT_GT(at_provider, 500) << "most are to get as far as an agency";

  EXPECT_EQ(Schemas(), schemas);
  for (const auto& [system, endpoint] : endpoints)
    EXPECT_EQ(mesh().Endpoint(system), endpoint) << system << " was restarted";
  const TaxReply after = AskTax(mesh());
  ASSERT_TRUE(after.status.ok()) << after.status;
  EXPECT_EQ(after->category(), before->category());
}

}  // namespace
}  // namespace psm::testing
