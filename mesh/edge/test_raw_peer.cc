#include "mesh/edge/test_raw_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>

namespace psm::edge {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void SetTimeout(int descriptor) {
  timeval timeout = {10, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

std::string RawFrame::Field(const std::string& name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return "";
}

std::uint32_t RawFrame::ErrorCode() const {
  const std::size_t at = type == NGHTTP2_GOAWAY ? 4 : 0;
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < 4 && at + i < payload.size(); ++i)
    code = code << 8 | static_cast<unsigned char>(payload[at + i]);
  return code;
}

std::string BigEndian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i)
    text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

std::string MakeFrame(std::uint8_t type, std::uint8_t flags,
                      std::int32_t stream, const std::string& payload) {
  return BigEndian(payload.size(), 3) + static_cast<char>(type) +
         static_cast<char>(flags) +
         BigEndian(static_cast<std::uint32_t>(stream), 4) + payload;
}

std::string MakeHeaderBlock(const RawFields& fields) {
  // Literal without indexing, new name, no Huffman (RFC 7541, 6.2.2).
  std::string block;
  const auto add = [&](const std::string& text) {
    if (text.size() < 127) {
      block.push_back(static_cast<char>(text.size()));
    } else {
      block.push_back(127);
      std::size_t rest = text.size() - 127;
      for (; rest >= 128; rest >>= 7)
        block.push_back(static_cast<char>(128 | (rest & 127)));
      block.push_back(static_cast<char>(rest));
    }
    block += text;
  };
  for (const auto& [name, value] : fields) {
    block.push_back(0);
    add(name);
    add(value);
  }
  return block;
}

std::string MakeHeaders(std::int32_t stream, const RawFields& fields,
                        bool end_stream) {
  const int flags =
      NGHTTP2_FLAG_END_HEADERS | (end_stream ? NGHTTP2_FLAG_END_STREAM : 0);
  return MakeFrame(NGHTTP2_HEADERS, static_cast<std::uint8_t>(flags), stream,
                   MakeHeaderBlock(fields));
}

std::string MakeHpackBomb(std::int32_t stream, const RawFields& fields,
                          char last) {
  std::string field = "\x40\x01x";
  field +=
      "\x7f\x81\x1e" + std::string(3967, 'b') + last;  // 127 + 1 + 30 * 128
  return MakeFrame(
      NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
      stream, MakeHeaderBlock(fields) + field + std::string(12000, '\xbe'));
}

std::string MakeData(std::int32_t stream, const std::string& bytes,
                     bool end_stream) {
  return MakeFrame(NGHTTP2_DATA, end_stream ? NGHTTP2_FLAG_END_STREAM : 0,
                   stream, bytes);
}

std::string MakeMessage(std::int32_t stream, const std::string& message,
                        bool end_stream) {
  return MakeData(stream,
                  std::string(1, '\0') + BigEndian(message.size(), 4) + message,
                  end_stream);
}

RawFields RequestFields(const std::string& path) {
  return {{":method", "POST"},      {":scheme", "https"},
          {":path", path},          {":authority", "localhost"},
          {"te", "trailers"},       {"content-type", "application/grpc"},
          {"user-agent", "raw/1.0"}};
}

std::optional<RawFields> ReadHeaderBlock(nghttp2_hd_inflater* inflater,
                                         const std::string& block) {
  RawFields fields;
  const auto* in = reinterpret_cast<const std::uint8_t*>(block.data());
  std::size_t left = block.size();
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    const ssize_t used =
        nghttp2_hd_inflate_hd2(inflater, &field, &flags, in, left, 1);
    if (used < 0) return std::nullopt;
    in += used;
    left -= static_cast<std::size_t>(used);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.emplace_back(
          std::string(reinterpret_cast<char*>(field.name), field.namelen),
          std::string(reinterpret_cast<char*>(field.value), field.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater);
  return fields;
}

RawPeer::RawPeer(int port, const std::string& root_file,
                 const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, options.max_version);
  SSL_CTX_load_verify_locations(context, root_file.c_str(), nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!options.alpn.empty()) {
    const std::string alpn =
        static_cast<char>(options.alpn.size()) + options.alpn;
    SSL_CTX_set_alpn_protos(context,
                            reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
  }
  if (options.identity != nullptr) {
    SSL_CTX_use_certificate_chain_file(
        context, options.identity->files.identity.c_str());
    SSL_CTX_use_PrivateKey_file(
        context, options.identity->files.identity.c_str(), SSL_FILETYPE_PEM);
  }
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  SetTimeout(socket_);
  const sockaddr_in address = Loopback(port);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) == 0)
    Start(context, true);
  SSL_CTX_free(context);
}

RawPeer::RawPeer(int listener, const TestIdentity& identity) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate_chain_file(context, identity.files.identity.c_str());
  SSL_CTX_use_PrivateKey_file(context, identity.files.identity.c_str(),
                              SSL_FILETYPE_PEM);
  SSL_CTX_load_verify_locations(context, identity.files.trust.c_str(), nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  SSL_CTX_set_alpn_select_cb(
      context,
      [](SSL*, const unsigned char** out, unsigned char* size,
         const unsigned char*, unsigned, void*) {
        *out = reinterpret_cast<const unsigned char*>("h2");
        *size = 2;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  socket_ = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket_ >= 0) {
    SetTimeout(socket_);
    Start(context, false);
  }
  SSL_CTX_free(context);
}

void RawPeer::Start(SSL_CTX* context, bool client) {
  client_ = client;
  nghttp2_hd_inflate_new(&inflater_);
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, socket_);
  ok_ = (client ? SSL_connect(ssl_) : SSL_accept(ssl_)) == 1;
  std::string preface;
  if (ok_ && !client) ok_ = ReadBytes(preface, NGHTTP2_CLIENT_MAGIC_LEN);
}

RawPeer::~RawPeer() {
  if (inflater_ != nullptr) nghttp2_hd_inflate_del(inflater_);
  SSL_free(ssl_);
  if (socket_ >= 0) close(socket_);
  ERR_clear_error();
}

void RawPeer::SayHello() {
  Send((client_ ? std::string(NGHTTP2_CLIENT_MAGIC) : std::string()) +
       MakeFrame(NGHTTP2_SETTINGS, 0, 0, ""));
}

void RawPeer::Send(const std::string& bytes) {
  for (std::size_t at = 0; ok_ && at < bytes.size(); at += 16384) {
    const std::size_t size = std::min<std::size_t>(16384, bytes.size() - at);
    if (SSL_write(ssl_, bytes.data() + at, static_cast<int>(size)) <= 0) return;
  }
}

bool RawPeer::ReadBytes(std::string& bytes, std::size_t size) {
  bytes.resize(size);
  for (std::size_t at = 0; at < size;) {
    const int got =
        SSL_read(ssl_, bytes.data() + at, static_cast<int>(size - at));
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<RawFrame> RawPeer::Read() {
  std::string head;
  if (!ok_ || !ReadBytes(head, 9)) return std::nullopt;
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(head[i]);
  };
  RawFrame frame;
  const std::size_t size = static_cast<std::size_t>(byte(0)) << 16 |
                           static_cast<std::size_t>(byte(1)) << 8 | byte(2);
  frame.type = byte(3);
  frame.flags = byte(4);
  frame.stream = static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(byte(5)) & 127) << 24 |
      static_cast<std::uint32_t>(byte(6)) << 16 |
      static_cast<std::uint32_t>(byte(7)) << 8 | byte(8));
  if (!ReadBytes(frame.payload, size)) return std::nullopt;
  if (frame.type != NGHTTP2_HEADERS) return frame;
  std::optional<RawFields> fields = ReadHeaderBlock(inflater_, frame.payload);
  if (!fields.has_value()) return std::nullopt;
  frame.fields = *std::move(fields);
  return frame;
}

std::optional<RawFrame> RawPeer::ReadUntil(
    const std::function<bool(const RawFrame&)>& wanted) {
  for (;;) {
    std::optional<RawFrame> frame = Read();
    if (!frame.has_value() || wanted(*frame)) return frame;
    if (!acknowledges || (frame->flags & NGHTTP2_FLAG_ACK) != 0) continue;
    if (frame->type == NGHTTP2_SETTINGS)
      Send(MakeFrame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));
    if (frame->type == NGHTTP2_PING)
      Send(MakeFrame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, frame->payload));
  }
}

std::optional<RawFrame> RawPeer::ReadType(std::uint8_t type) {
  return ReadUntil([&](const RawFrame& frame) { return frame.type == type; });
}

std::optional<RawFrame> RawPeer::ReadEnd(std::int32_t stream) {
  return ReadUntil([&](const RawFrame& frame) {
    return frame.stream == stream && frame.ends_stream();
  });
}

std::int64_t RawPeer::ReadGoaway() {
  std::int64_t code = -1;
  ReadUntil([&](const RawFrame& frame) {
    if (frame.type == NGHTTP2_GOAWAY) code = frame.ErrorCode();
    return false;
  });
  return code;
}

RawListener::RawListener(int port) {
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  SetTimeout(descriptor_);  // bounds accept, too
  sockaddr_in address = Loopback(port);
  if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address),
           sizeof address) != 0 ||
      listen(descriptor_, 64) != 0)
    std::abort();
  socklen_t size = sizeof address;
  getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() { close(descriptor_); }

}  // namespace psm::edge
