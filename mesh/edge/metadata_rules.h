// What may stand in metadata, in both directions (design.md section 9).
#ifndef PSM_MESH_EDGE_METADATA_RULES_H_
#define PSM_MESH_EDGE_METADATA_RULES_H_

#include "absl/strings/string_view.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

// `[a-z0-9_.-]+`.
bool IsMetadataKey(absl::string_view key);
// 0x20-0x7e.
bool IsMetadataText(absl::string_view value);
// `-bin`: the value is any bytes, base64 on the wire.
bool IsBinaryKey(absl::string_view key);

// Whether we may send it as ours: valid, and none of HTTP's or gRPC's own keys.
bool MaySend(const std::pair<std::string, std::string>& entry);

// A valid request key that is HTTP's or gRPC's own business, or that nobody but
// a proxy in front could honestly set: it is not passed on.
bool IsReservedKey(absl::string_view key);

// psm-affair, psm-consent, psm-provider, psm-exchange-id, psm-representation:
// what a consumer may say to the mesh.
bool IsConsumersKey(absl::string_view key);

// `^/[A-Za-z0-9_.]+/[A-Za-z0-9_]+$`.
bool IsMethodPath(absl::string_view path);

// "application/grpc" or "application/grpc+proto".
bool IsGrpcContentType(absl::string_view value);

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_METADATA_RULES_H_
