// How a registration comes: what a call's affair says of it. Knows no account
// register.
#ifndef PSM_SERVICES_ACCOUNTS_CHANNEL_H_
#define PSM_SERVICES_ACCOUNTS_CHANNEL_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/agency/call_context.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "services/accounts/bank_list.h"

namespace psm {

// The channel that a registration comes by. The gateway vouches for the affair,
// so nobody can say that a registration came another way than it did.
// FAILED_PRECONDITION CHANNEL_UNKNOWN for an affair that is none.
absl::StatusOr<accounts::v1::Registration::Channel> ChannelOf(
    absl::string_view affair);

// Whether the channel may bring this registration: a tax return only what the
// person ticked there (OPT_IN_MISSING; registration is voluntary), a bank
// counter only accounts of the bank itself (BANK_NOT_CALLERS), by a consent
// (CONSENT_MISSING). All FAILED_PRECONDITION.
absl::Status CheckChannel(const agency::CallContext& call,
                          accounts::v1::Registration::Channel channel,
                          const accounts::v1::RegisterAccountRequest& request,
                          const BankList& banks);

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_CHANNEL_H_
