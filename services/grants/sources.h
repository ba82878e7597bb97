// What grants asks of others, as an interface, and the implementation that asks
// through the gateway.
#ifndef PSM_SERVICES_GRANTS_SOURCES_H_
#define PSM_SERVICES_GRANTS_SOURCES_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/corporations/v1/corporations.pb.h"
#include "psm/gbizid/v1/delegation.pb.h"
#include "psm/gbizid/v1/gbizid.pb.h"
#include "psm/identity/v1/basic_items.pb.h"

namespace psm::grants {

// The business that somebody wants to act for; both empty: its own.
struct Principal {
  std::string corporate_number;
  std::string principal_id;  // of a sole proprietor
};

// gbizid's answer, and the exchange in which it was given.
struct Authority {
  gbizid::v1::CheckActingResponse acting;
  std::string exchange_id;
};

// Thread-safe. `call` is the one that a question serves.
class Sources {
 public:
  virtual ~Sources() = default;

  // Who brought a ticket. PERMISSION_DENIED TICKET_INVALID; UNAVAILABLE
  // ACTING_UNKNOWN where gbizid does not answer.
  virtual absl::StatusOr<gbizid::v1::RedeemTicketResponse> Redeem(
      const agency::CallContext& call, const std::string& ticket) = 0;

  // Whether the account may act so for the business now. PERMISSION_DENIED with
  // gbizid's reason; UNAVAILABLE ACTING_UNKNOWN where it does not answer.
  virtual absl::StatusOr<Authority> Check(const agency::CallContext& call,
                                          const std::string& account_id,
                                          const Principal& principal,
                                          gbizid::v1::RoleGrant::Role role) = 0;

  // What is registered of a corporation, which is ACTIVE. FAILED_PRECONDITION
  // CORPORATION_UNKNOWN, CORPORATION_MERGED, CORPORATION_DISSOLVED;
  // EVIDENCE_MISSING where the registry does not say.
  virtual absl::StatusOr<corporations::v1::GetCorporationResponse> Corporation(
      const agency::CallContext& call, const std::string& corporate_number) = 0;

  // What only gbizid holds of a corporation: employees and capital.
  // FAILED_PRECONDITION EVIDENCE_MISSING where they cannot be had.
  virtual absl::StatusOr<gbizid::v1::GetBusinessResponse> Business(
      const agency::CallContext& call, const std::string& corporate_number) = 0;

  // A sole proprietor's name. FAILED_PRECONDITION EVIDENCE_MISSING.
  virtual absl::StatusOr<identity::v1::GetBasicItemsResponse> NameOf(
      const agency::CallContext& call, const std::string& subject) = 0;
};

// FAILED_PRECONDITION CORPORATION_MERGED or CORPORATION_DISSOLVED of one that
// is no more; EVIDENCE_MISSING where its status is not said.
absl::Status CheckActive(const corporations::v1::GetCorporationResponse& found);

// Asks gbizid, the registry of corporations and identity through the gateway.
class GatewaySources final : public Sources {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit GatewaySources(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<gbizid::v1::RedeemTicketResponse> Redeem(
      const agency::CallContext& call, const std::string& ticket) override;
  absl::StatusOr<Authority> Check(const agency::CallContext& call,
                                  const std::string& account_id,
                                  const Principal& principal,
                                  gbizid::v1::RoleGrant::Role role) override;
  absl::StatusOr<corporations::v1::GetCorporationResponse> Corporation(
      const agency::CallContext& call,
      const std::string& corporate_number) override;
  absl::StatusOr<gbizid::v1::GetBusinessResponse> Business(
      const agency::CallContext& call,
      const std::string& corporate_number) override;
  absl::StatusOr<identity::v1::GetBasicItemsResponse> NameOf(
      const agency::CallContext& call, const std::string& subject) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::grants

#endif  // PSM_SERVICES_GRANTS_SOURCES_H_
