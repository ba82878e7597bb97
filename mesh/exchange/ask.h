// What a consumer asks and what it is answered, as the exchange sees them: no
// sockets, no HTTP/2, no gRPC.
#ifndef PSM_MESH_EXCHANGE_ASK_H_
#define PSM_MESH_EXCHANGE_ASK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/cancellation.h"
#include "mesh/contracts/plan.h"
#include "mesh/exchange/leg_gate.h"
#include "mesh/exchange/provider_link.h"
#include "mesh/records/receipt.h"

namespace psm {

// Who is at the other end of a connection, and whether that still holds.
// Belongs to the worker of the connection.
class Peer {
 public:
  virtual ~Peer() = default;
  // "akatsuki/benefits", from the certificate's only SPIFFE URI SAN.
  virtual const std::string& system_id() const = 0;
  // OK while the certificate is in force and not revoked; UNAUTHENTICATED, or
  // UNAVAILABLE where revocations are not known, with a reason.
  virtual absl::Status CheckCertificate(absl::Time now) const = 0;
};

// One call. Lives until it is answered.
struct Ask {
  const Peer* peer = nullptr;  // outlives the ask
  std::string path;            // "/psm.tax.v1.TaxService/GetTaxStatus"
  // Metadata a consumer may send; empty where absent.
  std::string affair;
  std::string consent;
  std::string representation;
  std::string provider;
  std::string exchange_id;
  std::string traceparent;
  std::string message;  // serialised request
  absl::Time ask_time;
  absl::Duration deadline = absl::InfiniteDuration();  // on Clock::Monotonic()
  Cancellation* cancellation = nullptr;                // outlives the ask
  // The attributes wanted; an exchange releases none beyond them. A linkage
  // narrows it to what it was asked for.
  AttributeMask wanted = ~AttributeMask{0};
  LegGate* gate = nullptr;  // of the linkage that this is a leg of, or null
};

// Takes the metadata of design section 9 out of `metadata` into `ask`.
// INVALID_ARGUMENT EXCHANGE_ID_INVALID for an id that is not a UUID. Other keys
// are not looked at.
absl::Status ReadMetadata(const Metadata& metadata, Ask& ask);

// What leaves: a status, and a message only where it is OK.
struct Answer {
  absl::Status status;
  std::string message;
  std::string exchange_id;    // empty for transparent methods
  SerialisedReceipt receipt;  // empty: nothing recorded
  std::string provider;       // system id; empty where none was chosen
  absl::Time provide_time = absl::InfinitePast();
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_ASK_H_
