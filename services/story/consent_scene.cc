// A citizen lets a private bank learn her new address, and thinks better of it.
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "psm/bank/v1/customers.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "services/story/scenes.h"

namespace psm::story {

void ConsentAndWithdrawal(Stage& stage) {
  using bank::v1::CustomersService;
  using identity::v1::ConsentService;
  Narrator& narrator = stage.narrator;
  narrator.Scene("同意と撤回", "Consent, and its withdrawal");
  const std::string hanako = SignIn(stage, "hanako");
  if (hanako.empty()) return;

  identity::v1::GrantConsentRequest grant;
  grant.set_subject(hanako);
  grant.set_consumer("hoshizora-bank/customers");
  grant.set_affair("customer-address");
  grant.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
  grant.add_attributes("address");
  identity::v1::GrantConsentResponse consent;
  CallReport granted = stage.terminal.Call(&ConsentService::Stub::GrantConsent,
                                           {"own-request"}, grant, &consent);
  if (!narrator.Succeeded(
          granted.status,
          "Hanako lets Hoshizora Bank learn her address, and nothing else"))
    return;

  bank::v1::UpdateAddressRequest update;
  update.set_subject(hanako);
  update.set_consent_token(consent.token());
  bank::v1::UpdateAddressResponse address;
  CallReport updated =
      stage.terminal.Call(&CustomersService::Stub::UpdateAddress,
                          {"own-request"}, update, &address);
  narrator.Succeeded(updated.status,
                     absl::StrCat("The bank learns it: ", address.address()));
  stage.expected.push_back({.persona = "hanako",
                            .consumer = "hoshizora-bank/customers",
                            .provider = "identity/identity"});

  const SystemClock clock;
  identity::v1::WithdrawConsentRequest withdraw;
  withdraw.set_subject(hanako);
  withdraw.set_consent_id(consent.consent_id());
  identity::v1::WithdrawConsentResponse withdrawn;
  const absl::Duration asked_at = clock.Monotonic();
  CallReport ended = stage.terminal.Call(&ConsentService::Stub::WithdrawConsent,
                                         {"own-request"}, withdraw, &withdrawn);
  if (!narrator.Succeeded(ended.status, "She withdraws the consent")) return;
  const absl::Status refusal = stage.terminal
                                   .Call(&CustomersService::Stub::UpdateAddress,
                                         {"own-request"}, update, &address)
                                   .status;
  const absl::Duration took = clock.Monotonic() - asked_at;
  narrator.Refused(refusal, "CONSENT_WITHDRAWN",
                   absl::StrCat("The bank's next attempt is refused, ",
                                absl::ToInt64Milliseconds(took),
                                " ms after she asked for the withdrawal"));
  stage.expected.push_back({.persona = "hanako",
                            .consumer = "hoshizora-bank/customers",
                            .reason = "CONSENT_WITHDRAWN"});
  narrator.Step(took < absl::Seconds(1),
                "within the second that the mesh promises");
}

}  // namespace psm::story
