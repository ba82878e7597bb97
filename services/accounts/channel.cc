#include "services/accounts/channel.h"

#include <string>

namespace psm {

using accounts::v1::Registration;

absl::StatusOr<Registration::Channel> ChannelOf(absl::string_view affair) {
  if (affair == "account-registration" ||
      affair == "account-registration-by-parent" ||
      affair == "account-registration-by-guardian")
    return Registration::PORTAL;
  if (affair == "account-registration-tax-return")
    return Registration::TAX_RETURN;
  if (affair == "account-registration-bank-counter")
    return Registration::BANK_COUNTER;
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "CHANNEL_UNKNOWN",
                         "the affair is no channel of registration");
}

absl::Status CheckChannel(const agency::CallContext& call,
                          Registration::Channel channel,
                          const accounts::v1::RegisterAccountRequest& request,
                          const BankList& banks) {
  if (channel == Registration::TAX_RETURN && !request.opted_in())
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "OPT_IN_MISSING",
                           "the person did not tick it in the return");
  // A bank's agreement rests on consent, so the gateway names one.
  if (channel == Registration::BANK_COUNTER && call.consent_id.empty())
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "CONSENT_MISSING",
                           "a bank counter acts by the person's consent");
  if (channel == Registration::BANK_COUNTER &&
      !banks.IsBankOf(call.consumer.substr(0, call.consumer.find('/')),
                      request.account().bank_code()))
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "BANK_NOT_CALLERS",
                           "the account is at another bank than the caller");
  return absl::OkStatus();
}

}  // namespace psm
