// For tests: an HTTP/2 peer that sends whatever frames it is told to, honest or
// not, over TLS, blocking.
#ifndef PSM_MESH_EDGE_TEST_RAW_PEER_H_
#define PSM_MESH_EDGE_TEST_RAW_PEER_H_

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mesh/edge/test_pki.h"

namespace psm::edge {

using RawFields = std::vector<std::pair<std::string, std::string>>;

struct RawFrame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::int32_t stream = 0;
  std::string payload;
  RawFields fields;  // of HEADERS

  // The value of a field, or "".
  std::string Field(const std::string& name) const;
  bool ends_stream() const {
    return (type == NGHTTP2_HEADERS || type == NGHTTP2_DATA) &&
           (flags & NGHTTP2_FLAG_END_STREAM) != 0;
  }
  // The last four bytes of RST_STREAM, or the code of GOAWAY.
  std::uint32_t ErrorCode() const;
};

// Makes frames. HPACK without its dynamic table, so that frames may be made in
// any order and sent many times.
std::string MakeFrame(std::uint8_t type, std::uint8_t flags,
                      std::int32_t stream, const std::string& payload);
std::string MakeHeaderBlock(const RawFields& fields);
std::string MakeHeaders(std::int32_t stream, const RawFields& fields,
                        bool end_stream);
// A header block that puts a field of 3,968 bytes, `last` the last of them,
// into HPACK's table (RFC 7541, 6.2.1) and then names it 12,000 times, a byte
// each: 48 MB of header list out of 16 KB.
std::string MakeHpackBomb(std::int32_t stream, const RawFields& fields,
                          char last);
// DATA with one gRPC message.
std::string MakeMessage(std::int32_t stream, const std::string& message,
                        bool end_stream);
std::string MakeData(std::int32_t stream, const std::string& bytes,
                     bool end_stream);
std::string BigEndian(std::uint64_t value, int bytes);
// The fields of an honest gRPC request.
RawFields RequestFields(const std::string& path);
// The fields of a whole header block, the connection's next; nullopt where it
// is not HPACK.
std::optional<RawFields> ReadHeaderBlock(nghttp2_hd_inflater* inflater,
                                         const std::string& block);

class RawPeer {
 public:
  struct Options {
    const TestIdentity* identity = nullptr;  // null: shows no certificate
    int max_version = TLS1_3_VERSION;
    std::string alpn = "h2";
  };

  // Connects and shakes hands; check ok().
  RawPeer(int port, const std::string& root_file, const Options& options);
  // Serves the next connection that `listener` gets.
  RawPeer(int listener, const TestIdentity& identity);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  bool ok() const { return ok_; }

  // Preface (of a client) and empty SETTINGS.
  void SayHello();
  void Send(const std::string& bytes);
  // The next frame; nullopt when the connection has ended, or after 10 s
  // without one.
  std::optional<RawFrame> Read();
  // The next frame for which `wanted` holds; others are dropped, SETTINGS and
  // PING acknowledged if `acknowledges`.
  std::optional<RawFrame> ReadUntil(
      const std::function<bool(const RawFrame&)>& wanted);
  std::optional<RawFrame> ReadType(std::uint8_t type);
  // The HEADERS that end the stream: of a response, its status.
  std::optional<RawFrame> ReadEnd(std::int32_t stream);
  // Reads until the connection has ended; the code of the GOAWAY that came
  // before, or -1 where there was none.
  std::int64_t ReadGoaway();

  bool acknowledges = true;

 private:
  bool ReadBytes(std::string& bytes, std::size_t size);
  void Start(SSL_CTX* context, bool client);

  SSL* ssl_ = nullptr;
  int socket_ = -1;
  bool ok_ = false;
  bool client_ = false;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

// A listening socket at 127.0.0.1 and its port.
class RawListener {
 public:
  // Port 0: any.
  explicit RawListener(int port = 0);
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  int descriptor() const { return descriptor_; }
  int port() const { return port_; }

 private:
  int descriptor_;
  int port_ = 0;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_RAW_PEER_H_
