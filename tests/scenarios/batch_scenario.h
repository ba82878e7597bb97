// What the scenarios of RetrieveBatch share.
#ifndef PSM_TESTS_SCENARIOS_BATCH_SCENARIO_H_
#define PSM_TESTS_SCENARIOS_BATCH_SCENARIO_H_

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/agency/call_context.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {

using linkage::v1::LinkageService;
using linkage::v1::RetrieveBatchRequest;
using linkage::v1::RetrieveBatchResponse;

// An agreement of the consumer's under another affair, "collect-arrears", with
// `more` in it.
inline std::string ArrearsAgreement(const std::string& more = "") {
  return absl::StrCat(R"text(
agreements {
  id: "akatsuki-benefits-arrears"
  version: 1
  consumer: "akatsuki/benefits"
  affair: "collect-arrears"
  statute { ja: "番号法第19条第8号" en: "Number Act, art. 19(viii)" }
  grants {
    method: "psm.tax.v1.TaxService/GetTaxStatus"
    attributes: "category"
    providers: "yunagi/tax"
  }
  valid_from: "2026-01-01"
  )text",
                      more, "\n}");
}

// One stream of one consumer.
class Batch {
 public:
  explicit Batch(Mesh& mesh, const std::string& affair = kBenefitAffair)
      : context_(mesh.Client(kBenefits).Context(
            {.affair = affair, .timeout = absl::Seconds(120)})),
        stub_(mesh.Client(kBenefits).Channel()),
        stream_(stub_.RetrieveBatch(context_.get())) {}
  ~Batch() {
    context_->TryCancel();
    if (stream_ != nullptr) stream_->Finish();
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  bool Ask(const RetrieveBatchRequest& question) {
    return stream_->Write(question);
  }
  // An empty one where the stream has ended.
  RetrieveBatchResponse Next() {
    RetrieveBatchResponse response;
    if (!stream_->Read(&response)) response.Clear();
    return response;
  }
  void AskNoMore() { stream_->WritesDone(); }
  void Cancel() { context_->TryCancel(); }
  absl::Status End() {
    RetrieveBatchResponse response;
    while (stream_->Read(&response)) {
    }
    const absl::Status status = agency::FromGrpc(stream_->Finish());
    stream_.reset();
    return status;
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  LinkageService::Stub stub_;
  std::unique_ptr<
      grpc::ClientReaderWriter<RetrieveBatchRequest, RetrieveBatchResponse>>
      stream_;
};

class Batches : public Scenario {
 protected:
  static RetrieveBatchRequest Question(const std::string& id,
                                       const std::string& person = "hanako") {
    RetrieveBatchRequest request;
    request.set_exchange_id(id);
    linkage::v1::RetrieveRequest& question = *request.mutable_question();
    question.set_subject(mesh().Person(person).CodeAt("akatsuki"));
    question.add_attributes("tax.category");
    (*question.mutable_providers())["tax"] = kYunagiTax;
    return request;
  }
  static bool Answered(const RetrieveBatchResponse& response) {
    return response.answer().evidence_size() == 1 &&
           !response.answer().evidence(0).has_status();
  }
  // Why the only leg was refused.
  static absl::Status StatusOfLeg(const RetrieveBatchResponse& response) {
    if (response.answer().evidence_size() != 1)
      return absl::InternalError("no leg");
    const auto& status = response.answer().evidence(0).status();
    return FromRpcStatus(static_cast<absl::StatusCode>(status.code()), "",
                         status.SerializeAsString());
  }
  static std::string ReasonOfLeg(const RetrieveBatchResponse& response) {
    return ReasonOf(StatusOfLeg(response));
  }
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_BATCH_SCENARIO_H_
