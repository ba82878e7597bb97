// The server against peers that are slow, many or not HTTP; the client against
// servers that are.
#include "mesh/web/http_server.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/web/http_client.h"
#include "mesh/web/raw_client.h"

namespace psm::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Says what it was asked.
HttpAnswer Echo(const HttpRequest& request) {
  HttpAnswer answer;
  answer.content_type = "text/x.echo";
  answer.body =
      absl::StrCat(request.method, " ", request.target, " ", request.body);
  return answer;
}

std::unique_ptr<HttpServer> Serve(const HttpServerOptions& options = {},
                                  HttpHandler handler = Echo) {
  auto server = HttpServer::Start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

std::unique_ptr<HttpClient> ClientOf(const HttpServer& server,
                                     const HttpClientOptions& options = {}) {
  auto client = HttpClient::Create(
      absl::StrCat("http://", server.endpoint(), "/"), options);
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

TEST(HttpServerTest, AnswersManyRequestsOnOneConnection) {
  const auto server = Serve();
  const auto client = ClientOf(*server);
  for (int i = 0; i < 3; ++i) {
    const auto answer = client->Get(absl::StrCat("file/", i));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->content_type, "text/x.echo");
    EXPECT_EQ(answer->body, absl::StrCat("GET /file/", i, " "));
  }
  RawClient raw(server->endpoint());
  raw.Send(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(raw.ReadUntil("GET /b"), HasSubstr("GET /a "))
      << "also where the second did not wait for the first one's answer";
}

TEST(HttpServerTest, AnAnswerToHeadHasTheLengthAndNothingElse) {
  const auto server = Serve();
  RawClient raw(server->endpoint());
  raw.Send("HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = raw.ReadAll();
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "),
                            HasSubstr("Content-Length: 10"),
                            HasSubstr("Cache-Control: no-store"),
                            HasSubstr("X-Content-Type-Options: nosniff")));
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n"));
}

TEST(HttpServerTest, ABodyIsTakenUpToTheLimit) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  const auto server = Serve(options);
  const auto client = ClientOf(*server);
  const std::string most(1000, 'x');
  EXPECT_EQ(client->Post("add", most)->body, "POST /add " + most);
  EXPECT_EQ(client->Post("add", most + "x")->status, 413);
  EXPECT_EQ(client->Post("add", "again")->body, "POST /add again");
}

struct BadRequest {
  std::string bytes;
  std::string answer;  // what it begins with; "": none
};

TEST(HttpServerTest, WhatIsNotARequestIsRefusedAndTheConnectionClosed) {
  const auto server = Serve();
  const std::vector<BadRequest> cases = {
      {"\r\n\r\n\r\n\r\n", "HTTP/1.1 400 "},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\0\0", 13) +
           "\r\n\r\n",
       "HTTP/1.1 400 "},  // TLS
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /a HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /a b HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
      {std::string("GET /\0 HTTP/1.1\r\n\r\n", 19), "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
       "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
       "HTTP/1.1 413 "},
      {"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 413 "},
      {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
       "\r\n",
       "HTTP/1.1 413 "},
      {absl::StrCat("GET /", std::string(20000, 'a'), " HTTP/1.1\r\n\r\n"),
       "HTTP/1.1 431 "},
      {absl::StrCat("GET / HTTP/1.1\r\nX: ", std::string(20000, 'a'),
                    "\r\n\r\n"),
       "HTTP/1.1 431 "},
  };
  for (const BadRequest& bad : cases) {
    RawClient raw(server->endpoint());
    raw.Send(bad.bytes);
    const std::string answer = raw.ReadAll();
    EXPECT_THAT(answer, StartsWith(bad.answer)) << bad.bytes.substr(0, 80);
    EXPECT_THAT(answer, Not(HasSubstr("text/x.echo"))) << bad.bytes;
    EXPECT_EQ(ClientOf(*server)->Get("")->status, 200) << "others go on";
  }
}

TEST(HttpServerTest, WhoIsSlowIsLeftAndKeepsNobodyFromBeingServed) {
  HttpServerOptions options;
  options.request_time = absl::Seconds(1);
  const auto server = Serve(options);
  std::vector<std::unique_ptr<RawClient>> slow;
  for (const char* begun :
       {"", "GET /a HT", "GET /a HTTP/1.1\r\nHost: x\r\n"}) {
    slow.push_back(std::make_unique<RawClient>(server->endpoint()));
    slow.back()->Send(begun);
  }
  EXPECT_EQ(ClientOf(*server)->Get("")->status, 200);
  for (const auto& one : slow)
    EXPECT_EQ(one->ReadAll(), "") << "closed without an answer";
}

TEST(HttpServerTest, MoreConnectionsThanAllowedWaitForTheirTurn) {
  HttpServerOptions options;
  options.max_connections = 2;
  options.request_time = absl::Seconds(1);
  const auto server = Serve(options);
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 4; ++i)
    idle.push_back(std::make_unique<RawClient>(server->endpoint()));
  EXPECT_EQ(ClientOf(*server)->Get("")->status, 200)
      << "when those before it have timed out";
}

TEST(HttpServerTest, EndsWithConnectionsOpen) {
  auto server = Serve();
  RawClient idle(server->endpoint());
  RawClient half(server->endpoint());
  half.Send("GET / HTTP");
  EXPECT_EQ(ClientOf(*server)->Get("")->status, 200);
  server.reset();
  EXPECT_EQ(idle.ReadAll(), "");
}

TEST(HttpServerTest, AnAddressThatCannotBeHadIsNamed) {
  const auto server = Serve();
  HttpServerOptions options;
  options.address = server->endpoint();
  const auto second = HttpServer::Start(options, Echo);
  EXPECT_EQ(ReasonOf(second.status()), "CANNOT_LISTEN");
  options.address = "localhost:0";
  EXPECT_TRUE(
      absl::IsInvalidArgument(HttpServer::Start(options, Echo).status()));
}

TEST(HttpClientTest, TakesAddressesOfOneFormOnly) {
  for (const char* good : {"http://127.0.0.1:80", "http://[::1]:8080/",
                           "http://log.test/a/b", "http://localhost:1/a/"}) {
    EXPECT_TRUE(HttpClient::Create(good).ok()) << good;
  }
  for (const char* bad :
       {"", "127.0.0.1:80", "https://127.0.0.1/", "http://", "http:///a",
        "http://a:", "http://a:0/", "http://a:65536/", "http://a:x/",
        "http://[::1/", "http://a/b?c", "http://a/b#c", "http://u@a/",
        "http://a/b c", "http://a/\r\nX: y", "HTTP://a/"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(HttpClient::Create(bad).status()))
        << bad;
  }
}

TEST(HttpClientTest, AKeptConnectionThatHasGoneIsMadeAnew) {
  HttpServerOptions options;
  options.request_time = absl::Milliseconds(500);
  const auto server = Serve(options);
  const auto client = ClientOf(*server);
  EXPECT_EQ(client->Get("a")->body, "GET /a ");
  // Longer than the server keeps an idle connection: it has closed this one
  // when a younger one was closed, too.
  RawClient younger(server->endpoint());
  EXPECT_EQ(younger.ReadAll(), "");
  EXPECT_EQ(client->Get("b")->body, "GET /b ");
}

TEST(HttpClientTest, NoAnswerIsUnavailable) {
  HttpClientOptions options;
  options.answer_time = absl::Milliseconds(200);
  auto server = Serve();
  const auto gone = ClientOf(*server, options);
  server.reset();
  EXPECT_TRUE(absl::IsUnavailable(gone->Get("").status()));

  // Takes connections and says nothing.
  const int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(deaf, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(deaf, 8), 0);
  getsockname(deaf, reinterpret_cast<sockaddr*>(&address), &size);
  const auto waiting = HttpClient::Create(
      absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port)), options);
  EXPECT_TRUE(absl::IsUnavailable((*waiting)->Get("").status()));
  close(deaf);
}

TEST(HttpClientTest, AnAnswerThatIsTooLargeIsNotTaken) {
  const auto server = Serve({}, [](const HttpRequest&) {
    return Plain(200, std::string(5000, 'x'));
  });
  HttpClientOptions options;
  options.max_answer_bytes = 5000;
  const auto client = ClientOf(*server, options);
  EXPECT_TRUE(absl::IsResourceExhausted(client->Get("").status()));
}

}  // namespace
}  // namespace psm::web
