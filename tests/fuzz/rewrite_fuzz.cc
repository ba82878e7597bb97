// Fuzzes Rewrite and FindNamed against protobuf's own parser
// (mesh/contracts/testing/reference.h). An input is one byte that chooses
// request or response, eight bytes of allowed attributes, and the message.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "google/protobuf/descriptor.pb.h"
#include "mesh/contracts/plan.h"
#include "mesh/contracts/rewrite.h"
#include "mesh/contracts/testing/contract_text.h"
#include "mesh/contracts/testing/reference.h"

namespace {

psm::Reference& WrinklesReference() {
  static psm::Reference& reference = *[] {
    const google::protobuf::FileDescriptorSet set =
        psm::ReadDescriptorSet(PSM_WRINKLES_SET);
    return new psm::Reference(psm::ContractSet::Create({&set, 1}).value());
  }();
  return reference;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  constexpr std::size_t kHead = 1 + sizeof(psm::AttributeMask);
  if (size < kHead) return 0;
  psm::AttributeMask allowed;
  std::memcpy(&allowed, data + 1, sizeof allowed);
  const bool request = (data[0] & 1) == 0;
  const absl::string_view message(reinterpret_cast<const char*>(data + kHead),
                                  size - kHead);
  psm::Reference& reference = WrinklesReference();
  const psm::MethodPlan& plan = *reference.contracts().FindByPath(
      "/psm.testdata.v1.WrinklesService/Exchange");
  const std::string wrong = reference.Judge(plan, request, message, allowed);
  if (!wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
  }
  if (!request) return 0;
  // Both accept the same requests, but for what the translator refuses.
  psm::ScramblingTranslator translator;
  const absl::StatusOr<psm::Named> named = psm::FindNamed(plan, message);
  const bool rewritten =
      psm::Rewrite(*plan.request, message, {0, &translator, "", 0}).ok();
  const bool code = named.ok() && named->subject.substr(0, 1) != "!";
  if (rewritten != code) {
    std::fprintf(stderr, "FindNamed and Rewrite disagree\n");
    std::abort();
  }
  return 0;
}
