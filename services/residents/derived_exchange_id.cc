#include "services/residents/derived_exchange_id.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"

namespace psm {

std::string DerivedExchangeId(const agency::CallContext& call,
                              absl::string_view step) {
  std::string bytes =
      Sha256(absl::StrCat("psm derived exchange id\n", call.consumer, "\n",
                          call.exchange_id, "\n", step))
          .substr(0, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x80);  // version
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // variant
  const std::string hex = absl::BytesToHexString(bytes);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

}  // namespace psm
