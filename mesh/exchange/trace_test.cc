#include "mesh/exchange/trace.h"

#include "gtest/gtest.h"

namespace psm {
namespace {

constexpr char kParent[] =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceTest, KeepsTheTraceAndStartsASpanOfItsOwn) {
  const std::string next = ContinueTrace(kParent, SystemRandom());
  ASSERT_EQ(next.size(), 55u);
  EXPECT_EQ(next.substr(0, 36), std::string(kParent).substr(0, 36));
  EXPECT_NE(next.substr(36, 16), std::string(kParent).substr(36, 16));
  EXPECT_EQ(next.substr(52), "-01");
}

TEST(TraceTest, WhatIsNoTraceContextIsNotPassedOn) {
  std::string zero = kParent;
  zero.replace(3, 32, 32, '0');
  std::string upper = kParent;
  upper[4] = 'B';
  std::string version = kParent;
  version[1] = '1';
  for (const std::string& bad :
       {std::string(), zero, upper, version, std::string(kParent) + "-x",
        std::string(kParent).substr(1)}) {
    EXPECT_EQ(ContinueTrace(bad, SystemRandom()), "") << bad;
  }
}

}  // namespace
}  // namespace psm
