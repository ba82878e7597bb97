#include "mesh/edge/test_interop.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/edge/test_streams.h"

namespace psm::edge {
namespace {

using Channel = std::shared_ptr<grpc::Channel>;
using Fields = std::multimap<std::string, std::string>;

// A case that writes its messages, then reads to the end.
InteropCase Simple(const char* name, const char* method,
                   std::vector<std::string> messages, Fields metadata = {},
                   bool compressed = false) {
  return {name, [=](const Channel& channel, const Fields& more) {
            Fields all = metadata;
            all.insert(more.begin(), more.end());
            TestStream stream(channel, method, all, std::chrono::seconds(10),
                              compressed);
            for (const std::string& message : messages) stream.Write(message);
            stream.WritesDone();
            while (stream.Read().has_value()) {
            }
            stream.Finish();
            return stream.transcript();
          }};
}

// A case that does as it likes.
InteropCase Free(const char* name, const char* method,
                 std::function<void(TestStream&)> act) {
  return {name, [=](const Channel& channel, const Fields& metadata) {
            TestStream stream(channel, method, metadata);
            act(stream);
            stream.Finish();
            return stream.transcript();
          }};
}

// A call whose time ends while the provider says nothing, over a connection
// that is there already. Whoever notices it first says so in words of its own,
// so the code is all that counts.
InteropCase Deadline(const char* name, std::chrono::milliseconds timeout) {
  return {name, [=](const Channel& channel, const Fields& metadata) {
            TestStream first(channel, "Echo", metadata);
            first.WritesDone();
            first.Read();
            first.Finish();
            TestStream stream(channel, "Never", metadata, timeout);
            stream.Read();
            return absl::StrCat("status ", stream.Finish().error_code());
          }};
}

// What nobody has a contract of, a gateway refuses in words of its own: the
// code is all that it has in common with a provider that refuses it.
InteropCase CodeAlone(const char* name, const char* method) {
  return {name, [=](const Channel& channel, const Fields& metadata) {
            TestStream stream(channel, method, metadata);
            stream.Write("m");
            stream.WritesDone();
            EXPECT_FALSE(stream.Read().has_value());
            return absl::StrCat("status ", stream.Finish().error_code());
          }};
}

InteropCase RpcSoak(int calls) {
  return {"RpcSoak", [=](const Channel& channel, const Fields& metadata) {
            return Soak(calls, [&] { return channel; }, metadata);
          }};
}

std::vector<InteropCase> MakeCases() {
  return {
      Simple("EmptyUnary", "Count", {""}),
      Simple("LargeUnary", "Echo", {std::string(271828, 'u')}),
      Simple("MessageOfTheLimit", "Echo", {std::string(4 << 20, 'u')}),
      Simple("ClientStreaming", "Count",
             {std::string(27182, 'a'), std::string(8, 'b'),
              std::string(1828, 'c'), std::string(45904, 'd')}),
      Simple("ServerStreaming", "Fan", {"31415,9,2653,58979"}),
      Simple("ManyAndLargeAnswers", "Fan",
             {"1000000,2000000,0,3000000,1,4000000"}),
      Free("PingPong", "Echo",
           [](TestStream& stream) {
             for (std::size_t size : {31415, 9, 2653, 58979, 0}) {
               stream.Write(std::string(size, 'p'));
               stream.Read();
             }
             stream.WritesDone();
             stream.Read();
           }),
      Simple("EmptyStream", "Echo", {}),
      Simple("CustomMetadata", "Echo", {"m"},
             {{"x-initial", "test_initial_metadata_value"},
              {"x-trailing-bin", std::string("\xab\xab\xab\0", 4)}}),
      Simple("StatusCodeTextAndDetail", "Fail", {}),
      Simple("LongStatusText", "FailAtLength", {}),
      Simple("UnimplementedMethod", "Nothing", {"m"}),
      Simple("UnimplementedService", "psm.interop.v1.UnservedService/Nothing",
             {"m"}),
      CodeAlone("UnknownService", "psm.interop.v1.UnknownService/Nothing"),
      Simple("CompressedBothWays", "Squeeze",
             {std::string(100000, 'z'), "short"}, {}, true),
      Free("EndsWithoutWaitingForMore", "Early",
           [](TestStream& stream) {
             stream.Write("one");
             stream.Read();
             stream.Read();
           }),
      Free("CancelAfterBegin", "Count",
           [](TestStream& stream) { stream.Cancel(); }),
      Free("CancelAfterFirstAnswer", "Echo",
           [](TestStream& stream) {
             stream.Write("one");
             stream.Read();
             stream.Cancel();
           }),
      Deadline("TimeoutOnSleepingServer", std::chrono::milliseconds(200)),
      Deadline("DeadlineOfOneMillisecond", std::chrono::milliseconds(1)),
      RpcSoak(300),
  };
}

}  // namespace

void PrintTo(const InteropCase& row, std::ostream* out) { *out << row.name; }

const std::vector<InteropCase>& InteropCases() {
  static const auto* const cases = new std::vector<InteropCase>(MakeCases());
  return *cases;
}

std::string Soak(int calls,
                 const std::function<std::shared_ptr<grpc::Channel>()>& channel,
                 const std::multimap<std::string, std::string>& metadata) {
  const std::string message(65536, 's');
  int answered = 0;
  for (int i = 0; i < calls; ++i) {
    TestStream stream(channel(), "Echo", metadata);
    stream.Write(message);
    stream.WritesDone();
    const bool same = stream.Read() == message && !stream.Read().has_value();
    if (stream.Finish().ok() && same) ++answered;
  }
  EXPECT_EQ(answered, calls);
  return absl::StrCat("status 0 of ", answered, " calls");
}

grpc::ChannelArguments KeepAliveArguments() {
  grpc::ChannelArguments arguments;
  // It waits a second between two PINGs whatever it is told.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 200);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return arguments;
}

std::string KeepAlive(const std::shared_ptr<grpc::Channel>& channel,
                      const std::multimap<std::string, std::string>& metadata) {
  TestStream idle(channel, "Echo", metadata);
  idle.Write("one");
  EXPECT_EQ(idle.Read(), "one");
  TestStream silent(channel, "Never", metadata, std::chrono::seconds(4));
  EXPECT_FALSE(silent.Read().has_value());
  EXPECT_EQ(silent.Finish().error_code(), grpc::DEADLINE_EXCEEDED);
  idle.Write("two");
  EXPECT_EQ(idle.Read(), "two");
  idle.WritesDone();
  EXPECT_FALSE(idle.Read().has_value());
  idle.Finish();
  const bool broke = channel->WaitForStateChange(
      GRPC_CHANNEL_READY,
      std::chrono::system_clock::now() + std::chrono::seconds(4));
  EXPECT_FALSE(broke);
  TestStream after(channel, "Count", metadata);
  after.WritesDone();
  after.Read();
  after.Finish();
  return absl::StrCat(idle.transcript(), after.transcript(),
                      broke ? "broke" : "the same connection");
}

}  // namespace psm::edge
