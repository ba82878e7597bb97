// What is refused: an account number for collecting arrears, and somebody
// else's account.
#include <string>

#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "services/story/scenes.h"

namespace psm::story {
namespace {

using accounts::v1::AccountsService;

// An account in katakana that is `persona`'s own, at the fictitious bank.
accounts::v1::Account AccountOf(absl::string_view holder_kana,
                                absl::string_view number) {
  accounts::v1::Account account;
  account.set_bank_code("9990");
  account.set_branch_code("001");
  account.set_type(accounts::v1::Account::ORDINARY);
  account.set_number(std::string(number));
  account.set_holder_kana(std::string(holder_kana));
  return account;
}

// The rule that refused, as the caller was told it.
void TellRule(Stage& stage, const absl::Status& refusal) {
  std::optional<ErrorDetail> detail = DetailOf(refusal);
  if (!detail.has_value()) return;
  // The rule is in English; of a statute the Japanese text is told too.
  for (const char* key : {"rule", "statute_ja", "remedy"}) {
    auto found = detail->metadata.find(key);
    if (found == detail->metadata.end()) continue;
    stage.narrator.Fact(
        absl::StrCat(key == absl::string_view("statute_ja") ? "根拠" : key,
                     ": ", found->second));
  }
}

absl::Status AskForAccount(Stage& stage, const std::string& affair) {
  accounts::v1::GetAccountRequest request;
  request.set_subject(stage.CodeOf("hanako", "yunagi"));
  accounts::v1::GetAccountResponse response;
  return stage.tax_office
      .Call(&AccountsService::Stub::GetAccount, {affair}, request, &response)
      .status;
}

}  // namespace

void WhatARoomFears(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("目的外利用",
                 "What a room fears: the tax office wants her account number");
  absl::Status arrears = AskForAccount(stage, "collect-arrears");
  narrator.Refused(arrears, "NO_AGREEMENT",
                   "Yunagi's tax office asks, to collect arrears: refused");
  stage.expected.push_back({.persona = "hanako",
                            .consumer = "yunagi/tax",
                            .reason = "NO_AGREEMENT"});
  TellRule(stage, arrears);
  absl::Status disguised = AskForAccount(stage, "benefit-tax-exempt");
  narrator.Refused(disguised, "NO_AGREEMENT",
                   "It asks again and says it is for the benefit: refused");
  TellRule(stage, disguised);
}

void SomebodyElsesAccount(Stage& stage) {
  Narrator& narrator = stage.narrator;
  narrator.Scene("口座の登録", "Somebody else's account");
  const std::string taro = SignIn(stage, "taro");
  if (taro.empty()) return;
  const std::string wife_kana = stage.KanaOf("yoshiko");
  const std::string own_kana = stage.KanaOf("taro");
  auto registers = [&](const accounts::v1::Account& account,
                       accounts::v1::RegisterAccountResponse* response) {
    accounts::v1::RegisterAccountRequest request;
    request.set_subject(taro);
    *request.mutable_account() = account;
    return stage.terminal
        .Call(&AccountsService::Stub::RegisterAccount, {"account-registration"},
              request, response)
        .status;
  };
  accounts::v1::RegisterAccountResponse done;
  narrator.Refused(registers(AccountOf(wife_kana, "7654321"), &done),
                   "HOLDER_MISMATCH",
                   "Taro registers his wife's account as his own: refused, the "
                   "holder's kana is not his");
  narrator.Succeeded(registers(AccountOf(own_kana, "1234567"), &done),
                     "Then his own: registered");
  absl::Status second = registers(AccountOf(own_kana, "1234568"), &done);
  narrator.Step(second.ok() && done.replaced(),
                "And another of his own: it takes the first one's place, one "
                "for each person");
}

}  // namespace psm::story
