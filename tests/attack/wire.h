// One TCP connection of an attacker: sends whatever bytes it is told to, over
// TLS or bare, never blocks past its time, and writes down how the other side
// takes it. Knows HTTP/2 frames; makes none but ACKs and credit.
#ifndef PSM_TESTS_ATTACK_WIRE_H_
#define PSM_TESTS_ATTACK_WIRE_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/edge/test_raw_peer.h"

namespace psm::attack {

struct TlsContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextDeleter>;

// TLS 1.3 and ALPN h2 for either side, with the key and chain in `identity` and
// trust in `root`, files in PEM. Null where they cannot be read. Also has this
// process ignore SIGPIPE.
TlsContext NewTlsContext(const std::string& identity, const std::string& root);

// What a Wire does of its own accord with what it reads.
struct Manners {
  bool acknowledges = true;  // SETTINGS and PING
  bool credits = true;       // gives back the window that DATA used
  bool deaf = false;         // reads nothing at all: its buffers fill up
};

// Not thread-safe.
class Wire {
 public:
  // All of them end at `until` (of clock.Monotonic()) at the latest. Null where
  // nothing came of it: no connection, or no handshake.
  static std::unique_ptr<Wire> Dial(int port, SSL_CTX* context,
                                    const Clock& clock, absl::Duration until,
                                    const Manners& manners = {});
  // Without TLS: what is sent is what the other side's TLS gets to read.
  static std::unique_ptr<Wire> DialBare(int port, const Clock& clock,
                                        absl::Duration until);
  // Serves the next connection of a listening socket that does not block.
  static std::unique_ptr<Wire> Accept(int listener, SSL_CTX* context,
                                      const Clock& clock, absl::Duration until);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Returns when the kernel has taken all of it. False where the connection
  // has ended or time is up. Reads meanwhile.
  bool Send(absl::string_view bytes);
  // A client's preface and SETTINGS (their payload), or a server's SETTINGS.
  bool SayHello(const std::string& settings = "");
  // Reads what has come, without waiting. False where the connection has ended.
  bool Poll();
  // Reads until `reached`, the connection's end, time is up, or `patience` is
  // over; whether it was reached.
  bool Await(const std::function<bool()>& reached,
             absl::Duration patience = absl::InfiniteDuration());
  bool open() const { return open_; }
  int descriptor() const { return socket_; }
  bool TimeIsUp() const { return clock_.Monotonic() >= until_; }

  // Hears of each frame after it has been counted. Must not send: what it
  // wants sent it gives to Queue.
  std::function<void(const edge::RawFrame&)> on_frame;
  // Sent with the next Poll, Send or Await.
  void Queue(absl::string_view bytes) {
    output_.append(bytes.data(), bytes.size());
  }

  // What has been read so far.
  bool heard() const { return heard_; }  // a frame, of whatever kind
  // The code of the last GOAWAY.
  std::optional<std::uint32_t> goaway() const { return goaway_; }
  // RST_STREAM frames by their code.
  const std::map<std::uint32_t, std::uint64_t>& resets() const {
    return resets_;
  }
  // To a client: streams that ended with a status, by the reason in its
  // detail, or where there is none, "status" and the code in digits.
  const std::map<std::string, std::uint64_t>& answers() const {
    return answers_;
  }

 private:
  Wire(int socket, const Clock& clock, absl::Duration until,
       const Manners& manners);
  bool ShakeHands(SSL_CTX* context, bool client);
  // Waits for the socket, up to 50 ms, for the end of time is looked at anew.
  void WaitFor(short events);
  void Hear(absl::string_view bytes);
  void HearFrame(edge::RawFrame frame);
  bool Flush();  // whether nothing is left to send
  int ReadSome(char* buffer, int size);
  int WriteSome(const char* bytes, int size);

  const int socket_;
  const Clock& clock_;
  const absl::Duration until_;
  const Manners manners_;
  SSL* ssl_ = nullptr;  // null: bare
  bool client_ = true;
  bool open_ = true;
  bool broken_ = false;  // writing failed; what was said before is to be read
  std::size_t preface_ = 0;  // bytes of the client's that are still to come
  std::string input_;
  std::string output_;
  nghttp2_hd_inflater* inflater_ = nullptr;
  bool heard_ = false;
  std::optional<std::uint32_t> goaway_;
  std::map<std::uint32_t, std::uint64_t> resets_;
  std::map<std::string, std::uint64_t> answers_;
};

}  // namespace psm::attack

#endif  // PSM_TESTS_ATTACK_WIRE_H_
