// Which calls through the gateway may be made again, and when. Makes none.
#ifndef PSM_MESH_AGENCY_RETRY_H_
#define PSM_MESH_AGENCY_RETRY_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"

namespace psm::agency {

// What it means to make a call twice under one exchange id.
enum class Repeat {
  kUnsafe,  // nobody says
  kKeyed,   // a WRITE: harmless under the exchange id that its caller chose
  kSafe,    // as good as once
};

// What the contract says of the method with this request and this answer: READ
// is kSafe; WRITE, whose provider deduplicates by exchange id
// (psm.annotations.v1.MethodContract), is kKeyed. Of a method without a
// contract, as the gateway's own are, protobuf's `idempotency_level` says it.
// kUnsafe where neither does, where no service of the request's file has such a
// method, and the least safe where several have.
Repeat RepeatOf(const google::protobuf::Descriptor& request,
                const google::protobuf::Descriptor& response);

// When a call that failed is made again: after about 50 ms, then twice as long
// each time, up to a second. Each pause is drawn from the upper half of its
// length, so that those who failed together do not come back together.
// Thread-compatible.
class Retries {
 public:
  // No pause ends later than this before the deadline: what the last attempt
  // said is to reach whoever waits, not the deadline's own error.
  static constexpr absl::Duration kMargin = absl::Milliseconds(100);

  // `deadline` is on `clock`'s wall time. Both references must outlive it.
  Retries(absl::Time deadline, const Clock& clock, Random& random)
      : deadline_(deadline), clock_(clock), random_(random) {}

  // How long to wait before the next attempt; nullopt where `status` is the
  // end: OK, an error other than UNAVAILABLE (the gateway, the provider, the
  // log or the connection was not there), or no time left.
  std::optional<absl::Duration> PauseAfter(const absl::Status& status);

 private:
  const absl::Time deadline_;
  const Clock& clock_;
  Random& random_;
  int failed_ = 0;  // attempts, so far
};

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_RETRY_H_
