#include "services/openid/pages.h"

#include "gtest/gtest.h"
#include "services/openid/test_world.h"

namespace psm::openid {
namespace {

TEST(PagesTest, NameTheirLanguageAndLookAgainWhereToldTo) {
  TestWorld world;
  Browser browser(world.provider.get());
  const HttpAnswer page =
      browser.Get("/authorize", GoodQuery({{"ui_locales", "en"}}));
  EXPECT_NE(page.body.find("<html lang=\"en\">"), std::string::npos);
  EXPECT_NE(page.body.find("Unofficial prototype"), std::string::npos);
  EXPECT_NE(page.body.find("非公式の試作品"), std::string::npos);
  EXPECT_EQ(page.body.find("http-equiv"), std::string::npos);
  world.sign_in.look_again_seconds = 3;
  const HttpAnswer waits =
      browser.Get("/authorize", GoodQuery({{"ui_locales", "en"}}));
  EXPECT_NE(waits.body.find("http-equiv=\"refresh\" content=\"3; url=/inter"),
            std::string::npos);
}

TEST(PagesTest, AFieldIsReadWithItsHintAndWhatWentWrong) {
  EXPECT_EQ(DescribedBy("", false).text(), "");
  EXPECT_EQ(DescribedBy("h", false).text(), " aria-describedby=\"h\"");
  EXPECT_EQ(DescribedBy("", true).text(),
            " aria-invalid=\"true\" aria-describedby=\"wrong\"");
  EXPECT_EQ(DescribedBy("h", true).text(),
            " aria-invalid=\"true\" aria-describedby=\"h wrong\"");
}

}  // namespace
}  // namespace psm::openid
