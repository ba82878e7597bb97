#include "mesh/gateway/own_methods.h"

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
