#include "mesh/edge/message_assembler.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace psm::edge {
namespace {

using Outcome = MessageAssembler::Outcome;

std::string Framed(const std::string& message, bool compressed = false) {
  char prefix[kMessagePrefix];
  WriteMessagePrefix(compressed, message.size(), prefix);
  return std::string(prefix, sizeof prefix) + message;
}

TEST(MessageAssemblerTest, FindsTheSameMessagesHoweverTheBytesAreCut) {
  const std::vector<std::string> messages = {"", "a", std::string(300, 'b'), "",
                                             "end"};
  std::string bytes;
  for (const std::string& message : messages) bytes += Framed(message);
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    MessageAssembler assembler(1000);
    std::vector<std::string> found;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      auto rest = absl::string_view(bytes).substr(at, piece);
      while (!rest.empty()) {
        const Outcome outcome = assembler.Take(rest);
        if (outcome == Outcome::kMessage)
          found.push_back(assembler.Release().bytes);
        else
          ASSERT_EQ(outcome, Outcome::kNeedsMore);
      }
    }
    EXPECT_EQ(found, messages) << piece;
    EXPECT_TRUE(assembler.at_boundary());
  }
}

TEST(MessageAssemblerTest, SaysTooLargeAtThePrefixWithoutWaitingForTheBytes) {
  MessageAssembler assembler(1000);
  const std::string fits = Framed(std::string(1000, 'x'));
  absl::string_view bytes = fits;
  EXPECT_EQ(assembler.Take(bytes), Outcome::kMessage);
  assembler.Release();
  const std::string large = Framed(std::string(1001, 'x')).substr(0, 5);
  bytes = large;
  EXPECT_EQ(assembler.Take(bytes), Outcome::kTooLarge);
}

TEST(MessageAssemblerTest, RefusesAFlagThatIsNoneAtItsFirstByte) {
  for (int flag = 2; flag < 256; ++flag) {
    MessageAssembler assembler(1000);
    const std::string one(1, static_cast<char>(flag));
    absl::string_view bytes = one;
    EXPECT_EQ(assembler.Take(bytes), Outcome::kMalformed) << flag;
  }
}

TEST(MessageAssemblerTest, SaysWhetherAMessageIsCompressed) {
  MessageAssembler assembler(1000);
  const std::string framed = Framed("zip", true);
  absl::string_view bytes = framed;
  ASSERT_EQ(assembler.Take(bytes), Outcome::kMessage);
  EXPECT_TRUE(assembler.Release().compressed);
}

TEST(MessageAssemblerTest, FollowsMessagesWithoutKeepingThem) {
  const std::string bytes =
      Framed("") + Framed(std::string(1000, 'x')) + Framed("end", true);
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    MessageAssembler assembler(1000);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_EQ(assembler.Follow(absl::string_view(bytes).substr(at, piece)),
                Outcome::kNeedsMore);
      const std::size_t seen = std::min(at + piece, bytes.size());
      EXPECT_EQ(assembler.at_boundary(),
                seen == 5 || seen == 1010 || seen == bytes.size())
          << seen;
    }
  }
}

TEST(MessageAssemblerTest, NoticesABadPrefixWhereverItComes) {
  const std::string good = Framed("some");
  const struct {
    std::string bytes;
    Outcome outcome;
  } kCases[] = {
      {good + "\2", Outcome::kMalformed},
      {good + Framed(std::string(1001, 'x')), Outcome::kTooLarge},
      {good + Framed(std::string(1001, 'x')).substr(0, 5), Outcome::kTooLarge},
  };
  for (const auto& test : kCases) {
    for (std::size_t cut = 0; cut <= good.size(); ++cut) {
      MessageAssembler assembler(1000);
      const auto all = absl::string_view(test.bytes);
      EXPECT_EQ(assembler.Follow(all.substr(0, cut)), Outcome::kNeedsMore);
      EXPECT_EQ(assembler.Follow(all.substr(cut)), test.outcome) << cut;
    }
  }
}

}  // namespace
}  // namespace psm::edge
