#include "services/openid/parameters.h"

#include "gtest/gtest.h"
#include "services/openid/html.h"
#include "services/openid/http.h"

namespace psm::openid {
namespace {

TEST(ParametersTest, ReadsWhatAFormEncodes) {
  const auto read = Parameters::Parse("a=1+2&b=%E8%8A%B1&c=&d&e=x%3D%26y");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->Get("a"), "1 2");
  EXPECT_EQ(read->Get("b"), "花");
  EXPECT_FALSE(read->Has("c"));
  EXPECT_FALSE(read->Has("d"));
  EXPECT_EQ(read->Get("e"), "x=&y");
  EXPECT_FALSE(read->AnyRepeated());
  EXPECT_TRUE(Parameters::Parse("a=1&a=1")->Repeated("a"));
}

TEST(ParametersTest, RefusesWhatIsNoText) {
  for (const char* bad :
       {"a=%", "a=%4", "a=%zz", "a=%00", "a=%ff", "a=%c0%80", "a=%ed%a0%80",
        "a=%f4%90%80%80", "a=%e8%8a", "%ff=1", "a=%1b"}) {
    EXPECT_FALSE(Parameters::Parse(bad).has_value()) << bad;
  }
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a=1&";
  EXPECT_FALSE(Parameters::Parse(many).has_value());
}

TEST(ParametersTest, WhatIsAddedToAnAddressStaysAParameter) {
  EXPECT_EQ(WithParameters("https://rp/x?a=b", {{"state", "a&b=c#d\r\n"}}),
            "https://rp/x?a=b&state=a%26b%3Dc%23d%0D%0A");
  EXPECT_EQ(WithParameters("https://rp/x", {{"state", ""}, {"iss", "i"}}),
            "https://rp/x?iss=i");
}

TEST(HtmlTest, TextBecomesNoMarkup) {
  EXPECT_EQ(Html().Raw("<p>").Text("<b a='\"'>&").text(),
            "<p>&lt;b a=&#39;&quot;&#39;&gt;&amp;");
}

TEST(HtmlTest, LanguageIsAskedForOrJapanese) {
  EXPECT_EQ(ChooseLanguage("", ""), Language::kJapanese);
  EXPECT_EQ(ChooseLanguage("fr en-GB ja", "ja"), Language::kEnglish);
  EXPECT_EQ(ChooseLanguage("", "de;q=1, en;q=0.8, ja;q=0.7"),
            Language::kEnglish);
  EXPECT_EQ(ChooseLanguage("ja", "en"), Language::kJapanese);
}

TEST(HttpTest, ACookieThatComesTwiceIsNone) {
  HttpRequest request;
  request.headers["cookie"] = "a=1; __Host-x=2; __Host-xy=3";
  EXPECT_EQ(request.Cookie("__Host-x"), "2");
  request.headers["cookie"] = "__Host-x=2; __Host-x=3";
  EXPECT_EQ(request.Cookie("__Host-x"), "");
}

}  // namespace
}  // namespace psm::openid
