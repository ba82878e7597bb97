// The server as gRPC C++ clients see it.
#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/edge/test_grpc.h"
#include "mesh/edge/test_server.h"

namespace psm::edge {
namespace {

class ServerGrpcTest : public testing::Test {
 protected:
  std::shared_ptr<grpc::Channel> Channel(
      const grpc::ChannelArguments* extra = nullptr) {
    return TestChannel(server_.address(), pki_.root_pem(), &client_, extra);
  }

  TestPki pki_;
  TestIdentity client_ = pki_.Issue("akatsuki/benefits");
  TestServer server_{pki_, ServerLimits(), 2};
};

TEST_F(ServerGrpcTest, AnswersWithMessageStatusAndTrailers) {
  TestAnswer answer = TestCall(Channel(), "/test.Unary/Echo", "hello");
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.message, "hello");
  EXPECT_EQ(answer.trailers.find("x-trailer")->second, "yes");
  EXPECT_EQ(answer.trailers.find("x-trailer-bin")->second,
            std::string("\0\xff", 2));
}

TEST_F(ServerGrpcTest, CarriesEmptyAndLargeMessages) {
  auto channel = Channel();
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65535},
                           std::size_t{65536}, std::size_t{4000000}}) {
    std::string message(size, 'm');
    TestAnswer answer = TestCall(channel, "/test.Unary/Echo", message);
    ASSERT_TRUE(answer.status.ok()) << size << answer.status.error_message();
    EXPECT_TRUE(answer.message == message) << size;
  }
}

TEST_F(ServerGrpcTest, TellsTheServiceWhoCallsAndWhatTheyMaySay) {
  TestAnswer answer =
      TestCall(Channel(), "/test.Unary/Describe", "",
               {{"psm-affair", "benefit"},
                {"psm-consumer", "yunagi/tax"},
                {"x-forwarded-for", "10.0.0.1"},
                {"x-forwarded-client-cert", "By=spiffe://psm.test/x"},
                {"x-own-bin", std::string("\0\1\2", 3)}});
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.message,
            std::string("akatsuki/benefits|psm-affair=benefit|x-own-bin=") +
                std::string("\0\1\2", 3));
}

TEST_F(ServerGrpcTest, AnErrorCarriesCodeMessageAndDetail) {
  TestAnswer answer = TestCall(Channel(), "/test.Unary/Fail", "x");
  EXPECT_EQ(answer.status.error_code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(answer.status.error_message(), "no agreement: \xe5\x90\xa6 100%");
  EXPECT_EQ(ReasonOfGrpc(answer.status), "NO_AGREEMENT");
}

TEST_F(ServerGrpcTest, AnErrorTooLongToSendArrivesWithoutItsDetail) {
  TestAnswer answer = TestCall(Channel(), "/test.Unary/FailAtLength", "x");
  EXPECT_EQ(answer.status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(answer.status.error_message(), "no agreement");
  EXPECT_EQ(answer.status.error_details(), "");
}

TEST_F(ServerGrpcTest, ATrailerThatIsNotValidBecomesAnInternalError) {
  TestAnswer answer = TestCall(Channel(), "/test.Unary/Bad", "x");
  EXPECT_EQ(answer.status.error_code(), grpc::INTERNAL);
  EXPECT_EQ(ReasonOfGrpc(answer.status), "METADATA_INVALID");
}

TEST_F(ServerGrpcTest, ServesManyConnectionsAtOnceOnAllWorkers) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      auto channel = Channel();
      for (int i = 0; i < 50; ++i) {
        std::string message = std::to_string(t) + "/" + std::to_string(i);
        TestAnswer answer = TestCall(
            channel, i % 2 == 0 ? "/test.Unary/Echo" : "/test.Unary/Later",
            message);
        if (answer.status.ok() && answer.message == message) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8 * 50);
  // Dealt out evenly: each worker served half of the connections.
  EXPECT_EQ(server_.service(0).started, 4 * 50);
  EXPECT_EQ(server_.service(1).started, 4 * 50);
}

TEST_F(ServerGrpcTest, SixtyFourConcurrentCallsOnOneConnectionAllSucceed) {
  grpc::GenericStub stub(Channel());
  grpc::CompletionQueue queue;
  struct Call {
    grpc::ClientContext context;
    grpc::Status status;
    grpc::ByteBuffer answer;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    int left = 10;
  };
  std::vector<std::unique_ptr<Call>> calls(64);
  const auto start = [&](std::size_t i, int left) {
    calls[i] = std::make_unique<Call>();
    calls[i]->left = left;
    calls[i]->reader =
        stub.PrepareUnaryCall(&calls[i]->context, "/test.Unary/Later",
                              ToBuffer(std::to_string(i)), &queue);
    calls[i]->reader->StartCall();
    calls[i]->reader->Finish(&calls[i]->answer, &calls[i]->status,
                             reinterpret_cast<void*>(i));
  };
  for (std::size_t i = 0; i < 64; ++i) start(i, 10);
  for (int done = 0; done < 64 * 10; ++done) {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    const auto i = reinterpret_cast<std::size_t>(tag);
    ASSERT_TRUE(calls[i]->status.ok()) << calls[i]->status.error_message();
    EXPECT_EQ(FromBuffer(calls[i]->answer), std::to_string(i));
    if (calls[i]->left > 1) start(i, calls[i]->left - 1);
  }
}

TEST_F(ServerGrpcTest, TheDeadlineCancelsTheHandlerWhichRunsToItsEnd) {
  // Connected beforehand, so that the deadline passes in the handler.
  auto channel = Channel();
  ASSERT_TRUE(TestCall(channel, "/test.Unary/Echo", "").status.ok());
  TestAnswer answer = TestCall(channel, "/test.Unary/Wait", "", {},
                               std::chrono::milliseconds(500));
  EXPECT_EQ(answer.status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_TRUE(server_.WaitFor(
      [](const ServerStats& stats) { return stats.active_calls == 0; }));
  EXPECT_EQ(server_.service(0).cancelled + server_.service(1).cancelled, 1);
}

TEST_F(ServerGrpcTest, AClientThatGoesCancelsItsCallsAndOthersGoOn) {
  auto other = Channel();
  grpc::GenericStub stub(Channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call =
      stub.PrepareUnaryCall(&context, "/test.Unary/Wait", ToBuffer(""), &queue);
  call->StartCall();
  grpc::Status status;
  grpc::ByteBuffer received;
  call->Finish(&received, &status, nullptr);
  std::thread canceller([&] {
    EXPECT_TRUE(server_.WaitFor(
        [](const ServerStats& stats) { return stats.active_calls == 1; }));
    context.TryCancel();
  });
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);  // polls the connection, too
  canceller.join();
  EXPECT_EQ(status.error_code(), grpc::CANCELLED);
  EXPECT_TRUE(server_.WaitFor(
      [](const ServerStats& stats) { return stats.active_calls == 0; }));
  EXPECT_EQ(server_.service(0).cancelled + server_.service(1).cancelled, 1);
  EXPECT_TRUE(TestCall(other, "/test.Unary/Echo", "x").status.ok());
}

TEST_F(ServerGrpcTest, RefusesAMessageOverTheLimitAndACompressedOne) {
  auto channel = Channel();
  TestAnswer large =
      TestCall(channel, "/test.Unary/Echo", std::string((4 << 20) + 1, 'x'));
  EXPECT_EQ(large.status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOfGrpc(large.status), "MESSAGE_TOO_LARGE");

  grpc::ChannelArguments compress;
  compress.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  TestAnswer compressed = TestCall(Channel(&compress), "/test.Unary/Echo",
                                   std::string(100000, 'x'));
  EXPECT_EQ(compressed.status.error_code(), grpc::UNIMPLEMENTED);
  EXPECT_EQ(ReasonOfGrpc(compressed.status), "COMPRESSION_NOT_OFFERED");
  EXPECT_TRUE(TestCall(channel, "/test.Unary/Echo", "x").status.ok());
}

TEST_F(ServerGrpcTest, StreamsBothWaysMessageByMessage) {
  grpc::GenericStub stub(Channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto stream = stub.PrepareCall(&context, "/test.Stream/Chat", &queue);
  void* tag = nullptr;
  bool ok = false;
  const auto wait = [&] { return queue.Next(&tag, &ok) && ok; };
  stream->StartCall(nullptr);
  ASSERT_TRUE(wait());
  for (int i = 0; i < 20; ++i) {
    const std::string message(static_cast<std::size_t>(i * 5000), 'a');
    grpc::ByteBuffer answer;
    stream->Write(ToBuffer(message), nullptr);
    ASSERT_TRUE(wait());
    stream->Read(&answer, nullptr);
    ASSERT_TRUE(wait());
    EXPECT_EQ(FromBuffer(answer), message);
  }
  EXPECT_EQ(context.GetServerInitialMetadata().count("x-first"), 1u);
  stream->WritesDone(nullptr);
  ASSERT_TRUE(wait());
  grpc::Status status;
  stream->Finish(&status, nullptr);
  ASSERT_TRUE(wait());
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(context.GetServerTrailingMetadata().count("x-last"), 1u);
}

TEST_F(ServerGrpcTest, ASlowReaderHoldsBackItsStreamAndNoOther) {
  auto channel = Channel();
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto stream = stub.PrepareCall(&context, "/test.Stream/Chat", &queue);
  void* tag = nullptr;
  bool ok = false;
  stream->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  // Writes until flow control stops it; nothing is read back.
  bool stopped = false;
  for (int i = 0; i < 1000 && !stopped; ++i) {
    stream->Write(ToBuffer(std::string(1 << 20, 'b')),
                  reinterpret_cast<void*>(1));
    stopped = queue.AsyncNext(&tag, &ok,
                              std::chrono::system_clock::now() +
                                  std::chrono::milliseconds(500)) ==
              grpc::CompletionQueue::TIMEOUT;
  }
  EXPECT_TRUE(stopped);
  // The same connection still serves.
  EXPECT_TRUE(TestCall(channel, "/test.Unary/Echo", "x").status.ok());
  context.TryCancel();
  grpc::Status status;
  stream->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  queue.Next(&tag, &ok);
  EXPECT_EQ(status.error_code(), grpc::CANCELLED);
}

TEST_F(ServerGrpcTest, GrpcsBandwidthProbesAreTolerated) {
  // Large messages make gRPC probe with PINGs as often as it may.
  auto channel = Channel();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(TestCall(channel, "/test.Unary/Echo", std::string(500000, 'x'))
                    .status.ok());
  }
  EXPECT_EQ(server_.server().Stats().flooded, 0u);
}

TEST_F(ServerGrpcTest, DrainingLetsCallsInFlightFinish) {
  auto channel = Channel();
  std::atomic<bool> answered = false;
  std::thread caller([&] {
    answered = TestCall(channel, "/test.Unary/Hold", "").status.ok();
  });
  ASSERT_TRUE(server_.WaitFor(
      [](const ServerStats& stats) { return stats.active_calls == 1; }));
  std::thread drain([&] { server_.server().Drain(absl::Seconds(10)); });
  // No new connection is taken, while the old call is still there.
  ASSERT_TRUE([&] {
    for (int i = 0; i < 2000; ++i) {
      TestAnswer late = TestCall(Channel(), "/test.Unary/Echo", "", {},
                                 std::chrono::milliseconds(500));
      if (late.status.error_code() == grpc::UNAVAILABLE) return true;
    }
    return false;
  }());
  EXPECT_EQ(server_.server().Stats().active_calls, 1u);
  for (std::size_t i = 0; i < 2; ++i)
    server_.service(i).Release(server_.worker(i));
  drain.join();
  caller.join();
  EXPECT_TRUE(answered);
  EXPECT_EQ(server_.server().Stats().connections, 0u);
}

TEST_F(ServerGrpcTest, DrainingCutsOffWhatDoesNotEnd) {
  auto channel = Channel();
  grpc::StatusCode code = grpc::OK;
  std::string reason;
  std::thread caller([&] {
    TestAnswer answer = TestCall(channel, "/test.Unary/Wait", "");
    code = answer.status.error_code();
    reason = ReasonOfGrpc(answer.status);
  });
  ASSERT_TRUE(server_.WaitFor(
      [](const ServerStats& stats) { return stats.active_calls == 1; }));
  server_.server().Drain(absl::Milliseconds(50));
  caller.join();
  EXPECT_EQ(code, grpc::UNAVAILABLE);
  EXPECT_EQ(reason, "GATEWAY_STOPPING");
}

}  // namespace
}  // namespace psm::edge
