#include "services/gbizid/token_key.h"

#include <sys/stat.h>

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"

namespace psm::gbizid {
namespace {

TokenKey Key(char c) {
  return TokenKey(SecretBytes(std::string(TokenKey::kSize, c)));
}

TEST(TokenKeyTest, ATokenNamesItsIdForItsKindAlone) {
  const TokenKey key = Key('a');
  const std::string token = key.Token("session", "one");
  EXPECT_EQ(key.IdIn("session", token), "one");
  EXPECT_EQ(key.Token("session", "one"), token);
  EXPECT_FALSE(key.IdIn("ticket", token));
  EXPECT_FALSE(Key('b').IdIn("session", token));
}

TEST(TokenKeyTest, NothingElseIsAToken) {
  const TokenKey key = Key('a');
  const std::string token = key.Token("session", "one");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(key.IdIn("session", changed)) << i;
    EXPECT_FALSE(key.IdIn("session", token.substr(0, i))) << i;
  }
  for (const std::string& bad :
       {std::string("one"), std::string("one."), std::string("."), token + "a",
        token + ".", std::string(100'000, 'a'), "two" + token.substr(3)})
    EXPECT_FALSE(key.IdIn("session", bad));
}

TEST(TokenKeyTest, WhatIsDerivedDependsOnThePurpose) {
  const TokenKey key = Key('a');
  EXPECT_EQ(key.Derive("password", 32).size(), 32u);
  EXPECT_TRUE(key.Derive("password", 32) == key.Derive("password", 32));
  EXPECT_FALSE(key.Derive("password", 32) == key.Derive("passwore", 32));
}

TEST(TokenKeyTest, TheFileIsPrivateAndReadAgain) {
  TempFolder folder;
  const auto made = TokenKey::OpenOrCreate(folder.File("token.key"));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(folder.Mode("token.key"), 0600u);
  const auto again = TokenKey::OpenOrCreate(folder.File("token.key"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->Token("session", "one"),
            (*made)->Token("session", "one"));

  chmod(folder.File("token.key").c_str(), 0644);
  EXPECT_FALSE(TokenKey::OpenOrCreate(folder.File("token.key")).ok());
  chmod(folder.File("token.key").c_str(), 0600);
  folder.Write("token.key", "short");
  EXPECT_EQ(TokenKey::OpenOrCreate(folder.File("token.key")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace psm::gbizid
