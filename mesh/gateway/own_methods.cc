#include "mesh/gateway/own_methods.h"

#include "mesh/exchange/batch.h"
#include "mesh/exchange/holdings.h"
#include "mesh/exchange/life_events.h"
#include "mesh/exchange/linkage.h"
#include "mesh/exchange/own_services.h"

namespace psm {

absl::Span<const OwnMethod> OwnMethods() {
  static constexpr OwnMethod kMethods[] = {
      {"/psm.linkage.v1.LinkageService/Retrieve", &Retrieve},
      {"/psm.disclosure.v1.DisclosureService/Disclose", &Disclose},
      {"/psm.subjects.v1.SubjectsService/Enrol", &Enrol},
      {"/psm.records.v1.RecordsService/ListRecords", &ListRecords},
      {"/psm.records.v1.RecordsService/GetProofs", &GetProofs},
      {"/psm.holdings.v1.HoldingsService/Declare", &DeclareHoldings},
      {"/psm.holdings.v1.HoldingsService/End", &EndHoldings},
      {"/psm.holdings.v1.HoldingsService/SetProtection", &SetProtection},
      {"/psm.events.v1.EventsService/Publish", &PublishEvent},
      {kRetrieveBatchPath, nullptr},
      {kSubscribePath, nullptr},
      {kHealthCheckPath, nullptr},
      {kReflectionPath, nullptr},
      {kReflectionAlphaPath, nullptr},
  };
  return kMethods;
}

const OwnMethod* FindOwnMethod(absl::string_view path) {
  for (const OwnMethod& method : OwnMethods()) {
    if (method.path == path) return &method;
  }
  return nullptr;
}

}  // namespace psm
