// A provider gone bad: what it answers, and who asks it.
#include <zlib.h>

#include <string>
#include <utility>

#include "tests/attack/attack.h"

namespace psm::attack {
namespace {

using edge::BigEndian;
using edge::MakeData;
using edge::MakeFrame;
using edge::MakeHeaders;
using edge::MakeMessage;
using edge::RawFields;

constexpr std::size_t kFrame = 16 << 10;  // SETTINGS_MAX_FRAME_SIZE, by default
constexpr std::size_t kFirstWindow = 65535;

RawFields Head() {
  return {{":status", "200"}, {"content-type", "application/grpc"}};
}
std::string Trailers(std::int32_t stream) {
  return MakeHeaders(stream, {{"grpc-status", "0"}}, true);
}
std::string Frames(std::int32_t stream, const std::string& bytes) {
  std::string frames;
  for (std::size_t at = 0; at < bytes.size(); at += kFrame)
    frames += MakeData(stream, bytes.substr(at, kFrame), false);
  return frames;
}

// 32 MiB of zeros, in some 32 KB.
std::string MakeBomb() {
  z_stream zip = {};
  std::string bomb(kFirstWindow, '\0');
  // RFC 1952's format: window bits and 16.
  if (deflateInit2(&zip, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16,
                   MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
    return "";
  std::string zeros(1 << 20, '\0');
  zip.next_out = reinterpret_cast<Bytef*>(bomb.data());
  zip.avail_out = static_cast<uInt>(bomb.size());
  for (int i = 0; i < 32; ++i) {
    zip.next_in = reinterpret_cast<Bytef*>(zeros.data());
    zip.avail_in = static_cast<uInt>(zeros.size());
    deflate(&zip, i == 31 ? Z_FINISH : Z_NO_FLUSH);
  }
  bomb.resize(bomb.size() - zip.avail_out);
  deflateEnd(&zip);
  return bomb;
}

std::string Bomb(std::int32_t stream) {
  static const std::string bomb = MakeBomb();
  RawFields head = Head();
  head.emplace_back("grpc-encoding", "gzip");
  return MakeHeaders(stream, head, false) +
         Frames(stream, "\1" + BigEndian(bomb.size(), 4) + bomb) +
         Trailers(stream);
}

// As much of a message of 5 MiB as the stream's first window takes.
std::string TooLong(std::int32_t stream) {
  std::string message = std::string(1, '\0') + BigEndian(5 << 20, 4);
  message.resize(kFirstWindow, 'm');
  return MakeHeaders(stream, Head(), false) + Frames(stream, message);
}

std::string BadFrame(std::int32_t stream) {
  // DATA belongs to a stream (RFC 9113, 6.1).
  return MakeHeaders(stream, Head(), false) + MakeData(0, "x", false);
}

std::string NoTrailers(std::int32_t stream) {
  return MakeHeaders(stream, Head(), false) + MakeMessage(stream, "", true);
}

std::string HalfThenReset(std::int32_t stream) {
  return MakeHeaders(stream, Head(), false) +
         MakeData(stream, std::string("\0\0\0\0\5ab", 7), false) +
         MakeFrame(NGHTTP2_RST_STREAM, 0, stream,
                   BigEndian(NGHTTP2_INTERNAL_ERROR, 4));
}

std::string Goaway(std::int32_t) {
  return MakeFrame(NGHTTP2_GOAWAY, 0, 0,
                   BigEndian(0, 4) + BigEndian(NGHTTP2_ENHANCE_YOUR_CALM, 4));
}

std::string BadMetadata(std::int32_t stream) {
  RawFields head = Head();
  head.emplace_back("x-note", "line\nfeed");
  head.emplace_back("X-Note", "upper case");
  return MakeHeaders(stream, head, false) + MakeMessage(stream, "", false) +
         Trailers(stream);
}

std::string HpackBomb(std::int32_t stream) {
  return edge::MakeHpackBomb(stream, Head(), '\n');
}

// Asks the bad provider, four times every 10 ms.
void Ask(Lane& lane) {
  const std::unique_ptr<Wire> wire = lane.Dial();
  if (wire == nullptr || !wire->SayHello()) return;
  for (std::int32_t id = 1; !lane.TimeIsUp(); id += 8) {
    std::string frames;
    for (std::int32_t k = 0; k < 8; k += 2) frames += RequestToProvider(id + k);
    if (!wire->Send(frames)) break;
    wire->Await([] { return false; }, absl::Milliseconds(10));
  }
  lane.Note(*wire);
}

Attack Provider(int threat, const char* name, const char* what,
                std::string (*answer)(std::int32_t)) {
  return {.threat = threat,
          .name = name,
          .what = what,
          .lanes = 1,
          .play = Ask,
          .answer = answer};
}

}  // namespace

std::vector<Attack> ProviderAttacks() {
  return {
      Provider(25, "provider-metadata",
               "a provider's line feeds and upper case in metadata",
               BadMetadata),
      Provider(28, "provider-hpack-bomb",
               "a provider's header blocks of 16 KB that unfold to 48 MB",
               HpackBomb),
      Provider(33, "provider-bomb",
               "a provider's answers of 32 KB that unpack to 32 MiB", Bomb),
      Provider(33, "provider-too-long",
               "a provider's answers that say they have 5 MiB", TooLong),
      Provider(33, "provider-bad-frame",
               "a provider's DATA that belongs to no stream", BadFrame),
      Provider(33, "provider-no-trailers",
               "a provider's answers without a status", NoTrailers),
      Provider(33, "provider-reset", "a provider's RST_STREAM amid its answers",
               HalfThenReset),
      Provider(33, "provider-goaway", "a provider's GOAWAY for each request",
               Goaway),
  };
}

}  // namespace psm::attack
