#include "mesh/subjects/subject_code.h"

#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/crypto/base32.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

std::unique_ptr<SubjectScopes> Scopes(char key_byte = 'k') {
  return *SubjectScopes::Create(SecretBytes(std::string(32, key_byte)));
}

PersonNumber Number(absl::string_view bytes) {
  return *PersonNumber::FromBytes(bytes);
}

PersonNumber RandomNumber() {
  return Number(SystemRandom().Bytes(PersonNumber::kSize));
}

void ExpectRefused(SubjectScope& scope, absl::string_view code) {
  const absl::StatusOr<PersonNumber> person = scope.Decode(code);
  EXPECT_EQ(person.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(person.status()), "SUBJECT_CODE_INVALID");
  if (!code.empty()) {
    EXPECT_EQ(person.status().message().find(code), absl::string_view::npos);
  }
}

TEST(PersonNumberTest, HasTenBytesAndNoOtherSize) {
  for (std::size_t size : {0u, 1u, 9u, 11u, 16u}) {
    EXPECT_FALSE(PersonNumber::FromBytes(std::string(size, 'x')).ok()) << size;
  }
  EXPECT_EQ(Number("0123456789").RevealForEncoding(), "0123456789");
  EXPECT_TRUE(Number("0123456788") < Number("0123456789"));
  EXPECT_FALSE(Number("0123456789") == Number("0123456788"));
}

TEST(SubjectScopeTest, GivesBackEveryNumberItEncoded) {
  auto scopes = Scopes();
  SubjectScope& scope = scopes->For(SubjectScopeKind::kAgency, "akatsuki");
  std::vector<PersonNumber> numbers = {Number(std::string(10, '\0')),
                                       Number(std::string(10, '\xff'))};
  for (int i = 0; i < 20000; ++i) numbers.push_back(RandomNumber());
  std::set<std::string> codes;
  for (const PersonNumber& number : numbers) {
    const std::string code = scope.Encode(number);
    ASSERT_EQ(code.size(), kSubjectCodeSize);
    ASSERT_EQ(code.find_first_not_of(kAlphabet), std::string::npos) << code;
    EXPECT_TRUE(codes.insert(code).second);
    const absl::StatusOr<PersonNumber> again = scope.Decode(code);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(*again == number);
  }
}

// The construction of the header, computed here from its parts alone.
TEST(SubjectScopeTest, IsTheAesBlockThatTheHeaderSays) {
  const std::string master(32, 'k');
  const std::string label = "psm subject code";
  const std::string agency = "akatsuki";
  const std::string info = std::string("\0\0\0\x10", 4) + label +
                           std::string("\0\0\0\x08", 4) + agency;
  const SecretBytes key = HkdfSha256(SecretBytes(master), info, 32);
  const std::string block = "0123456789" + std::string(6, '\0');
  std::string sealed(16, '\0');
  int size = 0;
  OpenSslPtr<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  ASSERT_EQ(EVP_EncryptInit_ex(context.get(), EVP_aes_256_ecb(), nullptr,
                               Bytes(key.Reveal()), nullptr),
            1);
  ASSERT_EQ(EVP_EncryptUpdate(context.get(), Bytes(sealed), &size,
                              Bytes(absl::string_view(block)), 16),
            1);
  EXPECT_EQ(Scopes()
                ->For(SubjectScopeKind::kAgency, agency)
                .Encode(Number("0123456789")),
            Base32Encode(sealed));
}

TEST(SubjectScopeTest, IsTheSameInEveryProcessWithTheSameKeyAndInNoOther) {
  const PersonNumber number = Number("0123456789");
  const std::string code =
      Scopes()->For(SubjectScopeKind::kAgency, "tax").Encode(number);
  EXPECT_EQ(Scopes()->For(SubjectScopeKind::kAgency, "tax").Encode(number),
            code);
  auto others = Scopes('l');
  SubjectScope& other = others->For(SubjectScopeKind::kAgency, "tax");
  EXPECT_NE(other.Encode(number), code);
  ExpectRefused(other, code);
}

TEST(SubjectScopeTest, RefusesEveryChangeOfOneCharacter) {
  auto scopes = Scopes();
  SubjectScope& scope = scopes->For(SubjectScopeKind::kAgency, "akatsuki");
  const std::string code = scope.Encode(Number("0123456789"));
  for (std::size_t i = 0; i < code.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      if (static_cast<char>(c) == code[i]) continue;
      std::string bad = code;
      bad[i] = static_cast<char>(c);
      ExpectRefused(scope, bad);
    }
  }
}

TEST(SubjectScopeTest, RefusesCodesWhoseUnusedBitsAreSet) {
  auto scopes = Scopes();
  SubjectScope& scope = scopes->For(SubjectScopeKind::kAgency, "akatsuki");
  const std::string code = scope.Encode(Number("0123456789"));
  const std::size_t last = absl::string_view(kAlphabet).find(code.back());
  ASSERT_EQ(last % 4, 0u);
  for (std::size_t bits = 1; bits < 4; ++bits) {
    ExpectRefused(scope, code.substr(0, 25) + kAlphabet[last + bits]);
  }
}

TEST(SubjectScopeTest, RefusesOtherSpellingsAndSizes) {
  auto scopes = Scopes();
  SubjectScope& scope = scopes->For(SubjectScopeKind::kAgency, "akatsuki");
  const std::string code = scope.Encode(Number("0123456789"));
  for (const std::string& bad : std::vector<std::string>{
           "", absl::AsciiStrToUpper(code), code + "a", code + "======",
           code.substr(1), code.substr(0, 25), " " + code.substr(1),
           code + "\n", code + std::string(1, '\0'), std::string(26, 'a'),
           std::string(26, '\0'), std::string(1 << 20, 'a')}) {
    ExpectRefused(scope, bad);
  }
}

TEST(SubjectScopeTest, RefusesRandomBlocks) {
  auto scopes = Scopes();
  SubjectScope& scope = scopes->For(SubjectScopeKind::kAgency, "akatsuki");
  for (int i = 0; i < 20000; ++i) {
    ExpectRefused(scope, Base32Encode(SystemRandom().Bytes(16)));
  }
}

TEST(SubjectScopesTest, NoScopeReadsTheCodesOfAnother) {
  auto scopes = Scopes();
  const std::vector<std::pair<SubjectScopeKind, std::string>> names = {
      {SubjectScopeKind::kAgency, "akatsuki"},
      {SubjectScopeKind::kAgency, "akatsuk"},
      {SubjectScopeKind::kAgency, "yunagi"},
      {SubjectScopeKind::kAgency, ""},
      {SubjectScopeKind::kRelyingParty, "akatsuki"},
      {SubjectScopeKind::kRelyingParty, ""},
      {SubjectScopeKind::kRecords, "akatsuki"},
      {SubjectScopeKind::kRecords, ""}};
  const PersonNumber number = RandomNumber();
  for (const auto& [kind, agency] : names) {
    const std::string code = scopes->For(kind, agency).Encode(number);
    for (const auto& [other_kind, other_agency] : names) {
      SubjectScope& other = scopes->For(other_kind, other_agency);
      if (kind == other_kind && agency == other_agency) {
        EXPECT_TRUE(other.Decode(code).ok());
      } else {
        ExpectRefused(other, code);
      }
    }
  }
}

TEST(SubjectScopesTest, AScopeStaysWhereItIsWhileOthersAreAdded) {
  auto scopes = Scopes();
  SubjectScope* first = &scopes->For(SubjectScopeKind::kAgency, "first");
  const std::string code = first->Encode(Number("0123456789"));
  for (int i = 0; i < 1000; ++i) {
    scopes->For(SubjectScopeKind::kAgency, absl::StrCat("agency", i));
  }
  EXPECT_EQ(&scopes->For(SubjectScopeKind::kAgency, "first"), first);
  EXPECT_TRUE(first->Decode(code).ok());
}

TEST(SubjectScopesTest, RefusesAMasterKeyOfAnotherSize) {
  for (std::size_t size : {0u, 16u, 31u, 33u, 64u}) {
    EXPECT_EQ(SubjectScopes::Create(SecretBytes(std::string(size, 'k')))
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(SubjectScopesTest, EnrolsTheSamePersonForTheSameExchangeOnly) {
  auto scopes = Scopes();
  const PersonNumber person = scopes->Enrol("akatsuki", "exchange-1");
  EXPECT_TRUE(Scopes()->Enrol("akatsuki", "exchange-1") == person);
  EXPECT_FALSE(scopes->Enrol("akatsuki", "exchange-2") == person);
  EXPECT_FALSE(scopes->Enrol("yunagi", "exchange-1") == person);
  EXPECT_FALSE(Scopes('l')->Enrol("akatsuki", "exchange-1") == person);
  // The border between agency and exchange id counts.
  EXPECT_FALSE(scopes->Enrol("akatsukie", "xchange-1") == person);
  std::set<PersonNumber> people;
  for (int i = 0; i < 10000; ++i) {
    EXPECT_TRUE(people.insert(scopes->Enrol("a", absl::StrCat(i))).second);
  }
}

}  // namespace
}  // namespace psm
