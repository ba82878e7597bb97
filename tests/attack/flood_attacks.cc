// Who sends too much: requests, header blocks and frames that should not be.
#include <string>
#include <utility>

#include "tests/attack/attack.h"

namespace psm::attack {
namespace {

using edge::BigEndian;
using edge::MakeData;
using edge::MakeFrame;
using edge::MakeHeaderBlock;
using edge::MakeHeaders;
using edge::MakeMessage;
using edge::RawFields;

// What is sent in one go.
constexpr std::size_t kBurst = 16 << 10;
// Requests go out in sets, with a rest between them: a client that sends 1,600
// of them a second and lane is no flood of load, only of bad requests.
constexpr int kSet = 16;
constexpr absl::Duration kRest = absl::Milliseconds(10);

// Opens a connection, sends `opening`, then what `next` makes of the stream's
// number, round after round, until the gateway ends it.
void Pour(Lane& lane, const std::string& opening,
          const std::function<std::string(std::int32_t)>& next,
          absl::Duration rest) {
  const std::unique_ptr<Wire> wire = lane.Dial();
  if (wire == nullptr) return;
  if (wire->SayHello() && wire->Send(opening)) {
    for (std::int32_t id = 3; !lane.TimeIsUp() && id < 1 << 30;
         id += 2 * kSet) {
      std::string frames;
      for (std::int32_t k = 0; k < kSet; ++k) frames += next(id + 2 * k);
      if (!wire->Send(frames)) break;
      if (rest > absl::ZeroDuration()) wire->Await([] { return false; }, rest);
    }
  }
  lane.Note(*wire);
}

// The same bytes over and over, as fast as the gateway takes them.
std::function<void(Lane&)> Flood(std::string opening,
                                 const std::string& frame) {
  std::string burst;
  while (burst.size() < kBurst / kSet) burst += frame;
  return [opening = std::move(opening), burst = std::move(burst)](Lane& lane) {
    Pour(
        lane, opening, [&](std::int32_t) { return burst; },
        absl::ZeroDuration());
  };
}

std::string BadRequest(std::int32_t id) {
  static const std::pair<const char*, std::string> kFlaws[] = {
      {"x-note", "line\nfeed"},
      {"X-Note", "upper case"},
      {"x-note", std::string("nul\0", 4)},
      {"psm-exchange-id", "a\r\npsm-consumer: identity/identity"}};
  RawFields fields = RefusedRequest();
  fields.push_back(
      kFlaws[static_cast<std::size_t>(id / 2) % std::size(kFlaws)]);
  return MakeHeaders(id, fields, false) + MakeMessage(id, "m", true);
}

std::string ResetRequest(std::int32_t id) {
  return MakeHeaders(id, RefusedRequest(), false) +
         MakeFrame(NGHTTP2_RST_STREAM, 0, id, BigEndian(NGHTTP2_CANCEL, 4));
}

// A request with so many bytes of header, in as many frames as that takes.
std::string HeavyRequest(std::int32_t id, std::size_t bytes) {
  RawFields fields = RefusedRequest();
  for (std::size_t i = 0; i < bytes / 1000; ++i)
    fields.emplace_back("x-weight", std::string(1000, 'w'));
  const std::string block = MakeHeaderBlock(fields);
  std::string frames;
  for (std::size_t at = 0; at < block.size(); at += kBurst) {
    const bool last = at + kBurst >= block.size();
    frames += MakeFrame(
        at == 0 ? NGHTTP2_HEADERS : NGHTTP2_CONTINUATION,
        static_cast<std::uint8_t>((last ? NGHTTP2_FLAG_END_HEADERS : 0) |
                                  (at == 0 ? NGHTTP2_FLAG_END_STREAM : 0)),
        id, block.substr(at, kBurst));
  }
  return frames;
}

std::function<void(Lane&)> Bomb(char last) {
  return [last](Lane& lane) {
    Pour(
        lane, "",
        [&](std::int32_t id) {
          return edge::MakeHpackBomb(id, RefusedRequest(), last);
        },
        kRest);
  };
}

// A stream that anybody may open, with a message that has begun and says that
// 90,000 bytes follow.
std::string OpenMessage() {
  return MakeHeaders(1, edge::RequestFields(kReflection), false) +
         MakeData(1, std::string(1, '\0') + BigEndian(90000, 4), false);
}

}  // namespace

std::vector<Attack> RequestAttacks() {
  return {
      {.threat = 25,
       .name = "metadata",
       .what = "line feeds, NUL and upper case in metadata",
       .play = [](Lane& lane) { Pour(lane, "", BadRequest, kRest); }},
      {.threat = 28,
       .name = "hpack-bomb",
       .what = "header blocks of 16 KB that unfold to 48 MB",
       .play = Bomb('b')},
      {.threat = 28,
       .name = "hpack-bomb-invalid",
       .what = "the same, of fields that HTTP/2 does not allow",
       .play = Bomb('\n')},
      {.threat = 28,
       .name = "trailers-bomb",
       .what = "the same in trailers, which gRPC's requests do not have",
       .play =
           [](Lane& lane) {
             Pour(
                 lane, "",
                 [](std::int32_t id) {
                   return MakeHeaders(id, RefusedRequest(), false) +
                          edge::MakeHpackBomb(id, {}, 'b');
                 },
                 kRest);
           }},
      {.threat = 29,
       .name = "rapid-reset",
       .what = "requests that are reset at once",
       .play =
           [](Lane& lane) {
             Pour(lane, "", ResetRequest, absl::ZeroDuration());
           }},
      {.threat = 30,
       .name = "large-headers",
       .what = "header lists of 20 KB",
       .play =
           [](Lane& lane) {
             Pour(
                 lane, "",
                 [](std::int32_t id) { return HeavyRequest(id, 20'000); },
                 kRest);
           }},
      {.threat = 30,
       .name = "huge-headers",
       .what = "header lists of 100 KB",
       .play =
           [](Lane& lane) {
             Pour(
                 lane, "",
                 [](std::int32_t id) { return HeavyRequest(id, 100'000); },
                 kRest);
           }},
  };
}

std::vector<Attack> FrameAttacks() {
  const std::string begun =
      MakeFrame(NGHTTP2_HEADERS, 0, 1, MakeHeaderBlock(RefusedRequest()));
  return {
      {.threat = 31,
       .name = "continuation",
       .what = "CONTINUATION without end",
       .play = Flood(begun, MakeFrame(NGHTTP2_CONTINUATION, 0, 1,
                                      MakeHeaderBlock({{"x", "y"}})))},
      {.threat = 31,
       .name = "ping",
       .what = "PING without end",
       .play = Flood("", MakeFrame(NGHTTP2_PING, 0, 0, "12345678"))},
      {.threat = 31,
       .name = "settings",
       .what = "SETTINGS without end",
       .play = Flood("", MakeFrame(NGHTTP2_SETTINGS, 0, 0, ""))},
      {.threat = 31,
       .name = "empty-data",
       .what = "DATA without a byte",
       .play = Flood(OpenMessage(), MakeData(1, "", false))},
      {.threat = 31,
       .name = "tiny-data",
       .what = "DATA of one byte each",
       .play = Flood(OpenMessage(), MakeData(1, "x", false))},
  };
}

}  // namespace psm::attack
