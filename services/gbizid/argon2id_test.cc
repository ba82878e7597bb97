#include "services/gbizid/argon2id.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace psm::gbizid {
namespace {

// RFC 9106, 5.3.
TEST(Argon2idTest, GivesTheTagOfTheSpecification) {
  const std::string password(32, '\x01'), salt(16, '\x02'), secret(8, '\x03'),
      associated(12, '\x04');
  EXPECT_EQ(absl::BytesToHexString(
                Argon2id({.memory_kib = 32, .passes = 3, .lanes = 4},
                         {.password = password,
                          .salt = salt,
                          .secret = secret,
                          .associated = associated},
                         32)),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

TEST(Argon2idTest, EveryInputCounts) {
  const Argon2Cost cost{.memory_kib = 16, .passes = 1, .lanes = 1};
  const Argon2Input input{
      .password = "password", .salt = "saltsalt", .secret = "secret"};
  const std::string tag = Argon2id(cost, input, 16);
  EXPECT_EQ(tag.size(), 16u);
  EXPECT_EQ(Argon2id(cost, input, 16), tag);
  Argon2Input other = input;
  other.password = "passwore";
  EXPECT_NE(Argon2id(cost, other, 16), tag);
  other = input;
  other.salt = "saltsalz";
  EXPECT_NE(Argon2id(cost, other, 16), tag);
  other = input;
  other.secret = "";
  EXPECT_NE(Argon2id(cost, other, 16), tag);
  EXPECT_NE(Argon2id({.memory_kib = 16, .passes = 2, .lanes = 1}, input, 16),
            tag);
}

}  // namespace
}  // namespace psm::gbizid
