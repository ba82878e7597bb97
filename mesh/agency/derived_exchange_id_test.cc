#include "mesh/agency/derived_exchange_id.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "mesh/crypto/digest.h"

namespace psm::agency {
namespace {

TEST(DerivedExchangeIdTest, IsTheSameForARetryAndForNothingElse) {
  CallContext call;
  call.consumer = "portal/terminal";
  call.exchange_id = "00000000-0000-4000-8000-0000000000aa";
  CallContext other_consumer = call;
  other_consumer.consumer = "akatsuki/counter";
  CallContext other_exchange = call;
  other_exchange.exchange_id = "00000000-0000-4000-8000-0000000000ab";
  EXPECT_EQ(DerivedExchangeId(call, "a"), DerivedExchangeId(call, "a"));
  const std::set<std::string> ids = {DerivedExchangeId(call, "a"),
                                     DerivedExchangeId(call, "b"),
                                     DerivedExchangeId(other_consumer, "a"),
                                     DerivedExchangeId(other_exchange, "a"),
                                     DerivedExchangeId(call.exchange_id, "a")};
  EXPECT_EQ(ids.size(), 5U);
  for (const std::string& id : ids) EXPECT_TRUE(IsUuid(id)) << id;
}

TEST(DerivedExchangeIdTest, EveryStepOfEveryTaskHasItsOwn) {
  EXPECT_EQ(DerivedExchangeId("run", "step"), DerivedExchangeId("run", "step"));
  const std::set<std::string> ids = {
      DerivedExchangeId("run", "step"),   DerivedExchangeId("run", "steps"),
      DerivedExchangeId("runs", "step"),  DerivedExchangeId("run\nst", "ep"),
      DerivedExchangeId("run", "st\nep"), DerivedExchangeId("", "")};
  EXPECT_EQ(ids.size(), 6U);
  for (const std::string& id : ids) EXPECT_TRUE(IsUuid(id)) << id;
}

}  // namespace
}  // namespace psm::agency
