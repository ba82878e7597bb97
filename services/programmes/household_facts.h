// What agencies say of a household, as far as the person agrees to ask them.
#ifndef PSM_SERVICES_PROGRAMMES_HOUSEHOLD_FACTS_H_
#define PSM_SERVICES_PROGRAMMES_HOUSEHOLD_FACTS_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/benefits/v1/benefits.pb.h"
#include "psm/programmes/v1/programmes.pb.h"
#include "services/programme_rules/programme.h"

namespace psm {

// Values of the fields that rules look at, by programme id, and the exchanges
// that told them.
struct Facts {
  std::map<std::string, std::vector<benefits::v1::FilledField>> fields;
  std::vector<programmes::v1::Source> sources;
};

// Thread-safe.
class HouseholdFacts {
 public:
  virtual ~HouseholdFacts() = default;

  // Asks the register and, for each member of the household, the holders of the
  // agreed datasets. NOT_FOUND NOT_A_RESIDENT; FAILED_PRECONDITION
  // EVIDENCE_MISSING.
  virtual absl::StatusOr<Facts> Ask(const agency::CallContext& call,
                                    const std::string& subject,
                                    const std::set<std::string>& agreed) = 0;
};

// Through the gateway, for the affair programme-navigation.
class GatewayFacts final : public HouseholdFacts {
 public:
  // `agency` runs the programmes; `gateway` gives the channel to use for one
  // call. `programmes` must outlive the object.
  GatewayFacts(std::string agency, const ProgrammeSet* programmes,
               std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : agency_(std::move(agency)),
        programmes_(*programmes),
        gateway_(std::move(gateway)) {}

  absl::StatusOr<Facts> Ask(const agency::CallContext& call,
                            const std::string& subject,
                            const std::set<std::string>& agreed) override;

 private:
  const std::string agency_;
  const ProgrammeSet& programmes_;
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_PROGRAMMES_HOUSEHOLD_FACTS_H_
