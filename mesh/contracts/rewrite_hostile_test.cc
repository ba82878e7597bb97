// Whatever bytes come, Rewrite does not crash, and what it accepts is what
// protobuf's own parser and reflection make of it (testing/reference.h).
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/contracts/rewrite.h"
#include "mesh/contracts/testing/random_message.h"
#include "mesh/contracts/testing/wrinkles_fixture.h"

namespace psm {
namespace {

class HostileBytesTest : public WrinklesTest {
 protected:
  // Judges with a few sets of attributes.
  void Judge(const std::string& bytes, bool request = false) {
    for (AttributeMask allowed :
         {AttributeMask{0}, ~AttributeMask{0}, random_()}) {
      const std::string wrong =
          reference_.Judge(plan(), request, bytes, allowed);
      ASSERT_EQ(wrong, "") << testing::PrintToString(bytes) << " allowed "
                           << allowed;
    }
    if (request) FindNamed(plan(), bytes).IgnoreError();
  }

  std::string ValidResponse() {
    return reference_
        .FromText(kResponse,
                  "people { subject: 'hanako' name: '山田' address { text: 't' "
                  "landlord: 'taro' rent: 7 building { floors: 300 owner: 'o' "
                  "secret: 's' } } employer: '9' } people {} scalars { "
                  "int32_value: -1 double_value: 2.5 optional_value: 0 "
                  "int32_values: [0, 300] fixed32_values: 1 unpacked_values: "
                  "[1, 2] string_values: ['', 'x'] sparse_value: 1 last_value: "
                  "'l' } as_of_time { seconds: 5 } wrapped { value: 'w' } "
                  "records { exchange_id: 'e' } person { subject: 'p' } count: "
                  "0 counts: [1, 2] plain: true")
        ->SerializeAsString();
  }

  std::mt19937_64 random_{20240607};
};

TEST_F(HostileBytesTest, TheValidMessageItselfIsAccepted) {
  ScramblingTranslator translator;
  EXPECT_TRUE(
      Rewrite(*plan().response, ValidResponse(), {0, &translator, "", 0}).ok());
  Judge(ValidResponse());
}

TEST_F(HostileBytesTest, EveryTruncation) {
  const std::string whole = ValidResponse();
  for (std::size_t size = 0; size < whole.size(); ++size)
    Judge(whole.substr(0, size));
}

TEST_F(HostileBytesTest, EveryByteChangedInEveryWay) {
  const std::string whole = ValidResponse();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = whole;
      changed[i] = static_cast<char>(value);
      ASSERT_EQ(reference_.Judge(plan(), false, changed, random_()), "")
          << testing::PrintToString(changed);
    }
  }
}

TEST_F(HostileBytesTest, EveryByteLeftOutOrDoubled) {
  const std::string whole = ValidResponse();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    Judge(changed.erase(i, 1));
    changed = whole;
    Judge(changed.insert(i, 1, whole[i]));
  }
}

TEST_F(HostileBytesTest, RandomGarbage) {
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random_() % 40, '\0');
    for (char& c : bytes) {
      // Mostly small numbers, so that tags and lengths come about.
      c = static_cast<char>(random_() % 4 != 0 ? random_() % 100 : random_());
    }
    Judge(bytes, round % 2 == 0);
  }
}

TEST_F(HostileBytesTest, RandomMessagesAreAcceptedAndMinimised) {
  for (int round = 0; round < 3000; ++round) {
    const bool request = round % 2 == 0;
    auto message = reference_.Parse(request ? kRequest : kResponse, "");
    FillAtRandom(message.get(), random_, 4);
    const std::string bytes = message->SerializeAsString();
    ScramblingTranslator translator;
    auto result = Rewrite(request ? *plan().request : *plan().response, bytes,
                          {random_(), &translator, "", 0});
    ASSERT_TRUE(result.ok()) << result.status();
    Judge(bytes, request);
  }
}

// Two messages spliced, so that fields are repeated, split and misplaced.
TEST_F(HostileBytesTest, SplicedMessages) {
  for (int round = 0; round < 3000; ++round) {
    auto a = reference_.Parse(kResponse, "");
    auto b = reference_.Parse(kResponse, "");
    FillAtRandom(a.get(), random_, 3);
    FillAtRandom(b.get(), random_, 3);
    const std::string x = a->SerializeAsString();
    const std::string y = b->SerializeAsString();
    Judge(x + y);
    Judge(x.substr(0, random_() % (x.size() + 1)) +
          y.substr(random_() % (y.size() + 1)));
  }
}

// Unknown contents are not looked at, however deep they pretend to be.
TEST_F(HostileBytesTest, DeepNestingIsDroppedUnread) {
  std::string deep;
  for (int i = 0; i < 2000; ++i) {
    std::string outer = "\x0a";
    wire::AppendVarint(deep.size(), &outer);
    deep = outer + deep;
  }
  Judge(deep);
  std::string groups(100000, '\x0b');
  EXPECT_FALSE(Rewrite(*plan().response, groups, RewriteOptions{}).ok());
}

}  // namespace
}  // namespace psm
