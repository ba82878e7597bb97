#include "mesh/base/error.h"

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(ErrorTest, KeepsReasonPartyAndMetadataAcrossTheWire) {
  absl::Status sent = MakeError(absl::StatusCode::kPermissionDenied,
                                "NO_AGREEMENT", Party::kConsumer,
                                "no agreement covers this", {{"affair", "a"}});
  absl::Status got =
      FromRpcStatus(sent.code(), sent.message(), ToRpcStatus(sent));
  EXPECT_EQ(got, sent);
  std::optional<ErrorDetail> detail = DetailOf(got);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->reason, "NO_AGREEMENT");
  EXPECT_EQ(detail->party, Party::kConsumer);
  EXPECT_EQ(detail->metadata.at("affair"), "a");
}

TEST(ErrorTest, JunkDetailsLeaveThePlainStatus) {
  absl::Status got =
      FromRpcStatus(absl::StatusCode::kInternal, "m", "\xff\xff junk");
  EXPECT_EQ(got, absl::InternalError("m"));
  EXPECT_FALSE(DetailOf(got).has_value());
  EXPECT_EQ(ReasonOf(got), "");
}

TEST(ErrorTest, OkHasNoDetails) {
  EXPECT_EQ(ToRpcStatus(absl::OkStatus()), "");
}

TEST(ErrorTest, AddsMetadataToADetailOnly) {
  absl::Status status =
      MakeError(absl::StatusCode::kUnavailable, "R", Party::kGateway, "m");
  EXPECT_EQ(DetailOf(WithMetadata(status, "k", "v"))->metadata.at("k"), "v");
  EXPECT_EQ(WithMetadata(absl::UnknownError("x"), "k", "v"),
            absl::UnknownError("x"));
}

TEST(ErrorTest, WhatACallerSentDoesNotMakeAStatusTooLargeToSend) {
  std::string long_name;
  for (int i = 0; i < 100000; ++i) long_name += "\xe5\x90\xa6";
  absl::Status status =
      MakeError(absl::StatusCode::kInvalidArgument, "UNKNOWN_ATTRIBUTE",
                Party::kConsumer, "no such", {{"attribute", long_name}});
  status = WithMetadata(status, "dataset", long_name);
  EXPECT_LT(ToRpcStatus(status).size(), 2000u);
  const std::optional<ErrorDetail> detail = DetailOf(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->metadata.at("attribute"), long_name.substr(0, 510))
      << "whole characters";
  EXPECT_EQ(detail->metadata.at("dataset").size(), 510u);
}

}  // namespace
}  // namespace psm
