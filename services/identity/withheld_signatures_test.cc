// A signature that the client may not have, before all eyes but the signer's:
// held against a request that nobody has ever signed.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "services/identity/signing_fixture.h"

namespace psm::identity {
namespace {

using nlohmann::json;

class WithheldSignaturesTest : public SigningTest {
 protected:
  // All that a relying party can find out of a request of its own by reference
  // and page, without ending it; the id apart.
  std::string Seen(const std::string& reference, const std::string& page) {
    const int tries = mesh_.tries;
    std::string all;
    for (const openid::HttpAnswer& answer :
         {Look(reference), pages_.Answer(Request("GET", page)),
          pages_.Answer(Request("GET", page + "/request")), Bring(page, "junk"),
          Ask(Form(reference))}) {
      absl::StrAppend(&all, answer.status, " ", answer.body, "\n");
      for (const auto& [name, value] : answer.headers)
        absl::StrAppend(&all, name, ": ", value, "\n");
    }
    EXPECT_EQ(mesh_.tries, tries) << "that would take longer";
    const json said =
        json::parse(pages_.Answer(Request("GET", page + "/request")).body);
    return absl::StrReplaceAll(
        all, {{IdOn(page), "ID"}, {said["blind"].get<std::string>(), "BLIND"}});
  }
  std::string PageOf(const std::string& page) {
    return absl::StrReplaceAll(pages_.Answer(Request("GET", page)).body,
                               {{IdOn(page), "ID"}});
  }

  const absl::Status protected_ =
      absl::FailedPreconditionError("no automatic answer");
};

TEST_F(WithheldSignaturesTest, WhatIsRefusedWhenSheSignsWasNeverSigned) {
  const auto card = Card("hanako");
  const std::string page = Page("hers"), never = Page("never");
  for (const absl::Status& refusal :
       {protected_, absl::PermissionDeniedError("not agreed")}) {
    mesh_.status = refusal;
    const openid::HttpAnswer told = Bring(page, Sign(*card, page));
    EXPECT_EQ(told.status, 403);
    EXPECT_NE(told.body.find("told nothing"), std::string::npos);
    EXPECT_EQ(Seen("hers", page), Seen("never", never));
  }
  world_.clock.Advance(kSignRequestLife);
  EXPECT_EQ(StateOf("hers"), "expired");
  EXPECT_EQ(Look("hers").body, Look("never").body);
  EXPECT_EQ(PageOf(page), PageOf(never));
}

TEST_F(WithheldSignaturesTest, WhatIsRefusedWhenItIsCollectedWasNeverSigned) {
  const auto card = Card("hanako");
  const std::string page = Page("hers"), never = Page("never");
  ASSERT_EQ(Bring(page, Sign(*card, page)).status, 200);
  mesh_.status = protected_;
  EXPECT_EQ(Look("hers").status, 200);
  EXPECT_EQ(StateOf("hers"), "pending");
  EXPECT_EQ(Seen("hers", page), Seen("never", never));
  // It is not there any more, also for who is not refused later.
  EXPECT_EQ((*requests_.Find(IdOn(page)))->signature, "");
  mesh_.status = absl::OkStatus();
  EXPECT_EQ(StateOf("hers"), "pending");
  EXPECT_EQ(Bring(page, Sign(*card, page)).status, 200) << "she may sign again";
  mesh_.status = protected_;
  world_.clock.Advance(kSignRequestLife);
  EXPECT_EQ(Look("hers").body, Look("never").body);
  EXPECT_EQ(StateOf("hers"), "expired");
  EXPECT_EQ(PageOf(page), PageOf(never));
}

TEST_F(WithheldSignaturesTest, ItTakesRoomAndIsDeclinedAsAnyThatWaits) {
  const auto card = Card("hanako");
  const std::string page = Page("hers");
  ASSERT_EQ(Bring(page, Sign(*card, page)).status, 200);
  for (int i = 1; i < kMostSignRequests; ++i)
    EXPECT_EQ(Ask(Form(absl::StrCat("more-", i))).status, 201);
  EXPECT_EQ(Ask(Form("one-more")).status, 429);
  mesh_.status = protected_;
  EXPECT_EQ(StateOf("hers"), "pending");
  EXPECT_EQ(Ask(Form("one-more")).status, 429);
  EXPECT_EQ(pages_.Answer(Request("POST", page)).status, 303);
  EXPECT_EQ(StateOf("hers"), "declined");
}

TEST_F(WithheldSignaturesTest, WhatNobodyHasCollectedShowsNowhere) {
  const auto card = Card("hanako");
  const std::string page = Page("hers"), never = Page("never");
  ASSERT_EQ(Bring(page, Sign(*card, page)).status, 200);
  EXPECT_EQ(PageOf(page), PageOf(never));
  EXPECT_EQ(pages_.Answer(Request("GET", page + "/request")).status, 200);
  EXPECT_EQ(Bring(page, "junk").status, 403);
  // Until then she may take it back.
  const std::string back = Page("back");
  ASSERT_EQ(Bring(back, Sign(*card, back)).status, 200);
  ASSERT_EQ(pages_.Answer(Request("POST", back)).status, 303);
  EXPECT_EQ(StateOf("back"), "declined");
  // Then not, and it takes no room any more.
  EXPECT_EQ(StateOf("hers"), "signed");
  EXPECT_NE(PageOf(page).find("署名しました"), std::string::npos);
  ASSERT_EQ(pages_.Answer(Request("POST", page)).status, 303);
  EXPECT_EQ(StateOf("hers"), "signed");
  for (int i = 2; i < kMostSignRequests; ++i)
    EXPECT_EQ(Ask(Form(absl::StrCat("more-", i))).status, 201);
  EXPECT_EQ(Ask(Form("one-more")).status, 429);
}

TEST_F(WithheldSignaturesTest, WhoHasCollectedLearnsNothingByAskingLater) {
  const auto card = Card("hanako");
  const std::string page = Page("hers");
  ASSERT_EQ(Bring(page, Sign(*card, page)).status, 200);
  ASSERT_TRUE(json::parse(Look("hers").body).contains("signature"));
  world_.clock.Advance(kCollectedAgain - absl::Seconds(1));
  EXPECT_TRUE(json::parse(Look("hers").body).contains("signature"));
  world_.clock.Advance(absl::Seconds(1));
  const int tries = mesh_.tries;
  const std::string later = Look("hers").body;
  EXPECT_EQ(json::parse(later), json({{"state", "signed"}}));
  mesh_.status = protected_;
  EXPECT_EQ(Look("hers").body, later);
  EXPECT_EQ(mesh_.tries, tries);
}

}  // namespace
}  // namespace psm::identity
