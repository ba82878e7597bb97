// Who takes up room and does nothing, or next to nothing: connections without
// end, handshakes and messages that are never finished, answers never read.
#include <algorithm>
#include <map>
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

// Of one lane at a time. A peer may have 128, whoever shows no certificate as
// many as there are.
constexpr std::size_t kConnections = 60;
constexpr std::size_t kStrangers = 600;
// In which so many are made: 100 a second and lane with TLS, whose handshakes
// cost the gateway the same as everybody's; strangers cost it little.
constexpr absl::Duration kTurn = absl::Milliseconds(20);
constexpr int kDialled = 2;
constexpr int kStrangersDialled = 32;

using Dialled = std::unique_ptr<Wire>;

// Keeps up to `most` connections, made by `open` where one is missing,
// `dialled` at a time; `turn` is done with each that is open, every 20 ms. At
// the end all are let go.
void Hold(Lane& lane, std::size_t most, int dialled,
          const std::function<Dialled()>& open,
          const std::function<void(Wire&)>& turn) {
  std::vector<Dialled> held;
  while (!lane.TimeIsUp()) {
    for (int i = 0; i < dialled && held.size() < most; ++i) {
      Dialled wire = open();
      if (wire == nullptr) break;
      held.push_back(std::move(wire));
    }
    for (Dialled& wire : held) {
      if (wire->Poll()) {
        turn(*wire);
      } else {
        lane.Note(*wire);
        wire.reset();
      }
    }
    held.erase(std::remove(held.begin(), held.end(), nullptr), held.end());
    lane.Rest(kTurn);
  }
  for (const Dialled& wire : held) lane.Note(*wire);
}

void Nothing(Wire&) {}

void PlayCrowd(Lane& lane) {
  Hold(
      lane, kStrangers, kStrangersDialled, [&] { return lane.DialBare(); },
      Nothing);
}

// The head of a ClientHello of 512 bytes, then a byte of it at every turn.
void PlayHalfHandshake(Lane& lane) {
  Hold(
      lane, kConnections, kStrangersDialled,
      [&] {
        Dialled wire = lane.DialBare();
        if (wire != nullptr)
          wire->Queue(absl::string_view("\x16\x03\x01\x02\x00\x01", 6));
        return wire;
      },
      [](Wire& wire) { wire.Queue(absl::string_view("\0", 1)); });
}

// A connection with the client's preface, SETTINGS and `frames`.
std::function<Dialled()> Opened(Lane& lane, const Manners& manners,
                                std::string settings, std::string frames) {
  return [&lane, manners, settings = std::move(settings),
          frames = std::move(frames)] {
    Dialled wire = lane.Dial(manners);
    if (wire != nullptr && wire->SayHello(settings)) wire->Queue(frames);
    return wire;
  };
}

// 300 requests, and not an ACK: more than the limit that it leaves open.
void PlayNoAck(Lane& lane) {
  std::string frames;
  for (std::int32_t id = 1; id < 2 * 300; id += 2)
    frames += MakeHeaders(id, edge::RequestFields(kReflection), false);
  Hold(lane, kConnections / 4, kDialled,
       Opened(lane, {.acknowledges = false}, "", frames), Nothing);
}

void PlaySilence(Lane& lane) {
  Hold(lane, kConnections, kDialled, Opened(lane, {}, "", ""), Nothing);
}

// Each connection leaves what one may have under way at once half sent: 15
// messages of 4 MiB, of which each stream's first window has come.
void PlayHalfMessage(Lane& lane) {
  constexpr std::size_t kWindow = 65535;
  std::string frames;
  for (std::int32_t id = 1; id <= 2 * 15; id += 2) {
    frames += MakeHeaders(id, RefusedRequest(), false);
    std::string some = std::string(1, '\0') + BigEndian(4 << 20, 4);
    some.resize(kWindow, 'm');
    for (std::size_t at = 0; at < some.size(); at += 16 << 10)
      frames += MakeData(id, some.substr(at, 16 << 10), false);
  }
  Hold(lane, kConnections, kDialled, Opened(lane, {}, "", frames), Nothing);
}

// Streams on each of which a long answer is asked for.
std::string Questions() {
  // ServerReflectionRequest.file_containing_symbol
  const std::string symbol = "psm.identity.v1.HistoryService";
  const std::string question =
      "\x22" + std::string(1, static_cast<char>(symbol.size())) + symbol;
  std::string frames;
  for (std::int32_t id = 1; id < 2 * 250; id += 2) {
    frames += MakeHeaders(id, edge::RequestFields(kReflection), false);
    for (int i = 0; i < 4; ++i) frames += MakeMessage(id, question, false);
  }
  return frames;
}

void PlayZeroWindow(Lane& lane) {
  const std::string none =
      BigEndian(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + BigEndian(0, 4);
  Hold(lane, kConnections / 4, kDialled,
       Opened(lane, {.credits = false}, none, Questions()), Nothing);
}

// Answers of 60 KB from a provider that is in it too, one more on each of 15
// connections at every turn, until 250 wait on each.
void PlayUntaken(Lane& lane) {
  const std::string none =
      BigEndian(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + BigEndian(0, 4);
  std::map<const Wire*, std::int32_t> next;
  Hold(lane, kConnections / 4, kDialled,
       Opened(lane, {.credits = false}, none, ""), [&](Wire& wire) {
         const auto [asked, first] = next.emplace(&wire, 1);
         if (asked->second > 2 * 250) return;
         wire.Queue(RequestToProvider(asked->second));
         asked->second += 2;
       });
}

std::string LongAnswer(std::int32_t stream) {
  // GetBusinessResponse.name
  constexpr std::size_t kName = 60'000;
  const std::string name =
      "\x12" + std::string("\xe0\xd4\x03") + std::string(kName, 'n');
  const std::string message =
      std::string(1, '\0') + BigEndian(name.size(), 4) + name;
  std::string frames = MakeHeaders(
      stream, {{":status", "200"}, {"content-type", "application/grpc"}},
      false);
  for (std::size_t at = 0; at < message.size(); at += 16 << 10)
    frames += MakeData(stream, message.substr(at, 16 << 10), false);
  return frames + MakeHeaders(stream, {{"grpc-status", "0"}}, true);
}

void PlayDeaf(Lane& lane) {
  const std::string all = BigEndian(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) +
                          BigEndian(0x7fffffff, 4);
  const std::string credit =
      MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, BigEndian(1 << 30, 4));
  Hold(lane, kConnections / 4, kDialled,
       Opened(lane, {.deaf = true}, all, credit + Questions()), Nothing);
}

}  // namespace

std::vector<Attack> SlowAttacks() {
  return {
      {.threat = 26,
       .name = "crowd",
       .what = "1,200 connections that say nothing",
       .play = PlayCrowd,
       // As many as the server takes (1,024, limits.h), each with its TLS.
       .growth_mib = 64},
      {.threat = 26,
       .name = "no-descriptors",
       .what = "the same, when the gateway has 24 descriptors left",
       .play = PlayCrowd,
       .starved = true},
      {.threat = 27,
       .name = "no-settings-ack",
       .what = "300 streams and no ACK of SETTINGS, on 30 connections",
       .play = PlayNoAck},
      {.threat = 32,
       .name = "half-handshake",
       .what = "120 ClientHellos, a byte at a time",
       .play = PlayHalfHandshake},
      {.threat = 32,
       .name = "silence",
       .what = "120 connections that say nothing after SETTINGS",
       .play = PlaySilence},
      {.threat = 32,
       .name = "half-message",
       .what = "1,800 messages of 4 MiB, 64 KiB of each, on 120 connections",
       .play = PlayHalfMessage,
       // A peer may have 64 MiB of them on each worker (limits.h); what holds
       // them grows by doubling.
       .growth_mib = 256},
      {.threat = 32,
       .name = "zero-window",
       .what = "30,000 long answers asked for with a window of zero",
       .play = PlayZeroWindow},
      {.threat = 32,
       .name = "deaf",
       .what = "the same, with large windows and a socket that is not read",
       .play = PlayDeaf},
      {.threat = 32,
       .name = "untaken-answers",
       .what = "3,750 answers of 60 KB asked for with a window of zero",
       .lanes = 1,
       .play = PlayUntaken,
       .answer = LongAnswer,
       // As with half-message.
       .growth_mib = 256},
  };
}

}  // namespace psm::attack
