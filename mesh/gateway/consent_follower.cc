#include "mesh/gateway/consent_follower.h"

#include <utility>

#include "mesh/base/error.h"
#include "psm/consent/v1/consent_feed.pb.h"

namespace psm {
namespace {

constexpr char kFeedPath[] = "/psm.consent.v1.ConsentFeedService/GetFeed";

}  // namespace

Task<absl::Status> FollowConsents(Environment& env,
                                  Cancellation& cancellation) {
  const std::shared_ptr<const PolicyEngine> policy =
      env.policy;  // keeps the system
  absl::StatusOr<std::string> issuer = SystemIdOf(kTokenIssuer);
  const System* system =
      issuer.ok() ? policy->directory().FindSystem(*issuer) : nullptr;
  if (system == nullptr) co_return absl::OkStatus();

  for (;;) {
    consent::v1::GetFeedRequest question;
    question.set_after_sequence(env.consents.sequence());
    ProviderRequest request;
    request.provider = system;
    request.path = kFeedPath;
    request.message = question.SerializeAsString();
    request.time_left = kConsentMaxAge;
    // Counted from before the question: a withdrawal that the answer missed is
    // younger than that.
    const absl::Duration asked_at = env.clock.Monotonic();
    Completion<ProviderReply> completion;
    env.link.Invoke(std::move(request), cancellation, &completion);
    ProviderReply reply = co_await completion;
    if (!reply.status.ok()) co_return reply.status;

    consent::v1::GetFeedResponse feed;
    if (!feed.ParseFromString(reply.message)) {
      co_return MakeError(absl::StatusCode::kInternal,
                          "PROVIDER_ANSWER_MALFORMED", Party::kProvider,
                          "the consent feed is not a GetFeedResponse");
    }
    env.consents.Update(feed, asked_at);
    // A part without a withdrawal leads nowhere; the next question is asked in
    // its own time.
    if (!feed.more() || feed.withdrawals().empty()) break;
  }
  co_return absl::OkStatus();
}

}  // namespace psm
