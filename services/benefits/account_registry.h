// What the office tells the account registry and hears from it, beside asking
// for accounts.
#ifndef PSM_SERVICES_BENEFITS_ACCOUNT_REGISTRY_H_
#define PSM_SERVICES_BENEFITS_ACCOUNT_REGISTRY_H_

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"

namespace psm {

// Thread-safe.
class AccountRegistry {
 public:
  virtual ~AccountRegistry() = default;

  // Persons whose account is another than at `since`, of those that this office
  // was given the account of. Errors as AccountsService/ListChanges.
  virtual absl::StatusOr<std::set<std::string>> ChangedSince(
      const agency::CallContext* call, const std::string& affair,
      absl::Time since) = 0;

  // That a transfer to the person's account came back. OK also where the
  // account is another by now, or none. Errors else as
  // AccountsService/ReportReturnedTransfer.
  virtual absl::Status ReportReturned(const agency::CallContext* call,
                                      const std::string& affair,
                                      const std::string& subject,
                                      const std::string& etag) = 0;
};

// As ChangedSince; UNAVAILABLE ACCOUNTS_UNAVAILABLE where the registry does not
// say, for whatever reason: the log has it.
absl::StatusOr<std::set<std::string>> AskWhoseChanged(
    AccountRegistry& registry, const agency::CallContext& call,
    const std::string& affair, absl::Time since);

// Through the gateway.
class GatewayAccountRegistry final : public AccountRegistry {
 public:
  // `gateway` gives the channel to use for one call.
  explicit GatewayAccountRegistry(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<std::set<std::string>> ChangedSince(
      const agency::CallContext* call, const std::string& affair,
      absl::Time since) override;
  absl::Status ReportReturned(const agency::CallContext* call,
                              const std::string& affair,
                              const std::string& subject,
                              const std::string& etag) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_ACCOUNT_REGISTRY_H_
