#include "mesh/exchange/page_tokens.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

PersonNumber Person(char letter) {
  return *PersonNumber::FromBytes(std::string(PersonNumber::kSize, letter));
}

class PageTokensTest : public ::testing::Test {
 protected:
  std::unique_ptr<PageTokens> tokens_ =
      PageTokens::Create(SecretBytes(std::string(32, 'k'))).value();
  Listing listing_{"akatsuki/benefits", "identity/identity", "s/M",
                   Person('a')};
};

TEST_F(PageTokensTest, EveryLengthComesBack) {
  for (std::size_t size = 1; size <= PageTokens::kMaxSize; ++size) {
    const std::string token(size, '\x80');  // looks like padding
    auto sealed = tokens_->Seal(listing_, token);
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    EXPECT_EQ(tokens_->Open(listing_, *sealed).value(), token) << size;
  }
}

TEST_F(PageTokensTest, LengthTellsOnlySteps) {
  EXPECT_EQ(tokens_->Seal(listing_, std::string(1, 'x'))->size(),
            tokens_->Seal(listing_, std::string(63, 'x'))->size());
  EXPECT_LT(tokens_->Seal(listing_, std::string(63, 'x'))->size(),
            tokens_->Seal(listing_, std::string(64, 'x'))->size());
}

TEST_F(PageTokensTest, TheSameTokenSealsTheSame) {
  EXPECT_EQ(*tokens_->Seal(listing_, "7"), *tokens_->Seal(listing_, "7"));
}

TEST_F(PageTokensTest, ServesForNoOtherListing) {
  const std::string sealed = *tokens_->Seal(listing_, "7");
  const std::function<void(Listing&)> changes[] = {
      [](Listing& l) { l.consumer = "akatsuki/benefit"; },
      [](Listing& l) { l.provider = "identity/other"; },
      [](Listing& l) { l.method = "s/N"; },
      [](Listing& l) { l.person = Person('b'); },
      [](Listing& l) { l.person.reset(); },
  };
  for (const auto& change : changes) {
    Listing other = listing_;
    change(other);
    EXPECT_EQ(ReasonOf(tokens_->Open(other, sealed).status()),
              "PAGE_TOKEN_INVALID");
  }
  for (const std::string& junk :
       {std::string("junk"), std::string("%%%"), sealed.substr(4),
        sealed + "AAAA", std::string("7")}) {
    EXPECT_EQ(ReasonOf(tokens_->Open(listing_, junk).status()),
              "PAGE_TOKEN_INVALID")
        << junk;
  }
}

TEST_F(PageTokensTest, RefusesTokensThatCouldCarryMuch) {
  EXPECT_EQ(
      ReasonOf(
          tokens_->Seal(listing_, std::string(PageTokens::kMaxSize + 1, 'x'))
              .status()),
      "PROVIDER_ANSWER_MALFORMED");
}

}  // namespace
}  // namespace psm
