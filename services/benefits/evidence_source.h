// Where an application's parts come from. The one thing that deciding
// applications asks of the mesh.
#ifndef PSM_SERVICES_BENEFITS_EVIDENCE_SOURCE_H_
#define PSM_SERVICES_BENEFITS_EVIDENCE_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "services/benefits/application.h"

namespace psm {

// What an office asks for.
struct Inquiry {
  const agency::CallContext* call = nullptr;  // that it serves; null: none
  std::string run = "";  // the id of the payment run that it serves, or empty

  // Under which id to ask the question `about` a household. Of a run always the
  // same, so that a run that goes on after a crash makes no second exchange of
  // what it had asked already; else a new one each time.
  std::string ExchangeId(const std::string& head,
                         const std::string& about) const;
};

// One question, about a person.
struct HouseholdQuestion {
  std::string head;  // of whose household it is
  linkage::v1::RetrieveRequest request;
};

// Thread-safe.
class EvidenceSource {
 public:
  virtual ~EvidenceSource() = default;

  // Asks `provider` (a system id) for the household of which `subject` is the
  // head, for `affair`. Errors as ResidentsService/GetHousehold and the
  // gateway.
  virtual absl::StatusOr<HouseholdEvidence> GetHousehold(
      const Inquiry& inquiry, const std::string& affair,
      const std::string& provider, const std::string& subject) = 0;

  // Asks several questions at once and waits for all answers, which come in the
  // order of the questions. Errors as LinkageService/Retrieve.
  virtual std::vector<absl::StatusOr<linkage::v1::RetrieveResponse>>
  RetrieveAll(const Inquiry& inquiry, const std::string& affair,
              absl::Span<const HouseholdQuestion> questions) = 0;
};

// Asks for each applicant's account and puts it into the form, with the
// exchange among the sources: all in one question to `source`. What became of
// each, in the same order: EVIDENCE_MISSING as FillForHousehold.
std::vector<absl::Status> AskForAccounts(
    EvidenceSource& source, const Inquiry& inquiry, const Programme& programme,
    absl::Span<Application* const> applications);

// Through the gateway.
class GatewayEvidence final : public EvidenceSource {
 public:
  // `gateway` gives the channel to use for one call.
  explicit GatewayEvidence(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<HouseholdEvidence> GetHousehold(
      const Inquiry& inquiry, const std::string& affair,
      const std::string& provider, const std::string& subject) override;

  std::vector<absl::StatusOr<linkage::v1::RetrieveResponse>> RetrieveAll(
      const Inquiry& inquiry, const std::string& affair,
      absl::Span<const HouseholdQuestion> questions) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_EVIDENCE_SOURCE_H_
