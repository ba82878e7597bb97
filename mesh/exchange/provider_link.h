// How an exchange reaches providers: one unary call to one system. Implemented
// over HTTP/2 by the edge, by fakes in tests.
#ifndef PSM_MESH_EXCHANGE_PROVIDER_LINK_H_
#define PSM_MESH_EXCHANGE_PROVIDER_LINK_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/cancellation.h"
#include "mesh/base/task.h"
#include "mesh/directory/directory.h"

namespace psm {

// Metadata in order; keys are lower case; values of `-bin` keys are raw bytes
// here and base64 on the wire.
using Metadata = std::vector<std::pair<std::string, std::string>>;

struct ProviderRequest {
  const System* provider = nullptr;
  std::string path;  // "/psm.tax.v1.TaxService/GetTaxStatus"
  Metadata metadata;
  std::string message;       // serialised, uncompressed
  absl::Duration time_left;  // infinite: no deadline; sent as grpc-timeout
};

struct ProviderReply {
  // OK with `message`; or the provider's own status, with its detail where it
  // sent one (`from_provider`); or UNAVAILABLE PROVIDER_UNAVAILABLE or _NOT_
  // TRUSTED where it could not be reached, or the connection ended; INTERNAL
  // PROVIDER_ANSWER_MALFORMED for an answer that is not gRPC;
  // RESOURCE_EXHAUSTED PROVIDER_ANSWER_TOO_LARGE; or the cancellation's reason.
  absl::Status status;
  bool from_provider = false;
  std::string message;
};

// Belongs to one worker thread.
class ProviderLink {
 public:
  virtual ~ProviderLink() = default;

  // Calls and sets `done` on this thread, exactly once, possibly before it
  // returns. When `cancellation` fires, the call is reset and `done` set with
  // its reason. `request` is consumed; `cancellation` and `done` must live
  // until `done` is set.
  virtual void Invoke(ProviderRequest request, Cancellation& cancellation,
                      Completion<ProviderReply>* done) = 0;
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_PROVIDER_LINK_H_
