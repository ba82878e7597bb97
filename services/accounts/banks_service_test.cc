#include "services/accounts/banks_service.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

class BanksServiceTest : public testing::Test {
 protected:
  const BankList banks_;
  BanksService service_{&banks_};
};

TEST_F(BanksServiceTest, PagesGoOnWhereTheLastEnded) {
  accounts::v1::ListBranchesRequest request;
  request.set_bank_code("9990");
  request.set_page_size(5);
  std::vector<std::string> codes;
  std::vector<int> sizes;
  do {
    accounts::v1::ListBranchesResponse page;
    ASSERT_TRUE(service_.ListBranches(nullptr, &request, &page).ok());
    sizes.push_back(page.branches_size());
    for (const auto& branch : page.branches()) codes.push_back(branch.code());
    EXPECT_TRUE(page.source().fictitious_only());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && sizes.size() < 9);
  EXPECT_EQ(sizes, (std::vector<int>{5, 5, 2}));
  EXPECT_EQ(codes.front(), "001");
  EXPECT_EQ(codes.back(), "012");
}

TEST_F(BanksServiceTest, AllBanksAreOneAndMarkedAsFictitious) {
  accounts::v1::ListBanksResponse all;
  const accounts::v1::ListBanksRequest request;
  ASSERT_TRUE(service_.ListBanks(nullptr, &request, &all).ok());
  ASSERT_EQ(all.banks_size(), 1);
  EXPECT_TRUE(all.banks(0).fictitious());
  accounts::v1::SearchBanksRequest search;
  search.set_query("ほしぞら");
  accounts::v1::SearchBanksResponse found;
  ASSERT_TRUE(service_.SearchBanks(nullptr, &search, &found).ok());
  ASSERT_EQ(found.banks_size(), 1);
  EXPECT_EQ(found.banks(0).code(), "9990");
}

TEST_F(BanksServiceTest, EveryRefusalHasItsReason) {
  accounts::v1::SearchBanksRequest search;
  accounts::v1::SearchBanksResponse found;
  const auto reason = [&] {
    return ReasonOf(
        agency::FromGrpc(service_.SearchBanks(nullptr, &search, &found)));
  };
  for (const std::string& query :
       {std::string(), std::string("  "), std::string(401, '1')}) {
    search.set_query(query);
    EXPECT_EQ(reason(), "QUERY_INVALID");
  }
  search.set_query("1");
  for (const char* token : {"x", "00010", "-1"}) {
    search.set_page_token(token);
    EXPECT_EQ(reason(), "PAGE_TOKEN_INVALID");
  }
  accounts::v1::ListBranchesRequest branches;
  branches.set_bank_code("0001");
  accounts::v1::ListBranchesResponse none;
  EXPECT_EQ(ReasonOf(agency::FromGrpc(
                service_.ListBranches(nullptr, &branches, &none))),
            "BANK_UNKNOWN");
}

}  // namespace
}  // namespace psm
