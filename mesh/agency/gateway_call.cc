#include "mesh/agency/gateway_call.h"

#include <algorithm>
#include <optional>

#include "absl/time/clock.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"

namespace psm::agency {
namespace {

// gRPC 1.51 aborts the process on a value that is not printable ASCII (library
// trap 2). The gateway refuses a call that lacks what it needs.
void AddMetadata(const char* key, const std::string& value,
                 grpc::ClientContext* context) {
  const bool printable = std::all_of(value.begin(), value.end(), [](char c) {
    return c >= 0x20 && c <= 0x7e;
  });
  if (!value.empty() && printable) context->AddMetadata(key, value);
}

}  // namespace

// gRPC has retries of its own. They stay off: 1.51 with its assertions on
// aborts the process on a malformed answer when they are on (library trap 1),
// they know neither the contract nor the exchange id, and they stay with a
// channel whose gateway has moved to another port.
absl::Status CallUntilAnswered(
    Repeat repeat, const CallTerms& terms,
    absl::FunctionRef<grpc::Status(grpc::ClientContext*,
                                   const std::string& exchange_id)>
        attempt) {
  const bool chosen = IsUuid(terms.exchange_id);
  const std::string exchange_id =
      chosen ? terms.exchange_id : NewUuid(SystemRandom());
  const bool may_repeat =
      repeat == Repeat::kSafe || (repeat == Repeat::kKeyed && chosen);

  // gRPC counts deadlines on the machine's clock.
  const SystemClock clock;
  absl::Time deadline = clock.Now() + terms.timeout;
  if (terms.parent != nullptr)
    deadline = std::min(deadline, terms.parent->deadline);
  Retries retries(deadline, clock, SystemRandom());
  for (;;) {
    const std::unique_ptr<grpc::ClientContext> context =
        Outgoing(terms.parent, terms.affair, deadline - clock.Now());
    AddMetadata("psm-provider", terms.provider, context.get());
    AddMetadata("psm-consent", terms.consent, context.get());
    AddMetadata("psm-representation", terms.representation, context.get());
    AddMetadata("psm-exchange-id", exchange_id, context.get());
    const absl::Status status = FromGrpc(attempt(context.get(), exchange_id));
    if (status.ok() || !may_repeat) return status;
    const std::optional<absl::Duration> pause = retries.PauseAfter(status);
    if (!pause.has_value()) return status;
    absl::SleepFor(*pause);
  }
}

}  // namespace psm::agency
