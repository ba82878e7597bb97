// What an agency tells the mesh about the persons it knows: that it holds them,
// that they are protected, what has happened to them. One call each; outbox.h
// makes them from a transaction.
#ifndef PSM_MESH_AGENCY_HOLDINGS_H_
#define PSM_MESH_AGENCY_HOLDINGS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "grpcpp/channel.h"

namespace psm::agency {

// Gives the channel for each attempt: [&] { return agency.gateway(); }
using GatewaySource = std::function<std::shared_ptr<grpc::Channel>()>;

// Most persons in one Declare or End.
inline constexpr std::size_t kMaxHoldingsAtOnce = 10'000;

// Declares that this system holds persons for a service that it provides
// ("psm.residents.v1.ResidentsService"), from now on: calls that name no
// provider find it. `subjects` are its own codes, 1 to kMaxHoldingsAtOnce; all
// or none. Doing it twice does nothing more. Blocks, repeats while the gateway
// is away, at most for `timeout`. Errors as HoldingsService/Declare.
absl::Status DeclareHoldings(const GatewaySource& gateway,
                             absl::string_view service,
                             absl::Span<const std::string> subjects,
                             absl::Duration timeout = absl::Seconds(10));

// Ends such holdings; as DeclareHoldings.
absl::Status EndHoldings(const GatewaySource& gateway,
                         absl::string_view service,
                         absl::Span<const std::string> subjects,
                         absl::Duration timeout = absl::Seconds(10));

// Puts a person under this agency's protection (DV等支援措置), or ends it. The
// exchange id, a UUID, makes a repeated call the same. Errors as
// HoldingsService/SetProtection.
absl::Status SetProtection(const GatewaySource& gateway,
                           absl::string_view subject, bool is_protected,
                           const std::string& exchange_id,
                           absl::Duration timeout = absl::Seconds(10));

// Publishes a life event of a type that this system's configuration lists.
// `effective_date` is `YYYY-MM-DD`. The exchange id, a UUID, makes a repeated
// call the same. Errors as EventsService/Publish.
absl::Status PublishEvent(const GatewaySource& gateway, absl::string_view type,
                          absl::string_view subject,
                          absl::string_view effective_date,
                          const std::string& exchange_id,
                          absl::Duration timeout = absl::Seconds(10));

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_HOLDINGS_H_
