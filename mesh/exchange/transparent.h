// Methods that carry no personal data: authorised by an agreement, carried as
// they are, without record.
#ifndef PSM_MESH_EXCHANGE_TRANSPARENT_H_
#define PSM_MESH_EXCHANGE_TRANSPARENT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"

namespace psm {

// Where a transparent call may go.
struct TransparentRoute {
  std::shared_ptr<const System> provider;
  Metadata metadata;  // what the gateway says to the provider
};

// Decides about one call of a transparent method by what its head says;
// `ask.message` is not looked at. Errors as those of an exchange until it is
// authorised; a refusal comes after a durable record of it, as there.
// UNIMPLEMENTED UNKNOWN_METHOD where the method is not transparent. `env` and
// what `ask` points to must live until the end.
Task<absl::StatusOr<TransparentRoute>> RouteTransparent(Environment& env,
                                                        Ask ask);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_TRANSPARENT_H_
