// What the tests of rewriting share: the contract of testdata/wrinkles.proto, a
// translator that knows a few codes, and messages byte by byte.
#ifndef PSM_MESH_CONTRACTS_TESTING_WRINKLES_FIXTURE_H_
#define PSM_MESH_CONTRACTS_TESTING_WRINKLES_FIXTURE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/contracts/plan.h"
#include "mesh/contracts/rewrite.h"
#include "mesh/contracts/testing/contract_text.h"
#include "mesh/contracts/testing/reference.h"
#include "mesh/contracts/wire.h"

namespace psm {

inline constexpr char kRequest[] = "psm.testdata.v1.WrinklesRequest";
inline constexpr char kResponse[] = "psm.testdata.v1.WrinklesResponse";

// Knows a few codes and counts who asks for them.
class KnownCodes : public FieldTranslator {
 public:
  absl::StatusOr<std::string> TranslateSubject(
      absl::string_view code) override {
    asked.emplace_back(code);
    auto known = codes.find(std::string(code));
    if (known == codes.end())
      return MakeError(absl::StatusCode::kInvalidArgument,
                       "SUBJECT_CODE_INVALID", Party::kConsumer, "no");
    return known->second;
  }
  // "7" becomes "<7>".
  absl::StatusOr<std::string> TranslatePageToken(
      absl::string_view token) override {
    if (token == "forged")
      return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                       Party::kConsumer, "no");
    return absl::StrCat("<", token, ">");
  }
  std::map<std::string, std::string> codes = {
      {"hanako", "HANAKO"}, {"taro", "T"}, {"jiro", std::string(300, 'J')}};
  std::vector<std::string> asked;
};

inline std::string Varint(std::uint64_t value) {
  std::string out;
  wire::AppendVarint(value, &out);
  return out;
}
inline std::string Tag(int number, wire::Type type) {
  return Varint(static_cast<std::uint64_t>(number) << 3 | type);
}
inline std::string Len(int number, const std::string& bytes) {
  return Tag(number, wire::kLengthDelimited) + Varint(bytes.size()) + bytes;
}

class WrinklesTest : public testing::Test {
 protected:
  static std::shared_ptr<const ContractSet> Contracts() {
    const google::protobuf::FileDescriptorSet set =
        ReadDescriptorSet(PSM_WRINKLES_SET);
    return ContractSet::Create({&set, 1}).value();
  }
  const MethodPlan& plan() {
    return *reference_.contracts().FindByPath(
        "/psm.testdata.v1.WrinklesService/Exchange");
  }
  AttributeMask Mask(const std::vector<std::string>& names) {
    AttributeMask mask = 0;
    for (const std::string& name : names) {
      EXPECT_NE(plan().BitOf(name), 0u) << name;
      mask |= plan().BitOf(name);
    }
    return mask;
  }
  std::string Bytes(const char* type, const std::string& text) {
    return reference_.FromText(type, text)->SerializeAsString();
  }
  absl::StatusOr<Rewritten> Response(const std::string& bytes,
                                     const std::vector<std::string>& allowed) {
    return Rewrite(*plan().response, bytes,
                   {Mask(allowed), &translator_, "", 0});
  }
  std::string Text(const char* type, const std::string& bytes) {
    auto message = reference_.Parse(type, bytes);
    return message == nullptr ? "unparsable" : message->ShortDebugString();
  }
  std::string Reason(const absl::Status& status) { return ReasonOf(status); }

  Reference reference_{Contracts()};
  KnownCodes translator_;
};

}  // namespace psm

#endif  // PSM_MESH_CONTRACTS_TESTING_WRINKLES_FIXTURE_H_
