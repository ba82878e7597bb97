// A gRPC status as it travels: codes, percent-encoded messages, binary values
// and timeouts (gRPC over HTTP2, PROTOCOL-HTTP2.md).
#ifndef PSM_MESH_EDGE_GRPC_STATUS_H_
#define PSM_MESH_EDGE_GRPC_STATUS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace psm::edge {

// The three trailers of every answer, decoded.
struct WireStatus {
  int code = 0;         // 0..16
  std::string message;  // UTF-8, not yet percent-encoded
  std::string details;  // bytes of a google.rpc.Status; may be empty
};

WireStatus ToWireStatus(const absl::Status& status);
absl::Status FromWireStatus(const WireStatus& status);

// "Percent-Encoded": 0x20-0x7e without '%' stay, every other byte is %XX.
std::string PercentEncode(absl::string_view text);
// The reverse; what is not %XX stays as it is, as the specification asks.
std::string PercentDecode(absl::string_view text);

// 0..16 without sign, space or leading zero; nullopt for all else.
std::optional<int> ParseStatusCode(absl::string_view text);

// At most 8 digits and one of H M S m u n; nullopt for all else.
std::optional<absl::Duration> ParseTimeout(absl::string_view text);
// The longest such text that does not exceed `timeout`; "" for an infinite one,
// "0n" for zero and less.
std::string FormatTimeout(absl::Duration timeout);

// Standard base64 without padding.
std::string EncodeBinary(absl::string_view bytes);
// With or without padding; nullopt where it is not base64, or unused bits are
// set.
std::optional<std::string> DecodeBinary(absl::string_view text);

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_GRPC_STATUS_H_
