// Hanako's household and its evidence, for this folder's tests. Never linked
// into a program.
#ifndef PSM_SERVICES_BENEFITS_TEST_HOUSEHOLD_H_
#define PSM_SERVICES_BENEFITS_TEST_HOUSEHOLD_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "psm/residents/v1/residents.pb.h"
#include "psm/tax/v1/tax.pb.h"
#include "services/benefits/application.h"
#include "services/programme_rules/test_programmes.h"

namespace psm {

// Head, mother, child; moved from yunagi.
inline residents::v1::GetHouseholdResponse HanakosHousehold() {
  residents::v1::GetHouseholdResponse household;
  household.set_address("架空県あかつき市東雲台2丁目3番4号");
  household.set_move_in_date("2026-03-20");
  const auto add = [&](const char* subject, const char* name, const char* kana,
                       const char* birth_date,
                       residents::v1::Member::Relation relation) {
    auto* const member = household.add_members();
    member->set_subject(subject);
    member->set_name(name);
    member->set_kana(kana);
    member->set_birth_date(birth_date);
    member->set_relation(relation);
    member->set_tax_municipality("yunagi");
  };
  add("hanako", "青空　花子", "アオゾラ　ハナコ", "1988-07-07",
      residents::v1::Member::HEAD);
  add("fumie", "青空　文枝", "アオゾラ　フミエ", "1957-11-03",
      residents::v1::Member::PARENT);
  add("minato", "青空　湊", "アオゾラ　ミナト", "2017-04-21",
      residents::v1::Member::CHILD);
  return household;
}

inline linkage::v1::Evidence EvidenceOf(
    const std::string& dataset, const std::string& provider,
    const google::protobuf::Message& message) {
  linkage::v1::Evidence evidence;
  evidence.set_dataset(dataset);
  evidence.set_provider(provider);
  evidence.set_exchange_id(absl::StrCat("exchange-", dataset));
  evidence.set_type_name(message.GetDescriptor()->full_name());
  evidence.set_message(message.SerializeAsString());
  return evidence;
}

inline linkage::v1::Evidence TaxEvidence(
    const std::string& provider,
    tax::v1::GetTaxStatusResponse::Category category) {
  tax::v1::GetTaxStatusResponse status;
  status.set_category(category);
  return EvidenceOf("tax", provider, status);
}

inline accounts::v1::Account HanakosAccount() {
  accounts::v1::Account account;
  account.set_bank_code("9990");
  account.set_branch_code("001");
  account.set_type(accounts::v1::Account::ORDINARY);
  account.set_number("0010001");
  account.set_holder_kana("ｱｵｿﾞﾗ ﾊﾅｺ");
  return account;
}

inline linkage::v1::Evidence AccountEvidence(
    const accounts::v1::Account& account) {
  accounts::v1::GetAccountResponse response;
  *response.mutable_account() = account;
  response.set_etag(absl::StrCat("etag-of-", account.number()));
  return EvidenceOf("accounts", "accounts/accounts", response);
}

inline linkage::v1::Evidence FailedEvidence(const std::string& dataset,
                                            const std::string& provider,
                                            absl::StatusCode code,
                                            const std::string& reason) {
  linkage::v1::Evidence evidence;
  evidence.set_dataset(dataset);
  evidence.set_provider(provider);
  evidence.mutable_status()->ParseFromString(
      ToRpcStatus(MakeError(code, reason, Party::kProvider, "refused")));
  return evidence;
}

// What linkage gives for HanakosHousehold(), by member: all are exempt.
inline std::vector<std::vector<linkage::v1::Evidence>> HanakosEvidence() {
  const auto exempt =
      TaxEvidence("yunagi/tax", tax::v1::GetTaxStatusResponse::EXEMPT);
  return {{AccountEvidence(HanakosAccount()), exempt}, {exempt}, {exempt}};
}

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_TEST_HOUSEHOLD_H_
