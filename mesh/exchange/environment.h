// What the exchanges of one worker run on. Everything an exchange can touch is
// named here.
#ifndef PSM_MESH_EXCHANGE_ENVIRONMENT_H_
#define PSM_MESH_EXCHANGE_ENVIRONMENT_H_

#include <memory>
#include <string>

#include "mesh/base/clock.h"
#include "mesh/base/executor.h"
#include "mesh/crypto/digest.h"
#include "mesh/events/event_queue.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/page_tokens.h"
#include "mesh/exchange/provider_link.h"
#include "mesh/exchange/rate.h"
#include "mesh/exchange/refusals.h"
#include "mesh/holdings/holding_register.h"
#include "mesh/policy/consent.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/records/record_log.h"
#include "mesh/subjects/subject_code.h"

namespace psm {

// One leg as development tools see it (`psm watch`). Holds codes of persons:
// never built where no observer is set.
struct LegReport {
  std::string consumer;
  std::string provider;
  std::string affair;
  std::string method;
  std::vector<std::string> released;
  std::vector<std::string> withheld;
  std::string consumer_code;  // the subject at the consumer and at the provider
  std::string provider_code;
  std::string corporation;
  std::string exchange_id;
  std::string basis;  // "statute", "consent" or ""
  absl::Duration took;
  absl::Status outcome;
};

// Development only. Belongs to one worker; must not block.
class LegObserver {
 public:
  virtual ~LegObserver() = default;
  virtual void OnLeg(LegReport report) = 0;
};

// Belongs to one worker thread, but for what says otherwise. Nothing here is
// owned but the policy in force, which the worker replaces between exchanges.
struct Environment {
  const Clock& clock;                          // thread-safe
  std::shared_ptr<const PolicyEngine> policy;  // never null
  SubjectScopes& scopes;
  const PageTokens& pages;  // thread-safe, shared
  ConsentState& consents;   // thread-safe, shared
  RecordLog& log;           // thread-safe, shared
  Executor& executor;       // this worker
  ProviderLink& link;
  Random& random;  // thread-safe
  RateLimiter& rates;
  RefusalCounter& refusals;         // thread-safe, shared
  LegObserver* observer = nullptr;  // null outside development
  std::string gateway;              // name of this gateway's log
  // Thread-safe, shared. Null in tests that need none: nothing is held, nobody
  // is protected, and the services about them answer UNAVAILABLE.
  HoldingRegister* holdings = nullptr;
  EventQueue* events = nullptr;
};

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_ENVIRONMENT_H_
