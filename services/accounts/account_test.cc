#include "services/accounts/account.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

using accounts::v1::Account;

Account Good() {
  Account account;
  account.set_bank_code("0009");
  account.set_branch_code("001");
  account.set_type(Account::ORDINARY);
  account.set_number("0012345");
  account.set_holder_kana("ヤマダ　ハナコ");
  return account;
}

TEST(AccountTest, KeepsDigitsAsTheyAreAndWritesTheHolderAsBanksDo) {
  absl::StatusOr<Account> account = CheckedAccount(Good());
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->number(), "0012345");
  EXPECT_EQ(account->holder_kana(), "ﾔﾏﾀﾞ ﾊﾅｺ");
}

TEST(AccountTest, EveryMalformedFieldIsNamedAndItsValueIsNot) {
  const std::vector<std::pair<std::string, std::function<void(Account&)>>>
      cases = {
          {"bank_code", [](Account& a) { a.set_bank_code("009"); }},
          {"bank_code", [](Account& a) { a.set_bank_code("00090"); }},
          {"bank_code", [](Account& a) { a.set_bank_code("000a"); }},
          {"bank_code", [](Account& a) { a.set_bank_code("0009 "); }},
          {"bank_code", [](Account& a) { a.clear_bank_code(); }},
          {"branch_code", [](Account& a) { a.set_branch_code("0001"); }},
          {"branch_code", [](Account& a) { a.set_branch_code("-01"); }},
          {"type", [](Account& a) { a.clear_type(); }},
          {"type", [](Account& a) { a.set_type(Account::Type(7)); }},
          {"number", [](Account& a) { a.set_number("12345678"); }},
          {"number", [](Account& a) { a.set_number("１２３４５６７"); }},
          {"number", [](Account& a) { a.set_number("'; --12"); }},
          {"holder_kana", [](Account& a) { a.set_holder_kana("山田花子"); }},
          {"holder_kana", [](Account& a) { a.clear_holder_kana(); }}};
  const std::map<std::string, std::string> reasons = {
      {"bank_code", "BANK_CODE_MALFORMED"},
      {"branch_code", "BRANCH_CODE_MALFORMED"},
      {"type", "ACCOUNT_TYPE_MISSING"},
      {"number", "ACCOUNT_NUMBER_MALFORMED"},
      {"holder_kana", "HOLDER_KANA_MALFORMED"}};
  for (const auto& [field, spoil] : cases) {
    Account account = Good();
    spoil(account);
    absl::Status status = CheckedAccount(account).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_EQ(ReasonOf(status), reasons.at(field));
    EXPECT_EQ(DetailOf(status)->metadata.at("field"), field);
    EXPECT_EQ(status.message(), field + " is malformed");
  }
}

}  // namespace
}  // namespace psm
